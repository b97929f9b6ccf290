"""Anything that has a reference."""

from typing import TYPE_CHECKING, Any

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.session import registry

if TYPE_CHECKING:
    from lineage_registry.cli.views import View
    from lineage_registry.registry import Registry


def show(reference: a.Reference, *, as_of: a.AsOf = None) -> None:
    """Show a model, dataset, version, run or deployment by its reference."""
    with registry() as opened:
        found = found_by(opened, reference, as_of)
    output.emit(found, lambda: _view(found))


def found_by(opened: "Registry", reference: str, as_of: str | None) -> Any:
    """Return what a reference names.

    Raises:
        NotFoundError: The subclass says what is missing.
        InvalidReferenceError: It cannot be read.
    """
    from lineage_registry.domain.references import Space, parse_reference

    read = parse_reference(reference)
    when = as_of if read.as_of is None else read.as_of
    if read.space is Space.RUNS:
        return opened.get_run(read.name, as_of=when)
    if read.space is Space.DEPLOYMENTS:
        return opened.deployment(read.name, as_of=when)
    if read.selector is not None:
        return opened.version(reference, as_of=as_of)
    ask = opened.dataset if read.space is Space.DATASETS else opened.model
    return ask(read.name, as_of=when)


def _view(found: Any) -> "View":
    from lineage_registry.cli import run_views, version_views
    from lineage_registry.ports.commands import Deployment, Family, Run

    if isinstance(found, Run):
        return run_views.run(found)
    if isinstance(found, Deployment):
        return run_views.deployment(found)
    if isinstance(found, Family):
        return version_views.family(found)
    return version_views.version(found)
