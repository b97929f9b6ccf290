"""Answers drawn and written: pure functions from a lineage to text."""

from lineage_registry.exports.formats import FORMATS, Format, export, format_of
from lineage_registry.exports.tree import TreeLine, line_text, prefix, tree

__all__ = ["FORMATS", "Format", "TreeLine", "export", "format_of", "line_text", "prefix", "tree"]
