"""`python -m lineage_registry` is the command line."""

import sys

from lineage_registry.cli import main

if __name__ == "__main__":
    sys.exit(main())
