"""What the package logs, on stderr: warnings, and more with `-v`."""

import logging
import sys

from lineage_registry.cli.options import options

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Lower(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return `warning: what was said`."""
        return f"{record.levelname.lower()}: {record.getMessage()}"


def listen() -> None:
    """Show what the package logs, as much of it as was asked for."""
    said = options()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lower())
    logger = logging.getLogger("lineage_registry")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.ERROR if said.quiet else _LEVELS[min(said.verbose, 2)])
