"""Helpers of the tests: problems, files, models, servers and commands."""
