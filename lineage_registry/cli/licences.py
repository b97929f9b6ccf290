"""Licences: declare, define, stop at an edge, and what reaches a version."""

from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.views import Cell, Line
from lineage_registry.cli.words import ref

LicenceId = Annotated[
    str, typer.Argument(metavar="LICENCE", help="SPDX id, or a name like LicenseRef-acme.")
]
Obligations = Annotated[
    list[str] | None,
    typer.Option("--obligation", metavar="OBLIGATION", help="Like attribution; repeatable."),
]


def put(
    reference: a.Reference,
    licence: Annotated[
        str,
        typer.Argument(
            metavar="LICENCE", help="SPDX id, LicenseRef-acme, or 'MIT OR GPL-3.0-only'."
        ),
    ],
) -> None:
    """Declare the licence of a model, dataset or version; a version's own comes first."""
    with registry() as opened:
        said = opened.set_licence(reference, licence, **how())
    asks = ", ".join(said.obligations) or "nothing"
    output.emit(
        said,
        lambda: [Line([ref(reference), Cell(f" is under {said.licence}: it asks for {asks}")])],
    )


def remove(reference: a.Reference) -> None:
    """Take a declared licence back."""
    with registry() as opened:
        said = opened.set_licence(reference, None, **how())
    output.emit(said, lambda: [Line([ref(reference), Cell(" declares no licence")])])


def define(licence: LicenceId, *, obligation: Obligations = None) -> None:
    """Say what a licence obliges to that no table knows; nothing, without --obligation."""
    with registry() as opened:
        said = opened.define_licence(licence, obligation or [], **how())
    asks = ", ".join(said.obligations) or "nothing"
    output.emit(said, lambda: [Line(f"{said.licence} asks for {asks}")])


def stop(
    effect: Annotated[str, typer.Argument(metavar="EFFECT", help="What comes from it directly.")],
    cause: Annotated[str, typer.Argument(metavar="CAUSE", help="What it comes from.")],
    *,
    obligation: Obligations = None,
    evidence: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A contract, permission or law.")
    ] = None,
    nothing: Annotated[
        bool, typer.Option("--nothing", help="Nothing stops there any more.")
    ] = False,
) -> None:
    """Say which obligations do not pass along an edge: all, without --obligation."""
    chosen = {} if obligation is None else {"obligations": obligation}
    with registry() as opened:
        said = opened.stop_obligations(
            effect,
            cause,
            evidence=evidence,
            **({"obligations": []} if nothing else chosen),
            **how(),
        )
    stops = ", ".join(said.obligations) or "nothing"
    output.emit(
        said,
        lambda: [Line([Cell(f"{stops} stops between "), ref(cause), Cell(" and "), ref(effect)])],
    )


def show(version: a.VersionRef, *, as_of: a.AsOf = None) -> None:
    """Show the terms that hold for a version, where they come from, and what contradicts."""
    from lineage_registry.cli import licence_views as views

    with registry() as opened:
        found = opened.licences(version, as_of=as_of)
    output.emit(found, lambda: views.licences(found))
