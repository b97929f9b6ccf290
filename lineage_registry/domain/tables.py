"""Answers as tables: what CSV, Markdown and the terminal show alike."""

from collections.abc import Sequence
from typing import NamedTuple

from lineage_registry.domain.graph import Scalar


class Table(NamedTuple):
    """Rows under named columns.

    Attributes:
        columns: Names in lower case with underscores; each once.
        rows: One cell for each column; None where there is nothing to say.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Scalar | None, ...]]
