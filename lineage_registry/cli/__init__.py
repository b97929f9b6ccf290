"""The command line `lineage-registry`, short `lreg`: one file for each subject."""

from lineage_registry.cli.program import main

__all__ = ["main"]
