"""The one exception whose message is written for users."""


class ClimbpathError(Exception):
    """Something the user can fix: the message says what is wrong, where, and how to fix it.

    The command line prints the message alone and exits with code 2.
    """
