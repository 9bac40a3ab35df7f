"""The routes of the API: each parses, asks one room and answers."""
