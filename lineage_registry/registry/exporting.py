"""Answers written to files."""

from pathlib import Path

from pydantic import BaseModel

from lineage_registry import exports
from lineage_registry.registry.asking import Asker


class Exporting(Asker):
    """Whoever answers can also write the answers down."""

    def export(self, answer: BaseModel, path: str | Path, format: str | None = None) -> Path:  # noqa: A002
        """Write an answer to a file; the suffix says how, unless `format` does.

        A lineage is written as a picture, a page or data for graph tools; what reads as a table
        as `csv` or `markdown`; everything as `json`.

        Raises:
            InvalidQueryError: The answer cannot be written so; the hint says how it can.
            InputTooLargeError: The format's readers would not take an answer of this size.
            NotInstalledError: The format needs a library that is not there.
        """
        return write_answer(answer, path, format)


def write_answer(answer: BaseModel, path: str | Path, format: str | None) -> Path:  # noqa: A002
    """Write an answer to a file and return its path."""
    target = Path(path)
    known = format or exports.format_of(target, type(answer))
    target.write_bytes(exports.export(answer, known))
    return target
