"""An evening on the board: its plan, and the sheet to print."""
