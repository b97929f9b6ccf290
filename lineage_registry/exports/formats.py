"""The formats that an answer can be written in."""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Final, NamedTuple

from lineage_registry.domain.lineage import Lineage
from lineage_registry.errors import InvalidQueryError
from lineage_registry.exports.dot import to_dot
from lineage_registry.exports.graphml import to_graphml
from lineage_registry.exports.html import to_html
from lineage_registry.exports.json_document import to_json
from lineage_registry.exports.mermaid import to_mermaid
from lineage_registry.exports.svg import to_svg
from lineage_registry.exports.tree import to_tree


class Format(NamedTuple):
    """A way to write an answer down.

    Attributes:
        suffixes: Ends of the file names that mean it; the first is the usual one.
        media_type: What HTTP calls it.
        write: The answer as text.
    """

    name: str
    suffixes: tuple[str, ...]
    media_type: str
    write: Callable[[Lineage], str]


FORMATS: Final[Mapping[str, Format]] = {
    each.name: each
    for each in (
        Format("json", (".json",), "application/json", to_json),
        Format("dot", (".dot", ".gv"), "text/vnd.graphviz", to_dot),
        Format("mermaid", (".mmd", ".mermaid"), "text/vnd.mermaid", to_mermaid),
        Format("svg", (".svg",), "image/svg+xml", to_svg),
        Format("graphml", (".graphml",), "application/graphml+xml", to_graphml),
        Format("html", (".html", ".htm"), "text/html", to_html),
        Format("tree", (".txt",), "text/plain", to_tree),
    )
}
"""Every format by its name; all are text in UTF-8."""


def export(lineage: Lineage, format: str) -> bytes:  # noqa: A002 - the word users know
    """Return the answer in a format of FORMATS; the same answer gives the same bytes.

    Raises:
        InvalidQueryError: There is no such format.
        InputTooLargeError: The format's readers would not take an answer of this size.
    """
    known = FORMATS.get(format)
    if known is None:
        raise InvalidQueryError(
            f"no such export format: {format!r}",
            hint=f"choose one of {', '.join(FORMATS)}",
            formats=list(FORMATS),
        )
    # JSON may carry half a surrogate pair; written as an escape it is still the same JSON.
    return known.write(lineage).encode("utf-8", errors="backslashreplace")


def format_of(path: str | PurePath) -> str:
    """Return the name of the format that a file name means by its end.

    Raises:
        InvalidQueryError: No format has this suffix.
    """
    suffix = PurePath(path).suffix.lower()
    for known in FORMATS.values():
        if suffix in known.suffixes:
            return known.name
    suffixes = [suffix for known in FORMATS.values() for suffix in known.suffixes]
    raise InvalidQueryError(
        f"no export format has the suffix {suffix!r}",
        hint=f"end the file name with one of {' '.join(suffixes)}",
        suffixes=suffixes,
    )
