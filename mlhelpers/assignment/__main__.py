"""``python -m mlhelpers.assignment 00.1 05.2 --format nbgrader --points 2,5``."""

import sys

from mlhelpers.assignment import command

if __name__ == "__main__":
    sys.exit(command(sys.argv[1:]))
