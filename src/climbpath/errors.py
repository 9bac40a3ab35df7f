"""The one exception that a user is meant to read."""


class ClimbpathError(Exception):
    """Something the user can put right: the message says what is wrong, where, and the way out.

    The command line prints the message alone and exits with code 2.
    """
