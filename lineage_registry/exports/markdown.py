"""Tables as Markdown (GitHub Flavored Markdown, section 4.10)."""

import re
from collections.abc import Sequence
from typing import Final

from lineage_registry.domain.graph import Scalar
from lineage_registry.domain.tables import Table
from lineage_registry.exports.words import shown

# What Markdown gives a meaning inside a line; an underscore within a word has none.
_MARKS: Final = re.compile(r"[\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def markdown_table(table: Table) -> str:
    """Return the table as Markdown; columns of numbers are set to the right."""
    lines = [_row([_escaped(name) for name in table.columns])]
    lines.append(_row([_rule(table, column) for column in range(len(table.columns))]))
    lines += [_row([_cell(value) for value in row]) for row in table.rows]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(table: Table, column: int) -> str:
    said = [row[column] for row in table.rows if row[column] is not None]
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in said)
    return "---:" if said and numeric else "---"


def _cell(value: Scalar | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", shown(text))


def heading(level: int, text: str) -> str:
    """Return a heading."""
    return f"{'#' * level} {_escaped(text)}\n"
