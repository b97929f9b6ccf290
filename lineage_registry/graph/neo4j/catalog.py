"""The statements in `cypher/`: found, checked against their headers, and handed out by name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from lineage_registry.errors import BackendError

_HEADER: Final = re.compile(r"// (?P<field>[a-z]+): (?P<said>\S.*)")
_REQUIRED: Final = ("name", "summary", "mode", "rows", "params", "returns")
_OPTIONAL: Final = ("choices",)
_BLANKED: Final = re.compile(
    r"'(?:[^'\\]|\\.)*'|`[^`]*`|\"(?:[^\"\\]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.DOTALL
)
_WRITING: Final = re.compile(
    r"\b(CREATE|MERGE|SET|DELETE|REMOVE|DROP|FOREACH|LOAD\s+CSV)\b", re.IGNORECASE
)
_CHOICES: Final[Mapping[str, re.Pattern[str]]] = {
    "depth": re.compile(r"\d{1,9}"),
    "order": re.compile(r"ASC|DESC"),
}
"""What may be put into the text of a statement, because it cannot be a parameter."""

_Word = TypeVar("_Word", bound=StrEnum)


class Mode(StrEnum):
    """What a statement may do."""

    READ = "read"
    WRITE = "write"
    SCHEMA = "schema"


class Rows(StrEnum):
    """How many records a statement returns."""

    ONE = "one"
    OPTIONAL = "optional"
    MANY = "many"
    NONE = "none"

    def fits(self, count: int) -> bool:
        """Tell whether so many records are right."""
        bounds = {Rows.ONE: (1, 1), Rows.OPTIONAL: (0, 1), Rows.NONE: (0, 0)}
        lowest, highest = bounds.get(self, (0, count))
        return lowest <= count <= highest


@dataclass(frozen=True, slots=True)
class Query:
    """One statement and what its header says of it.

    Attributes:
        params: Names of its parameters, all of them required.
        returns: Keys of its records, in order.
        choices: Names of the marks `/*name*/` that `with_choices` fills.
    """

    name: str
    summary: str
    mode: Mode
    rows: Rows
    params: frozenset[str]
    returns: tuple[str, ...]
    choices: frozenset[str] = field(repr=False)
    text: str = field(repr=False)

    def with_choices(self, **chosen: str) -> str:
        """Return the text with choices filled in; a mark that is left is a comment.

        Raises:
            BackendError: It has no such mark, or the choice is not one of the allowed words.
        """
        text = self.text
        for name, word in chosen.items():
            if name not in self.choices or not _CHOICES[name].fullmatch(word):
                raise BackendError(f"{self.name} takes no {name} {word!r}")
            text = text.replace(f"/*{name}*/", word)
        return text


def parse(name: str, text: str) -> Query:
    """Read a statement with its header.

    Raises:
        BackendError: The header is incomplete or says what is not so.
    """
    said = _header(name, text)
    code = _BLANKED.sub(" ", text)
    query = Query(
        name=said["name"],
        summary=said["summary"],
        mode=_word(Mode, name, said["mode"]),
        rows=_word(Rows, name, said["rows"]),
        params=frozenset(_names(said["params"])),
        returns=tuple(_names(said["returns"])),
        choices=frozenset(_names(said.get("choices", "none"))),
        text=text,
    )
    for lie in _lies(name, query, code):
        raise BackendError(f"{name}.cypher: {lie}")
    return query


class Catalog:
    """All statements below a folder, by `folder.stem`."""

    def __init__(self, folder: Path) -> None:
        """Read and check every file.

        Raises:
            BackendError: There are none, or one of them breaks a rule.
        """
        files = sorted(folder.glob("*/*.cypher"))
        if not files:
            raise BackendError(
                f"there are no statements for Neo4j in {folder}", hint="install the package again"
            )
        self._queries = {
            name: parse(name, path.read_text(encoding="utf-8"))
            for path in files
            for name in (f"{path.parent.name}.{path.stem}",)
        }

    def __getitem__(self, name: str) -> Query:
        """Return the statement of this name; a name that is not there is our own mistake."""
        return self._queries[name]

    def __iter__(self) -> Iterator[Query]:
        """Go through all of them, by name."""
        return iter(self._queries.values())

    def schema(self) -> list[Query]:
        """Return the statements that make the schema, without the one that waits for it."""
        made = (query for query in self if query.mode is Mode.SCHEMA)
        return [query for query in made if query.name != "schema.wait"]


def statements_folder() -> Path:
    """Find `cypher/`: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parents[2]
    inside = package / "cypher"
    return inside if inside.is_dir() else package.parent / "cypher"


@cache
def statements() -> Catalog:
    """Return the statements that belong to this software, read once."""
    return Catalog(statements_folder())


def _header(name: str, text: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        match = _HEADER.fullmatch(line)
        if match is None or match["field"] in said:
            raise BackendError(f"{name}.cypher: cannot read the header line {line!r}")
        said[match["field"]] = match["said"]
    missing = [one for one in _REQUIRED if one not in said]
    unknown = [one for one in said if one not in _REQUIRED + _OPTIONAL]
    if missing or unknown:
        raise BackendError(f"{name}.cypher: header lacks {missing}, has unknown {unknown}")
    return said


def _word(kind: type[_Word], name: str, said: str) -> _Word:
    try:
        return kind(said)
    except ValueError as error:
        raise BackendError(f"{name}.cypher: {error}") from error


def _names(said: str) -> list[str]:
    return [] if said == "none" else [part.split()[0] for part in said.split(", ")]


def _lies(name: str, query: Query, code: str) -> Iterator[str]:
    used = frozenset(re.findall(r"\$([A-Za-z_]\w*)", code))
    marks = frozenset(re.findall(r"/\*(\w+)\*/", query.text))
    if query.name != name:
        yield f"the header calls it {query.name}"
    if used != query.params:
        yield f"uses the parameters {sorted(used)}, the header says {sorted(query.params)}"
    if marks != query.choices or not marks <= _CHOICES.keys():
        yield f"has the marks {sorted(marks)}, the header says {sorted(query.choices)}"
    if ";" in code:
        yield "holds more than one statement"
    yield from _lies_about_effects(name, query, code)


def _lies_about_effects(name: str, query: Query, code: str) -> Iterator[str]:
    if query.mode.value != name.partition(".")[0]:
        yield f"a statement of mode {query.mode} lies in another folder"
    if query.mode is Mode.READ and _WRITING.search(code):
        yield "the header says that it only reads"
    if query.rows is Rows.MANY and "ORDER BY" not in code:
        yield "returns many rows in no order"
    if (query.rows is Rows.NONE) != (not query.returns):
        yield "the header says rows without columns, or columns without rows"
