"""Licences for people."""

from typing import TYPE_CHECKING

from lineage_registry.cli.taint_views import way
from lineage_registry.cli.views import GAP, Cell, Fields, Line, Part, Table, View
from lineage_registry.cli.words import ref, short

if TYPE_CHECKING:
    from lineage_registry.ports.commands import LicenceConflict, Licences, LicenceTerm

_STYLES = {"unknown": "warn", "none-given": "warn"}


def licences(one: "Licences") -> View:
    """Return the terms of a version: what it declares, what reaches it, what contradicts."""
    family = " (of the whole model or dataset)" if one.by_family else ""
    parts: list[Part] = [
        Line([ref(one.reference)]),
        Fields(
            [
                ("declared", f"{one.declared}{family}" if one.declared else Cell("none", "dim")),
                ("obligations", ", ".join(one.obligations) or Cell("none", "dim")),
            ]
        ),
    ]
    if one.terms:
        rows = [
            (
                Cell(term.obligation.value, _STYLES.get(term.obligation.value, "")),
                [Cell(term.licence), Cell(_choice(term), "dim")],
                way(term.witness),
            )
            for term in one.terms
        ]
        parts += [GAP, Table(("obligation", "licence", "from"), rows)]
    for stop in one.stops:
        said = f"{', '.join(stop.obligations)} stops between {short(stop.cause)} and "
        parts.append(Line([Cell(f"{said}{short(stop.effect)}: {stop.evidence}", "dim")]))
    parts += [Line([Cell("conflict: ", "bad"), Cell(conflict(each))]) for each in one.conflicts]
    return parts


def _choice(term: "LicenceTerm") -> str:
    return "" if term.licence == term.expression else f" (of {term.expression})"


def conflict(one: "LicenceConflict") -> str:
    """Return a contradiction as a sentence."""
    asks = f"{one.inherited} asks for {one.obligation.value}, from {way(one.witness)}"
    if one.declared:
        return f"{asks}; declared is {one.against}"
    return f"{asks}; {one.against} excludes it, from {way(one.other_witness)}"
