"""The routes of the API: each parses its request, calls the module that does the work, and answers."""
