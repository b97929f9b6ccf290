"""Tables as CSV (RFC 4180) that a spreadsheet can open without running what a stranger wrote."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from lineage_registry.domain.graph import Scalar
from lineage_registry.domain.tables import Table

Row = tuple[Scalar | None, ...]

# https://owasp.org/www-community/attacks/CSV_Injection: a cell that begins so may be a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(table: Table) -> str:
    """Return the table as CSV with a line of column names.

    A text that a spreadsheet would take for a formula gets an apostrophe in front. Numbers stay
    as they are, nothing is an empty cell.
    """
    return "".join(csv_chunks(table.columns, [table.rows]))


def csv_chunks(columns: Row, rows: Iterable[Iterable[Row]]) -> Iterator[str]:
    """Yield the parts of such a text: the names of the columns, then a part for each of rows."""
    for part in chain([[columns]], rows):
        target = io.StringIO()
        csv.writer(target).writerows([_cell(value) for value in row] for row in part)
        yield target.getvalue()


def _cell(value: Scalar | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
