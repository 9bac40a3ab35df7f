"""The guide's generation command: climbpath generate."""

import sys

from climbpath.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["generate"]
    main()
