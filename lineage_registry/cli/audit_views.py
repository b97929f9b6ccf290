"""History, events, reports, validation and status for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage_registry.cli.version_views import version
from lineage_registry.cli.views import GAP, Cell, Fields, Line, Table, View
from lineage_registry.cli.words import minute, plural, ref, short

if TYPE_CHECKING:
    from lineage_registry.ports.commands import (
        AuditEvent,
        AuditReport,
        History,
        Move,
        Rollback,
        Status,
        Validation,
    )

_ROOT_SHOWN = 16


def history(one: "History") -> View:
    """Return moves of stages and aliases, newest first."""
    if not one.moves:
        return [Line([ref(one.reference), Cell(" has no stages or aliases yet", "dim")])]
    return [_moves(one.moves)]


def _moves(moves: Sequence["Move"]) -> Table:
    rows = [
        (
            minute(each.at),
            str(each.stage) if each.stage else f"@{each.alias}",
            ref(each.before) if each.before else Cell("-", "dim"),
            ref(each.after) if each.after else Cell("-", "dim"),
            each.actor,
            each.reason,
        )
        for each in moves
    ]
    return Table(("when (UTC)", "what", "from", "to", "who", "why"), rows)


def rollback(one: "Rollback") -> View:
    """Return what a rollback did or would do."""
    named = one.stage or f"@{one.alias}"
    left = [ref(one.left), Cell(" -> ")] if one.left else []
    head = Cell("would roll back " if one.dry_run else "rolled back ", "dim")
    return [Line([head, Cell(f"{one.name} {named}: "), *left, ref(one.restored)])]


def events(rows: Sequence["AuditEvent"]) -> View:
    """Return a table of events."""
    return [
        Table(
            ("#", "when (UTC)", "who", "event", "about", "why"),
            [
                (
                    Cell(str(each.position), "dim"),
                    minute(each.at),
                    each.actor,
                    each.type,
                    _about(each.subjects),
                    each.reason,
                )
                for each in rows
            ],
            wrapped=("why",),
            cut=("about",),
        )
    ]


def _about(subjects: Sequence[str]) -> str:
    # A version tells of its model; both would be said twice.
    kept = [one for one in subjects if not any(each.startswith(f"{one}/") for each in subjects)]
    said = [short(subject) for subject in kept[:3]]
    return ", ".join(said) + (f" +{len(kept) - 3}" if len(kept) > 3 else "")


def report(one: "AuditReport") -> View:
    """Return the audit report in short."""
    states: dict[str, int] = {}
    for check in one.files:
        states[check.state] = states.get(check.state, 0) + 1
    files = ", ".join(f"{plural(count, 'file')} {name}" for name, count in states.items())
    bad = any(name in states for name in ("missing", "different"))
    rows = [
        ("owner", one.model_owner),
        ("comes from", f"{plural(len(one.ancestry.nodes) - 1, 'thing')}"),
        ("of them sources", ", ".join(short(each.reference) for each in one.sources[:10])),
        ("relied on by", plural(one.impact.total, "thing")),
        ("files", Cell(files, "bad" if bad else "good")),
        ("events", plural(len(one.events), "event")),
        (
            "log",
            Cell(f"{plural(one.log.size, 'event')}, root {one.log.root[:_ROOT_SHOWN]}", "dim"),
        ),
        ("not in it", Cell(_missing(one), "warn")),
    ]
    parts = [*version(one.version), GAP, Fields(rows)]
    return [*parts, GAP, _moves(one.moves)] if one.moves else parts


def _missing(one: "AuditReport") -> str:
    if not one.missing:
        return ""
    people = sum(item.status == "person" for item in one.missing)
    unknown = len(one.missing) - people
    said = [f"{unknown} that nobody recorded"] if unknown else []
    said += [f"{people} that only people can supply"] if people else []
    return f"{plural(len(one.missing), 'item')}: {', '.join(said)}; the written report lists them"


def validation(one: "Validation") -> View:
    """Return what a check found."""
    checked = (
        f"{plural(one.events, 'event')}, {plural(one.nodes, 'node')}, "
        f"{plural(one.edges, 'edge')}, {plural(one.blobs, 'blob')}"
    )
    if one.ok:
        return [Line([Cell("nothing is wrong", "good"), Cell(f"  {checked}", "dim")])]
    rows = [(Cell(each.kind, "bad"), each.subject, each.detail) for each in one.findings]
    more = [Line([Cell("and more that are not listed", "dim")])] if one.truncated else []
    found = Line([Cell(plural(len(rows), "finding"), "bad"), Cell(f"  {checked}", "dim")])
    return [found, GAP, Table(("kind", "subject", "detail"), rows), *more]


def status(one: "Status", url: str) -> View:
    """Return what answers here."""
    return [
        Fields(
            [
                ("registry", Cell(url, "name")),
                ("graph", one.graph),
                ("artifacts", one.artifacts),
                ("revision", f"{one.revision:,}"),
                ("events", f"{one.events:,}"),
                ("version", one.version),
            ]
        )
    ]
