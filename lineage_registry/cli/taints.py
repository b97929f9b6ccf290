"""Taints: raise, lift, and what they reach."""

from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.listing import note_page
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.walks import NodeKinds

Kind = Annotated[
    str, typer.Argument(metavar="KIND", help="A short word: pii, embargo, cve, withdrawn, leak.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only taints of this kind; none for none."),
]
Severities = Annotated[
    list[str] | None,
    typer.Option(
        "--severity", metavar="SEVERITY", help="Only info, warning or critical; none for none."
    ),
]


def put(
    reference: a.Reference,
    kind: Kind,
    *,
    severity: Annotated[
        str, typer.Option(metavar="SEVERITY", help="info, warning or critical.")
    ] = "warning",
) -> None:
    """Raise a taint, which reaches all that comes from a thing; needs --reason."""
    from lineage_registry.cli import taint_views as views

    with registry() as opened:
        raised = opened.taint(reference, kind, severity=severity, **how())
    output.emit(raised, lambda: views.changed(raised))


def lift(
    taint: Annotated[int, typer.Argument(metavar="TAINT", help="Its number.")],
) -> None:
    """Lift a taint: what it reached is as before; needs --reason."""
    from lineage_registry.cli import taint_views as views

    with registry() as opened:
        lifted = opened.lift_taint(taint, **how())
    output.emit(lifted, lambda: views.changed(lifted))


def list_all(
    reference: Annotated[
        str | None, typer.Argument(metavar="REF", help="What; all that hold if left out.")
    ] = None,
    *,
    kind: Kinds = None,
    severity: Severities = None,
    limit: a.Limit = None,
    cursor: a.Cursor = None,
    as_of: a.AsOf = None,
) -> None:
    """List the taints that reach a thing, each with a shortest way to where it begins."""
    from lineage_registry.cli import taint_views as views

    with registry() as opened:
        found = opened.taints(
            reference,
            kind=parsing.unless_none(kind),
            severity=parsing.unless_none(severity),
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )
    output.emit(found, lambda: views.taints(found))
    note_page(found.next_cursor)


def tainted(
    *,
    taint: Annotated[
        int | None, typer.Option(metavar="TAINT", help="Only what this one reaches.")
    ] = None,
    kind: Kinds = None,
    severity: Severities = None,
    stage: a.WithStage = None,
    node_kind: NodeKinds = None,
    limit: a.Limit = None,
    cursor: a.Cursor = None,
    as_of: a.AsOf = None,
) -> None:
    """List what taints reach: versions and deployments, nearest first."""
    from lineage_registry.cli import taint_views as views

    with registry() as opened:
        found = opened.tainted(
            taint=taint,
            kind=parsing.unless_none(kind),
            severity=parsing.unless_none(severity),
            stage=stage,
            node_kinds=parsing.as_kinds(node_kind, upper=False),
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )
    output.emit(found, lambda: views.tainted(found))
    note_page(found.next_cursor)
