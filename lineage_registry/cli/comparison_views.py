"""Differences, staleness, history and gaps of lineage, for people."""

from typing import TYPE_CHECKING

from lineage_registry.cli.views import GAP, Cell, Line, Part, Table, View, Words
from lineage_registry.cli.words import minute, plural, ref, stage, value

if TYPE_CHECKING:
    from lineage_registry.ports.commands import (
        CauseChange,
        DeletionPreview,
        Diff,
        FileChange,
        LineageChange,
        LineageHistory,
        Reproducibility,
        Staleness,
        ValueChange,
    )

_MARKS = {"added": ("+", "good"), "removed": ("-", "bad"), "changed": ("~", "warn")}
_SHOWN = 30
_DAY = 86_400


def diff(one: "Diff") -> View:
    """Return what differs: causes, values, files."""
    sides = [ref(one.before), Cell(f" at {one.before_revision}", "dim"), Cell(" -> ")]
    sides += [ref(one.after), Cell(f" at {one.after_revision}", "dim")]
    parts: list[Part] = [Line(sides)]
    if one.same:
        return [*parts, Line([Cell("nothing differs", "dim")])]
    if one.causes:
        rows = [_cause_row(each) for each in one.causes]
        parts += [GAP, Table(("", "before", "after", "versions", "away", "tie"), rows)]
    if one.values:
        rows = [_value_row(each) for each in one.values]
        parts += [GAP, Table(("", "value", "before", "after"), rows)]
    if one.files:
        parts += [GAP, Table(("", "file", "bytes"), [_file_row(each) for each in one.files])]
    parts += [GAP, Line([Cell(f"{plural(one.unchanged, 'cause')} unchanged", "dim")])]
    return parts


def _mark(change: str) -> Cell:
    return Cell(*_MARKS[change])


def _cause_row(one: "CauseChange") -> list[Words | None]:
    from lineage_registry.exports.words import EDGE_WORDS

    ties = [*one.links_before, *one.links_after]
    said = dict.fromkeys(f"{EDGE_WORDS[tie.edge].up} {tie.role}".strip() for tie in ties)
    return [
        _mark(one.change),
        ref(one.before),
        ref(one.after),
        None if one.versions is None else f"{one.versions:+d}",
        str(one.distance),
        Cell(", ".join(said), "dim"),
    ]


def _value_row(one: "ValueChange") -> list[Words | None]:
    return [
        _mark(one.change),
        f"{one.group} {one.key}" + (" of the run" if one.of == "run" else ""),
        None if one.before is None else value(one.before),
        None if one.after is None else value(one.after),
    ]


def _file_row(one: "FileChange") -> list[Words | None]:
    sizes = [f"{size:,}" for size in (one.size_before, one.size_after) if size is not None]
    return [_mark(one.change), one.path, " -> ".join(sizes)]


def stale(one: "Staleness") -> View:
    """Return the stale versions, a line for each stale cause."""
    checked = Cell(f"{len(one.stale):,} of {plural(one.checked, 'version')} stale", "dim")
    rows: list[list[Words | None]] = []
    for version in one.stale:
        for place, cause in enumerate(version.causes):
            first = place == 0
            rows.append(
                [
                    ref(version.reference) if first else None,
                    stage(version.stage) if first else None,
                    ref(cause.used),
                    ref(cause.newest),
                    str(cause.behind),
                    _age(cause.seconds),
                    None if cause.direct else Cell(f"{cause.distance} away", "dim"),
                ]
            )
    if not rows:
        return [Line([checked])]
    columns = ("version", "stage", "uses", "newest", "behind", "older by", "")
    return [Table(columns, rows), GAP, Line([checked])]


def _age(seconds: float) -> str:
    if seconds >= 2 * _DAY:
        return f"{seconds / _DAY:.0f} days"
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds:.0f} s"


def lineage_history(one: "LineageHistory") -> View:
    """Return the changes of a lineage, a line for each event."""
    rows = [
        (
            minute(each.at),
            each.actor,
            each.event,
            _what(each),
            None if each.reason is None else Cell(each.reason, "dim"),
        )
        for each in one.changes
    ]
    columns = ("when (UTC)", "who", "event", "what", "why")
    return [Table(columns, rows, wrapped=("event", "what", "why"))]


def _what(one: "LineageChange") -> list[Cell]:
    from lineage_registry.exports.words import EDGE_WORDS

    said: list[Cell] = []
    for edge in one.edges[:_SHOWN]:
        said += [Cell(", ")] if said else []
        way = Cell(" no longer " if edge.ended else " ", "bad" if edge.ended else "")
        kind = Cell(f"{EDGE_WORDS[edge.kind].up} ", "dim")
        said += [ref(edge.source), way, kind, ref(edge.target)]
    for each in one.values[:_SHOWN]:
        said += [Cell(", ")] if said else []
        now = "none" if each.value is None else value(each.value)
        said += [ref(each.of), Cell(f" {each.key}={now}")]
    rest = len(one.edges[_SHOWN:]) + len(one.values[_SHOWN:]) + one.more
    return [*said, Cell(f", and {rest} more", "dim")] if rest else said


def reproducibility(one: "Reproducibility") -> View:
    """Return the score and what is missing, node by node."""
    items = ", ".join(f"{each.item} {each.known}/{each.total}" for each in one.items)
    style = "good" if one.score == 1 else "warn"
    parts: list[Part] = [
        Line([ref(one.reference), Cell(" "), Cell(f"{one.score:.2f}", style)]),
        Line([Cell(items, "dim")]),
    ]
    rows = [
        (
            ref(each.reference),
            f"{each.score:.2f}",
            "; ".join(f"{gap.item}: {gap.why}" for gap in each.missing),
        )
        for each in one.nodes
        if each.missing
    ]
    if rows:
        parts += [GAP, Table(("what", "score", "missing"), rows)]
    return parts


def deletion(one: "DeletionPreview") -> View:
    """Return what would stop a delete, and what it would strand."""
    named = ref(one.reference)
    if one.deleted:
        return [Line([named, Cell(" is deleted already", "dim")])]
    verdict = Cell("would be refused", "bad") if one.blocked else Cell("would be done", "good")
    parts: list[Part] = [Line([Cell("the delete of "), named, Cell(" "), verdict])]
    table = one.table()
    rows: list[list[Words | None]] = [
        [ref(str(what)), str(becomes), stage(None if held is None else str(held))]
        for what, becomes, held, _ in table.rows[:_SHOWN]
    ]
    if rows:
        parts += [GAP, Table(("what", "becomes", "stage"), rows)]
    if len(table.rows) > len(rows):
        parts.append(Line([Cell(f"and {len(table.rows) - len(rows):,} more", "dim")]))
    if one.owners:
        parts.append(Line([Cell("to tell: ", "dim"), Cell(", ".join(one.owners))]))
    return [*parts, Line([Cell(f"{plural(one.total, 'thing')} downstream", "dim")])]
