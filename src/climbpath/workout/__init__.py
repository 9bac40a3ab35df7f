"""An evening on the board: its plan, and a sheet to print."""
