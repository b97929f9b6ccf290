"""Candidates of a rollback."""

from typing import TYPE_CHECKING, Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.lifecycle import Pointer
from lineage_registry.cli.listing import note_cut
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import Cell, Line, Table, View
from lineage_registry.cli.words import minute, plural, ref, short, value

if TYPE_CHECKING:
    from lineage_registry.ports.commands import RollbackCandidate, RollbackCandidates


@takes("pointer", Pointer)
def rollback_candidates(
    name: a.ModelName,
    *,
    metric: Annotated[
        str | None, typer.Option("--metric", "-m", metavar="KEY", help="Rank them by this metric.")
    ] = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The lowest value is the best.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read their files again, every byte.")
    ] = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
    pointer: Pointer,
) -> None:
    """List what a stage or alias named before, and what speaks for and against each."""
    with registry() as opened:
        found = opened.rollback_candidates(
            name,
            stage=pointer.stage,
            alias=pointer.alias,
            metric=metric,
            lower_is_better=lower_is_better,
            verify=verify,
            limit=limit,
            as_of=as_of,
        )
    output.emit(found, lambda: _view(found))
    note_cut(truncated=found.truncated)


def _view(one: "RollbackCandidates") -> View:
    named = one.stage or f"@{one.alias}"
    now = [ref(one.current)] if one.current else [Cell("nothing", "dim")]
    serving = f", which {plural(len(one.serving), 'deployment')} would go on serving"
    head = [Cell(f"{one.name} {named} is "), *now, Cell(serving if one.serving else "")]
    if not one.candidates:
        return [Line(head), Line([Cell("it named no other version before", "dim")])]
    rows = [
        (
            [ref(each.reference), Cell(" next" if each.next else "", "name")],
            _verdict(each),
            each.files,
            _alike(each),
            "" if each.metric is None else f"{value(each.metric)} (#{each.rank})",
            minute(each.held_from),
        )
        for each in one.candidates
    ]
    columns = ("candidate", "speaks against it", "files", "like the current", "metric", "held from")
    wrapped = ("candidate", "speaks against it", "like the current", "held from")
    return [Line(head), Table(columns, rows, wrapped=wrapped)]


def _verdict(one: "RollbackCandidate") -> Cell:
    said = [f"{each.severity.value} {each.kind} from {short(each.origin)}" for each in one.taints]
    if one.licence_conflicts:
        said.append(plural(one.licence_conflicts, "licence conflict"))
    if one.files in {"missing", "different"}:
        said.append(f"files {one.files}")
    style = "bad" if one.refused else "good" if one.clean else "warn"
    return Cell("; ".join(said) or "nothing", style)


def _alike(one: "RollbackCandidate") -> str:
    words = {True: "same", False: "other", None: "unknown"}
    return f"{words[one.same_format]} format, {words[one.same_signature]} signature"
