"""The formats that answers can be written in: graphs as graphs, tables as tables, all as JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from lineage_registry.domain.lineage import Lineage
from lineage_registry.errors import InvalidQueryError
from lineage_registry.exports.csv_table import csv_text
from lineage_registry.exports.dot import to_dot
from lineage_registry.exports.drawable import drawable
from lineage_registry.exports.gexf import to_gexf
from lineage_registry.exports.graph_tables import csv_edge_chunks, csv_node_chunks, to_markdown
from lineage_registry.exports.graphml import to_graphml
from lineage_registry.exports.html import to_html
from lineage_registry.exports.json_document import json_chunks
from lineage_registry.exports.markdown import markdown_table
from lineage_registry.exports.mermaid import to_mermaid
from lineage_registry.exports.node_link import node_link_chunks, to_cytoscape
from lineage_registry.exports.prov_json import to_prov_json
from lineage_registry.exports.raster import to_pdf, to_png
from lineage_registry.exports.svg import to_svg
from lineage_registry.exports.tree import to_tree
from lineage_registry.ports.commands.base import GraphAnswer, TableAnswer


class Format(NamedTuple):
    """A way to write an answer down.

    Attributes:
        suffixes: Ends of the file names that mean it; the first is the usual one.
        media_type: What HTTP calls it.
        write: The answer as text, or as bytes.
        chunks: The parts of that text, where it can be written without holding the answer.
    """

    name: str
    suffixes: tuple[str, ...]
    media_type: str
    write: Callable[[Any], str | bytes]
    chunks: Callable[[Any], Iterator[str]] | None = None


def _by_name(formats: Iterable[Format]) -> Mapping[str, Format]:
    return {each.name: each for each in formats}


def _answer_json(answer: BaseModel) -> str:
    return answer.model_dump_json(indent=2) + "\n"


def _answer_csv(answer: TableAnswer) -> str:
    return csv_text(answer.table())


def _answer_markdown(answer: TableAnswer) -> str:
    return markdown_table(answer.table())


def _in_chunks(
    name: str, suffixes: tuple[str, ...], media_type: str, chunks: Callable[[Any], Iterator[str]]
) -> Format:
    return Format(name, suffixes, media_type, lambda answer: _whole(chunks(answer)), chunks)


def _whole(chunks: Iterator[str]) -> bytes:
    """Return the parts as one; it grows in place, as new memory costs more than what is in it."""
    whole = BytesIO()
    whole.writelines(map(_encoded, chunks))
    return whole.getvalue()


def _drawn(known: Format) -> Format:
    chunks = known.chunks
    return known._replace(
        write=lambda lineage: known.write(drawable(lineage)),
        chunks=chunks and (lambda lineage: chunks(drawable(lineage))),
    )


_DRAWN: Final = (
    _in_chunks("node-link", (".node-link.json",), "application/json", node_link_chunks),
    Format("cytoscape", (".cyjs",), "application/json", to_cytoscape),
    Format("prov-json", (".provjson", ".prov.json"), "application/json", to_prov_json),
    Format("graphml", (".graphml",), "application/graphml+xml", to_graphml),
    Format("gexf", (".gexf",), "application/gexf+xml", to_gexf),
    _in_chunks("csv-edges", (".edges.csv", ".csv"), "text/csv", csv_edge_chunks),
    _in_chunks("csv-nodes", (".nodes.csv",), "text/csv", csv_node_chunks),
    Format("dot", (".dot", ".gv"), "text/vnd.graphviz", to_dot),
    Format("mermaid", (".mmd", ".mermaid"), "text/vnd.mermaid", to_mermaid),
    Format("svg", (".svg",), "image/svg+xml", to_svg),
    Format("png", (".png",), "image/png", to_png),
    Format("pdf", (".pdf",), "application/pdf", to_pdf),
    Format("html", (".html", ".htm"), "text/html", to_html),
    Format("markdown", (".md", ".markdown"), "text/markdown", to_markdown),
    Format("tree", (".txt",), "text/plain", to_tree),
)
FORMATS: Final = _by_name(
    (_in_chunks("json", (".json",), "application/json", json_chunks), *map(_drawn, _DRAWN))
)
"""Every format of a lineage by its name; text is UTF-8."""
TABLE_FORMATS: Final = _by_name(
    (
        Format("csv", (".csv",), "text/csv", _answer_csv),
        Format("markdown", (".md", ".markdown"), "text/markdown", _answer_markdown),
    )
)
"""The formats of an answer that reads as a table."""
_PLAIN: Final = _by_name((Format("json", (".json",), "application/json", _answer_json),))


@cache
def formats_of(kind: type[BaseModel]) -> Mapping[str, Format]:
    """Return the formats that answers of a kind can be written in, by name.

    A lineage has all of FORMATS, and so has an answer that holds one; a table has TABLE_FORMATS.
    Whatever the answer is, `json` leaves nothing of it out.
    """
    if issubclass(kind, Lineage):
        return {**FORMATS, **_table_formats(kind)}
    held = {name: _of_the_graph(each) for name, each in FORMATS.items()}
    return {**(held if issubclass(kind, GraphAnswer) else {}), **_PLAIN, **_table_formats(kind)}


def _table_formats(kind: type[BaseModel]) -> Mapping[str, Format]:
    return TABLE_FORMATS if issubclass(kind, TableAnswer) else {}


def _of_the_graph(known: Format) -> Format:
    return known._replace(write=lambda answer: known.write(answer.graph()), chunks=None)


def find_format(name: str, kind: type[BaseModel] = Lineage) -> Format:
    """Return the format of a name, or the one that it means as a suffix: `csv`, `md`, `txt`.

    Raises:
        InvalidQueryError: Answers of this kind cannot be written in a format of this name.
    """
    formats = formats_of(kind)
    found = formats.get(name) or formats.get(_suffixes(kind).get(f".{name}", ""))
    if found is None:
        raise InvalidQueryError(
            f"no such export format: {name[:60]!a}",
            hint=f"choose one of {', '.join(formats)}",
            formats=list(formats),
        )
    return found


def export(answer: BaseModel, format: str) -> bytes:  # noqa: A002 - the word users know
    """Return an answer in one of its formats; the same answer gives the same bytes.

    Raises:
        InvalidQueryError: The answer cannot be written in a format of this name.
        InputTooLargeError: The format's readers would not take an answer of this size.
    """
    written = find_format(format, type(answer)).write(answer)
    return written if isinstance(written, bytes) else _encoded(written)


def export_chunks(answer: Lineage, format: str) -> Iterator[bytes] | None:  # noqa: A002
    """Yield the parts of the same bytes; None if this format needs the whole answer at once."""
    chunks = formats_of(type(answer))[format].chunks
    return None if chunks is None else map(_encoded, chunks(answer))


def _encoded(text: str) -> bytes:
    # JSON may carry half a surrogate pair; written as an escape it is still the same JSON.
    return text.encode(errors="backslashreplace")


def format_of(path: str | PurePath, kind: type[BaseModel] = Lineage) -> str:
    """Return the name of the format that a file name means by its end, for a kind of answer.

    Raises:
        InvalidQueryError: No format has this suffix.
    """
    name = PurePath(path).name.lower()
    ends = _suffixes(kind)
    for suffix in sorted(ends, key=len, reverse=True):
        if name.endswith(suffix) and name != suffix:
            return ends[suffix]
    raise InvalidQueryError(
        f"no export format has the suffix {PurePath(path).suffix!r}",
        hint=f"end the file name with one of {' '.join(ends)}",
        suffixes=list(ends),
    )


def _suffixes(kind: type[BaseModel]) -> Mapping[str, str]:
    return {suffix: each.name for each in formats_of(kind).values() for suffix in each.suffixes}
