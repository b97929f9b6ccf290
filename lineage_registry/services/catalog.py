"""Models and datasets: create, find, describe, delete."""

from collections.abc import Generator

from lineage_registry.domain import catalog
from lineage_registry.domain.events import Event
from lineage_registry.domain.references import Reference
from lineage_registry.domain.resolution import FAMILY_KINDS, resolve
from lineage_registry.domain.view import Comparison, Filter, GraphView, Selection
from lineage_registry.ports.commands import (
    CATALOG,
    Context,
    CreateFamily,
    DeleteFamily,
    Family,
    GetFamily,
    ListFamilies,
    Page,
    RestoreFamily,
    UpdateFamily,
)
from lineage_registry.ports.graph import Commit
from lineage_registry.services.describing import families
from lineage_registry.services.filtering import tag_filters
from lineage_registry.services.paging import listed
from lineage_registry.services.workplace import Workplace, demand_unchanged


def create_family(work: Workplace, command: CreateFamily, context: Context) -> Family:
    """Create a model or dataset."""
    commit = work.write(
        lambda view: catalog.create_family(
            view,
            command.space,
            command.name,
            description=command.description,
            owner=command.owner,
            tags=command.tags,
        ),
        command,
        context,
    )
    with work.after(commit) as view:
        return families(view, [commit.events[0].position])[0]


def get_family(work: Workplace, command: GetFamily, _: Context) -> Family:
    """Return a model or dataset."""
    reference = Reference(command.space, command.name)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve(view, reference)
        return families(view, [found.node])[0]


def list_families(work: Workplace, command: ListFamilies, _: Context) -> Page[Family]:
    """List models or datasets, those whose name holds `text`."""
    filters = tag_filters(command.tag)
    if command.text is not None:
        filters.append(Filter("name", Comparison.CONTAINS, command.text))
    if command.owner is not None:
        filters.append(Filter("owner", Comparison.EQUAL, command.owner))
    selection = Selection(
        FAMILY_KINDS[command.space], filters=tuple(filters), deleted=command.deleted
    )
    return listed(work, command, lambda _: selection, families)


def update_family(work: Workplace, command: UpdateFamily, context: Context) -> Family:
    """Describe, tag or rename a model or dataset."""
    values: dict[str, str | None] = {f"tag/{key}": value for key, value in command.tags.items()}
    for key in ("description", "owner"):
        if key in command.model_fields_set:
            values[key] = getattr(command, key)

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, Reference(command.space, command.name))
        demand_unchanged(view, found.node, context)
        yield from catalog.change_details(view, found.node, values)
        if command.new_name is not None:
            yield from catalog.rename(view, found, command.new_name)

    return _answer(work, command.space, command.name, work.write(decide, command, context))


def delete_family(work: Workplace, command: DeleteFamily, context: Context) -> Family:
    """Put a model or dataset and its versions out of sight."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, Reference(command.space, command.name), deleted=True)
        demand_unchanged(view, found.node, context)
        yield from catalog.delete(view, found, force=command.force, reason=command.reason)

    return _answer(work, command.space, command.name, work.write(decide, command, context))


def restore_family(work: Workplace, command: RestoreFamily, context: Context) -> Family:
    """Bring a model or dataset back."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, Reference(command.space, command.name), deleted=True)
        demand_unchanged(view, found.node, context)
        yield from catalog.restore(view, found)

    return _answer(work, command.space, command.name, work.write(decide, command, context))


def _answer(work: Workplace, space: CATALOG, name: str, commit: Commit) -> Family:
    with work.after(commit) as view:
        found = resolve(view, Reference(space, name), deleted=True)
        return families(view, [found.node])[0]
