"""Tags of anything that has them, by its reference."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.session import how, registry
from lineage_registry.errors import InvalidReferenceError

if TYPE_CHECKING:
    from lineage_registry.registry import Registry


def put(
    reference: a.Reference,
    tag: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="The tags.")],
) -> None:
    """Set tags."""
    _change(reference, parsing.pairs(tag, "tag"))


def remove(
    reference: a.Reference,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Keys of the tags.")],
) -> None:
    """Take tags away."""
    _change(reference, dict.fromkeys(keys))


def list_all(reference: a.Reference, *, as_of: a.AsOf = None) -> None:
    """List the tags of a thing."""
    from lineage_registry.cli.anything import found_by

    with registry() as opened:
        _show(found_by(opened, reference, as_of))


def _change(reference: str, changes: Mapping[str, str | None]) -> None:
    with registry() as opened:
        _show(_changed(opened, reference, dict(changes)))


def _changed(opened: "Registry", reference: str, changes: dict[str, str | None]) -> Any:
    from lineage_registry.domain.references import Space, parse_reference

    read = parse_reference(reference)
    if read.space is Space.RUNS:
        return opened.update_run(reference, tags=changes, **how())
    if read.space is Space.DEPLOYMENTS:
        raise InvalidReferenceError("deployments have no tags")
    if read.selector is None:
        return opened.update(reference, tags=changes, **how())
    return opened.update_version(reference, tags=changes, **how())


def _show(found: Any) -> None:
    from lineage_registry.cli import version_views as views

    output.emit(found, lambda: views.tags(found.tags))
