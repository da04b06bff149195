"""`python3 benches`: see `python3 benches --help`."""

import sys

import cli

if __name__ == "__main__":
    sys.exit(cli.main())
