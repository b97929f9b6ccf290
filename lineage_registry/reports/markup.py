"""HTML that is escaped by construction: text is escaped when it enters, once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from lineage_registry.exports.words import shown, xml_text

MAX_ROWS: Final = 500
"""Rows of a table; more make a page that nobody scrolls and no printer takes."""


class Html(str):
    """Markup; every other text is escaped before it becomes part of one."""

    __slots__ = ()


NONE: Final = Html('<span class="none">\N{EM DASH}</span>')
"""What stands where there is nothing."""

Content = str | int | float | None
Row = Sequence[Content]


def text(value: Content) -> Html:
    """Return a value as markup: text escaped, line by line; nothing as a dash."""
    if isinstance(value, Html):
        return value
    if value is None or value == "":
        return NONE
    if isinstance(value, str):
        return Html("\n".join(xml_text(shown(line)) for line in value.splitlines()))
    return Html(json.dumps(value))


def element(tag: str, content: Content, style: str = "") -> Html:
    """Return one element around some content."""
    mark = f' class="{style}"' if style else ""
    return Html(f"<{tag}{mark}>{text(content)}</{tag}>")


def joined(parts: Iterable[Content]) -> Html:
    """Return some contents, one after the other."""
    return Html("".join(text(part) for part in parts))


def listed(values: Iterable[Content]) -> Html:
    """Return values as a list, the first `MAX_ROWS` of them; a dash for none."""
    given = list(values)
    if not given:
        return text(None)
    items = [element("li", value) for value in given[:MAX_ROWS]]
    if len(given) > MAX_ROWS:
        items.append(element("li", f"showing {MAX_ROWS} of {len(given)}", "cut"))
    return Html(f"<ul>{''.join(items)}</ul>")


def code(value: str | None) -> Html:
    """Return a digest or reference, set so that it can be read and copied."""
    return text(None) if value is None else element("code", value)


def table(heads: Sequence[str], rows: Sequence[Row], *, total: int | None = None) -> Html:
    """Return a table that says so if it shows only a part.

    Args:
        heads: Names of the columns.
        rows: All rows there are; the first `MAX_ROWS` are shown.
        total: How many there are altogether, if more than `rows`.
    """
    given = rows[:MAX_ROWS]
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in heads)
    body = "\n".join(
        f"<tr>{''.join(f'<td>{text(cell)}</td>' for cell in row)}</tr>" for row in given
    )
    drawn = (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )
    return Html(drawn + cut_note(len(given), len(rows) if total is None else total))


def cut_note(there: int, total: int) -> Html:
    """Return the words that say how much of a list is shown; nothing if it is all of it."""
    if there >= total:
        return Html("")
    return element("p", f"Showing {there} of {total}; the JSON report has the rest.", "cut")


def facts(pairs: Iterable[tuple[str, Content]]) -> Html:
    """Return names with their values."""
    rows = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in pairs
    )
    return Html(f"<dl>{rows}</dl>")


def known(pairs: Iterable[tuple[str, Content]]) -> list[tuple[str, Content]]:
    """Return those pairs that have a value; for what is no gap if it is not there."""
    return [(name, value) for name, value in pairs if value not in {None, "", NONE}]


def wanted(value: Content, style: str = "code") -> Html:
    """Return a value that a reader looks for; a mark where it is not there."""
    if value is None or value == "":
        return element("span", "not recorded", "badge warn")
    return element(style, value)


def mapping(values: Mapping[str, Content]) -> Html:
    """Return keys with their values as short lines; a dash for none."""
    given = sorted(values.items())
    lines = [joined([element("b", key), Html(" "), value]) for key, value in given]
    return listed(lines)


def moment(at: datetime | None) -> Html:
    """Return a time in UTC, to the second."""
    if at is None:
        return text(None)
    return element("time", f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")


def amount(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 file`, `2 files`."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
