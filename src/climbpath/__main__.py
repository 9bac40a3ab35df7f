"""python -m climbpath."""

from climbpath.cli import main

if __name__ == "__main__":
    main()
