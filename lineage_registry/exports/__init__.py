"""Answers drawn and written: pure functions from an answer to text or bytes."""

from lineage_registry.exports.formats import (
    FORMATS,
    TABLE_FORMATS,
    Format,
    export,
    export_chunks,
    find_format,
    format_of,
    formats_of,
)
from lineage_registry.exports.lineage_text import answer_chunks
from lineage_registry.exports.tree import TreeLine, line_text, prefix, tree

__all__ = [
    "FORMATS",
    "TABLE_FORMATS",
    "Format",
    "TreeLine",
    "answer_chunks",
    "export",
    "export_chunks",
    "find_format",
    "format_of",
    "formats_of",
    "line_text",
    "prefix",
    "tree",
]
