"""Recall and exposure for people: a summary, then one line for each version."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage_registry.cli.views import GAP, Cell, Fields, Line, Table, View, Words
from lineage_registry.cli.words import plural, ref, role, short, stage

if TYPE_CHECKING:
    from lineage_registry.ports.commands import Exposure, Mark, ReachingTaint, Recall, Step

_MOST_SOURCES = 5


def recall(one: "Recall") -> View:
    """Return how many versions used it and who is to be told, then the versions."""
    starts = ", ".join(map(short, one.starts))
    tested = _evaluations(one)
    if not one.total:
        return [Line([Cell("nothing asked for used "), Cell(starts, "name")]), *tested]
    stages = ", ".join(f"{n:,} in {name}" for name, n in one.stages.items() if name != "None")
    rows: list[tuple[str, Words | None]] = [
        ("stages", stages or None),
        ("owners to tell", ", ".join(one.owners) or None),
    ]
    table = Table(
        ("away", "version", "stage", "serves", "how it came"),
        [
            (
                str(each.distance),
                [ref(each.reference), _remarks(each.status, each.declared, each.tested_only)],
                stage(each.stage),
                ", ".join(map(short, each.deployments)),
                _way(each.path),
            )
            for each in one.versions
        ],
    )
    head = Line([Cell(plural(one.total, "version"), "name"), Cell(f" used {starts}")])
    return [head, Fields(rows), GAP, table, *tested]


def _evaluations(one: "Recall") -> View:
    if not one.evaluations:
        return []
    rows = [
        (ref(each.reference), stage(each.stage), ref(each.run), ref(each.data))
        for each in one.evaluations
    ]
    return [GAP, Table(("tested", "stage", "by", "on"), rows)]


def exposure(one: "Exposure") -> View:
    """Return the marks that reached it, then the versions."""
    starts = ", ".join(map(short, one.starts))
    marks: list[tuple[str, Words | None]] = [
        ("taints", "; ".join(map(_taint, one.taints)) or None),
        ("licences", _marks(one.licences)),
        ("tags", _marks(one.tags)),
    ]
    table = Table(
        ("away", "version", "role", "how it came"),
        [
            (
                str(each.distance),
                [ref(each.reference), _remarks(each.status, each.declared, each.tested_only)],
                role(each.role),
                _way(each.path),
            )
            for each in one.sources
        ],
    )
    head = Line([Cell(plural(one.total, "version"), "name"), Cell(f" reached {starts}")])
    return [head, Fields(marks), GAP, table] if one.sources else [head, Fields(marks)]


def _way(path: "Sequence[Step]") -> str:
    return " > ".join(short(step.reference) for step in path)


def _remarks(status: str | None, declared: bool, tested_only: bool) -> Cell:  # noqa: FBT001 - facts
    said = [
        *([status.replace("_", " ")] if status else []),
        *([] if declared else ["inferred"]),
        *(["tested only"] if tested_only else []),
    ]
    return Cell(f" [{', '.join(said)}]" if said else "", "dim")


def _marks(marks: "Sequence[Mark]") -> str | None:
    return "; ".join(map(_mark, marks)) or None


def _taint(taint: "ReachingTaint") -> str:
    return f"{taint.severity.value} {taint.kind} of {short(taint.origin)}: {taint.reason}"


def _mark(mark: "Mark") -> str:
    shown = ", ".join(short(source) for source in mark.sources[:_MOST_SOURCES])
    more = f", and {mark.count - _MOST_SOURCES} more" if mark.count > _MOST_SOURCES else ""
    return f"{mark.key}={mark.value} ({shown}{more})"
