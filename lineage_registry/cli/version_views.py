"""Versions, models and datasets for people."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lineage_registry.cli.taint_views import severity
from lineage_registry.cli.views import Cell, Fields, Line, Table, View, Words
from lineage_registry.cli.words import minute, pairs, plural, ref, size, stage, state, value, when

if TYPE_CHECKING:
    from lineage_registry.ports.commands import Family, Files, LinkedVersion, Version

_HINTS = {
    "licence_hint": "its licence",
    "base_model_hint": "made from",
    "dataset_hint": "trained on",
}
"""What files say of themselves, and what people call it."""


def version(one: "Version") -> View:
    """Return everything about a version."""
    rows = [
        ("description", one.description),
        ("label", one.label),
        ("stage", stage(one.stage)),
        ("aliases", ", ".join(f"@{name}" for name in one.aliases)),
        ("status", None if one.status == "active" else _status(one)),
        ("licence", one.licence),
        ("tainted", _tainted(one)),
        ("content", contents(one)),
        *_inside(one),
        ("made by", ref(one.run)),
        ("derived from", _linked(one.parents)),
        ("depends on", _linked(one.dependencies)),
        ("metrics", pairs(one.metrics)),
        ("params", pairs(one.params)),
        ("tags", pairs(one.tags)),
        ("registered", [when(one.created_at), Cell(f" by {one.created_by}", "dim")]),
        ("same weights as", _same(one)),
        ("manifest", Cell(one.manifest or "", "dim")),
        ("weights", Cell(one.weights or "", "dim")),
        ("revision", Cell(str(one.revision), "dim")),
    ]
    return [Line(_heading(one)), Fields(rows)]


def _inside(one: "Version") -> Iterator[tuple[str, Words | None]]:
    """Yield what was found in the files, and what they say that nobody checked."""
    for name in ("architecture", "quantization", "inputs", "outputs", "opsets", "producer"):
        yield name, str(one.facts.get(name, ""))
    yield "tokenizer", str(one.facts.get("tokenizer", ""))
    yield "own code", Cell(str(one.facts.get("custom_code", "")), "warn")
    yield "odd", Cell(str(one.facts.get("warnings", "")), "warn")
    for name, what in _HINTS.items():
        if said := one.facts.get(name):
            yield what, [Cell(str(said)), Cell(" (as the files say)", "dim")]


def version_line(one: "Version") -> View:
    """Return a version in one line: what was just registered."""
    said = [ref(one.reference)]
    if one.label:
        said.append(Cell(f" {one.label}"))
    if content := contents(one):
        said.append(Cell(f"  {content}"))
    if one.manifest:
        said.append(Cell(f"  {one.manifest[:19]}\N{HORIZONTAL ELLIPSIS}", "dim"))
    if one.same_weights:
        return [Line(said), Line([Cell("same weights as ", "dim"), *_same(one)])]
    return [Line(said)]


def versions(rows: Sequence["Version"]) -> View:
    """Return a table of versions."""
    columns = ("version", "label", "stage", "aliases", "size", "registered", "metrics")
    return [
        Table(
            columns,
            [
                (
                    ref(one.reference),
                    one.label,
                    _place(one),
                    ", ".join(f"@{name}" for name in one.aliases),
                    size(one.size),
                    minute(one.created_at),
                    pairs(one.metrics, 4),
                )
                for one in rows
            ],
        )
    ]


def contents(one: "Version") -> str:
    """Return what a version holds: `safetensors, 25,557,032 parameters, float32, 97.8 MiB`."""
    if one.format is None:
        return ""
    facts = one.facts
    said = [one.format]
    if isinstance(facts.get("parameters"), int):
        said.append(plural(int(facts["parameters"]), "parameter"))
    if facts.get("dtypes"):
        said.append(str(facts["dtypes"]))
    said.append(size(one.size))
    if facts.get("verdict") and facts["verdict"] != "not-inspectable":
        said.append(str(facts["verdict"]))
    return ", ".join(part for part in said if part)


def files(one: "Files") -> View:
    """Return a table of files."""
    rows = [(file.path, size(file.size), Cell(file.digest, "dim")) for file in one.files]
    if not rows:
        return [Line([ref(one.reference), Cell(" holds no files", "dim")])]
    return [Table(("file", "size", "digest"), rows, cut=("digest",))]


def family(one: "Family") -> View:
    """Return everything about a model or dataset."""
    rows = [
        ("description", one.description),
        ("owner", one.owner),
        ("licence", one.licence),
        ("latest", _numbered(one, one.latest)),
        *((name, _numbered(one, number)) for name, number in one.stages.items()),
        *((f"@{name}", _numbered(one, number)) for name, number in one.aliases.items()),
        ("tags", pairs(one.tags)),
        ("status", Cell("deleted", "bad") if one.deleted else None),
        ("created", [when(one.created_at), Cell(f" by {one.created_by}", "dim")]),
        ("revision", Cell(str(one.revision), "dim")),
    ]
    return [Line([Cell(one.name, "name"), Cell(f"  {one.kind}", "dim")]), Fields(rows)]


def families(rows: Sequence["Family"]) -> View:
    """Return a table of models or datasets."""
    named = rows[0].kind if rows else "name"
    return [
        Table(
            (named, "latest", "in stages", "aliases", "owner", "description"),
            [
                (
                    [Cell(one.name, "name"), Cell(" deleted" if one.deleted else "", "bad")],
                    "" if one.latest is None else str(one.latest),
                    ", ".join(f"{name} {number}" for name, number in one.stages.items()),
                    ", ".join(f"@{name} {number}" for name, number in one.aliases.items()),
                    one.owner,
                    one.description,
                )
                for one in rows
            ],
        )
    ]


def aliases(one: "Family") -> View:
    """Return the aliases of a model or dataset."""
    if not one.aliases:
        return [Line([Cell(f"{one.name} has no aliases", "dim")])]
    rows = [(Cell(f"@{name}"), _numbered(one, number)) for name, number in one.aliases.items()]
    return [Table(("alias", "names"), rows)]


def tags(values: dict[str, str]) -> View:
    """Return tags."""
    if not values:
        return [Line([Cell("no tags", "dim")])]
    return [Fields([(key, value(each) or '""') for key, each in values.items()])]


def _heading(one: "Version") -> list[Cell]:
    kind = one.kind.replace("_", " ")
    return [ref(one.reference), Cell(f"  {kind}", "dim")]


def _same(one: "Version") -> list[Cell]:
    said: list[Cell] = []
    for reference in one.same_weights or ():
        said += [Cell(", " if said else ""), ref(reference)]
    return said


def _status(one: "Version") -> list[Cell]:
    why = f": {one.rolled_back}" if one.rolled_back else ""
    return [state(one.status), Cell(why)]


def _tainted(one: "Version") -> list[Cell]:
    said: list[Cell] = []
    for taint in one.taints or ():
        said.append(Cell("; " if said else ""))
        said += [severity(taint.severity.value), Cell(f" {taint.kind} from "), ref(taint.origin)]
        said.append(Cell(f" ({taint.id}: {taint.reason})", "dim"))
    return said


def _place(one: "Version") -> Cell:
    return stage(one.stage) if one.status == "active" else state(one.status)


def _numbered(one: "Family", number: int | None) -> Cell:
    return ref(None if number is None else f"{one.reference}/{number}")


def _linked(rows: Sequence["LinkedVersion"]) -> list[Cell]:
    said: list[Cell] = []
    for one in rows[:10]:
        said.append(Cell(", " if said else ""))
        said.append(ref(one.reference))
        said.append(Cell(f" ({one.role})" if one.role else "", "dim"))
    if len(rows) > 10:
        said.append(Cell(f", and {len(rows) - 10} more", "dim"))
    return said
