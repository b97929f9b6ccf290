"""Versions from the Hugging Face Hub."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, cast

import typer

from lineage_registry.cli import output
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.views import Cell, Line
from lineage_registry.cli.words import ref

if TYPE_CHECKING:
    from lineage_registry.registry.hub import HubVersion

_AGAIN = ", which was registered before"
Patterns = list[str] | None


def import_hub(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A folder with a snapshot, ORG/NAME, or hf://ORG/NAME@COMMIT."
        ),
    ],
    *,
    name: Annotated[
        str | None,
        typer.Option("--name", "-n", metavar="NAME", help="Its model; ORG--NAME if left out."),
    ] = None,
    repo_id: Annotated[
        str | None,
        typer.Option(
            "--repo-id", metavar="ORG/NAME", help="What the folder is of, if it does not say so."
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option("--revision", metavar="COMMIT", help="Or branch, or tag; else the newest."),
    ] = None,
    allow_pattern: Annotated[
        Patterns,
        typer.Option("--allow-pattern", metavar="PATTERN", help="Only such files; repeatable."),
    ] = None,
    ignore_pattern: Annotated[
        Patterns,
        typer.Option("--ignore-pattern", metavar="PATTERN", help="No such files; repeatable."),
    ] = None,
    dataset: Annotated[bool, typer.Option("--dataset", help="It is a repository of data.")] = False,
    no_lineage: Annotated[
        bool, typer.Option("--no-lineage", help="Make nothing of what its card says.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look into the cache of this machine alone.")
    ] = False,
) -> None:
    """Register a repository of the Hugging Face Hub, with the lineage that its card declares.

    Base models, datasets, licence and measured values of the card become lineage; what is not in
    this registry is registered as a name without files. The same commit is registered once.
    """
    with registry() as opened, output.transfer("storing") as progress:
        made = opened.register_from_hub(
            source,
            name,
            repo_id=repo_id,
            revision=revision,
            allow_patterns=allow_pattern,
            ignore_patterns=ignore_pattern,
            dataset=dataset,
            lineage=not no_lineage,
            offline=offline,
            progress=progress,
            **how(),
        )
    for said in made.left_out:
        output.note(f"left out: {said}")
    output.emit(made, lambda: list(_lines(made)))


def _lines(made: "HubVersion") -> Iterator[Line]:
    from lineage_registry.cli.version_views import version_line

    yield from cast("Iterable[Line]", version_line(made))
    yield Line([Cell("from ", "dim"), Cell(made.source), Cell(_AGAIN if made.already else "")])
    for link in made.links:
        held = link.commit[:12] if link.commit else "a name, no files here"
        how = f"tested on, {link.role} " if link.tested else f"{link.role} "
        words = [Cell(how, "dim"), ref(link.reference)]
        yield Line([*words, Cell(f"  {link.repository} ({held})", "dim")])
