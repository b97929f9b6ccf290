"""Runs and deployments for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage_registry.cli.views import Cell, Fields, Line, Table, View, Words
from lineage_registry.cli.words import minute, pairs, plural, ref, state, value, when

if TYPE_CHECKING:
    from lineage_registry.ports.commands import Deployment, MetricHistory, Run

_MOST_INPUTS = 20


def run(one: "Run") -> View:
    """Return everything about a run."""
    rows: list[tuple[str, Words | None]] = [
        ("name", one.name),
        ("description", one.description),
        ("status", [state(one.status), Cell(f": {one.message}" if one.message else "")]),
        ("part of", ref(one.parent)),
        ("inputs", _inputs(one)),
        ("outputs", _listed([ref(each) for each in one.outputs])),
        ("params", pairs(one.params)),
        ("metrics", pairs(one.metrics)),
        ("tags", pairs(one.tags)),
        ("code", Cell(one.code_commit or "", "dim")),
        ("environment", Cell(pairs(one.environment, 6), "dim")),
        ("started", [when(one.created_at), Cell(f" by {one.created_by}", "dim")]),
        ("ended", when(one.ended_at)),
    ]
    return [Line([ref(one.reference), Cell("  run", "dim")]), Fields(rows)]


def runs(rows: Sequence["Run"]) -> View:
    """Return a table of runs."""
    return [
        Table(
            ("run", "name", "status", "started", "metrics"),
            [
                (
                    Cell(one.run_id, "run"),
                    one.name,
                    state(one.status),
                    minute(one.created_at),
                    pairs(one.metrics, 4),
                )
                for one in rows
            ],
            wrapped=("name", "metrics"),
        )
    ]


def run_line(one: "Run") -> View:
    """Return a run in one line."""
    name = f" {one.name}" if one.name else ""
    return [Line([ref(one.reference), Cell(f"{name} is "), state(one.status)])]


def metric_history(one: "MetricHistory") -> View:
    """Return all values of a metric."""
    rows = [(str(each.step), value(each.value), when(each.at)) for each in one.points]
    heading = Line([ref(one.reference), Cell(f"  {one.key}, {plural(len(rows), 'value')}", "dim")])
    return [heading, Table(("step", "value", "at"), rows)] if rows else [heading]


def deployment(one: "Deployment") -> View:
    """Return everything about a deployment."""
    return [
        Line([ref(one.reference), Cell("  deployment", "dim")]),
        Fields(
            [
                ("serves", ref(one.serves)),
                ("environment", one.environment),
                ("owner", one.owner),
                ("status", Cell("deleted", "bad") if one.deleted else None),
                ("created", [when(one.created_at), Cell(f" by {one.created_by}", "dim")]),
                ("revision", Cell(str(one.revision), "dim")),
            ]
        ),
    ]


def deployments(rows: Sequence["Deployment"]) -> View:
    """Return a table of deployments."""
    return [
        Table(
            ("deployment", "serves", "environment", "owner", "status"),
            [
                (
                    Cell(one.name, "warn"),
                    ref(one.serves),
                    one.environment,
                    one.owner,
                    Cell("deleted", "bad") if one.deleted else None,
                )
                for one in rows
            ],
        )
    ]


def _inputs(one: "Run") -> list[Cell]:
    said = []
    for each in one.inputs:
        words = [each.role]
        if each.edge == "EVALUATED_ON":
            words = ["tested on", "" if each.role == "test" else each.role]
        elif each.edge == "READ_BACK":
            words = [each.role, "read back"]
        if not each.declared:
            words.append("inherited")
        role = ", ".join(word for word in words if word)
        said.append([ref(each.reference), Cell(f" ({role})" if role else "", "dim")])
    return _joined(said)


def _listed(rows: Sequence[Cell]) -> list[Cell]:
    return _joined([[one] for one in rows])


def _joined(rows: Sequence[Sequence[Cell]]) -> list[Cell]:
    said: list[Cell] = []
    for one in rows[:_MOST_INPUTS]:
        said += [Cell(", ")] if said else []
        said += one
    if len(rows) > _MOST_INPUTS:
        said.append(Cell(f", and {len(rows) - _MOST_INPUTS:,} more", "dim"))
    return said
