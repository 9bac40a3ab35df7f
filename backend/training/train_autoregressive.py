"""The guide's training command: climbpath train with the guide recipe."""

import sys

from climbpath.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["train", "--recipe", "guide"]
    main()
