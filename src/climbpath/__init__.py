"""climbpath: a climbing-board problem generator that trains on an ordinary CPU."""

__version__ = "0.1.0"
