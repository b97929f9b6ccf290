"""Rules of names: creating, describing, renaming, deleting and restoring."""

from collections.abc import Collection, Generator, Mapping
from typing import Literal, NamedTuple

from lineage_registry.domain.events import (
    DatasetCreated,
    DetailsChanged,
    Event,
    ModelCreated,
    NameChanged,
    NodeDeleted,
    NodeRestored,
)
from lineage_registry.domain.graph import LINEAGE, REGISTRY, NodeKind, Scalar
from lineage_registry.domain.names import name_key
from lineage_registry.domain.references import SPACES, Space
from lineage_registry.domain.resolution import FAMILY_KINDS, VERSION_KINDS, Found, references_of
from lineage_registry.domain.view import Direction, GraphView, Selection
from lineage_registry.errors import (
    AlreadyExistsError,
    HasDependentsError,
    InputTooLargeError,
    InvalidInputError,
)

Decision = Generator[Event, int, None]
_MAX_MEMBERS = 20_000
_NAMED_BLOCKERS = 20


def create_family(
    view: GraphView,
    space: Space,
    name: str,
    *,
    description: str | None = None,
    owner: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Generator[Event, int, int]:
    """Create a model or dataset and return its node.

    A name whose model was deleted or renamed may be taken; its version numbers count on.

    Raises:
        AlreadyExistsError: A model or dataset goes by this name.
    """
    kind = FAMILY_KINDS[space]
    key = name_key(name)
    holder = view.values([(REGISTRY, f"{kind}/{key}")]).get((REGISTRY, f"{kind}/{key}"))
    last_number = 0
    if holder is not None:
        held = view.nodes([int(holder)], ("name", "deleted", "last_number"))[int(holder)].values
        if "deleted" not in held and name_key(str(held["name"])) == key:
            raise AlreadyExistsError(
                f"there is a {kind} {held['name']!r} already",
                hint="names are the same when they differ in case only",
                reference=f"{space}:/{held['name']}",
            )
        last_number = int(held["last_number"])
    event = ModelCreated if kind is NodeKind.MODEL else DatasetCreated
    return (
        yield event(
            name=name,
            key=key,
            last_number=last_number,
            description=description,
            owner=owner,
            tags=dict(tags or {}),
        )
    )


def rename(view: GraphView, family: Found, name: str) -> Decision:
    """Give a model or dataset a new name; the old one finds it until somebody takes that.

    Raises:
        AlreadyExistsError: Another one has, or once had, this name.
    """
    kind: Literal[NodeKind.MODEL, NodeKind.DATASET] = (
        NodeKind.MODEL if family.kind is NodeKind.MODEL else NodeKind.DATASET
    )
    key = (REGISTRY, f"{kind}/{name_key(name)}")
    held = view.values([key, (family.node, "name")])
    if key in held and held[key] != family.node:
        raise AlreadyExistsError(
            f"another {kind} has or had the name {name!r}",
            hint="choose a name that was never used, so that no reference means two things",
        )
    before = str(held[family.node, "name"])
    if before != name:
        yield NameChanged(node=family.node, kind=kind, before=before, name=name, key=name_key(name))


def change_details(view: GraphView, node: int, values: Mapping[str, str | None]) -> Decision:
    """Set or end description, owner and tags; what stays the same makes no event."""
    held = view.values([(node, key) for key in values])
    before = {key: held.get((node, key)) for key in values}
    changed = {key: value for key, value in values.items() if before[key] != value}
    if changed:
        yield DetailsChanged(
            node=node,
            values=changed,
            before={key: None if before[key] is None else str(before[key]) for key in changed},
        )


class Deletion(NamedTuple):
    """What a delete would do, and what stands against it.

    Attributes:
        members: Versions that would go with a model or dataset.
        relying: What relies on it directly and would be left behind, by id.
        pointers: Aliases and stage names that would end.
        holding: Those of the names that are a promise to somebody.
    """

    members: list[int]
    relying: list[int]
    pointers: list[str]
    holding: list[str]

    @property
    def blocked(self) -> bool:
        """Whether it is refused unless it is forced."""
        return bool(self.relying or self.holding)


def plan_delete(view: GraphView, found: Found) -> Deletion | None:
    """Return what the delete of something would do; None if it is deleted already.

    Raises:
        InputTooLargeError: It has too many versions to go at once.
    """
    if (found.node, "deleted") in view.values([(found.node, "deleted")]):
        return None
    members = _members(view, found)
    relying = _relying(view, {found.node, *members})
    pointers = _pointers(view, found)
    return Deletion(members, relying, pointers, _holding(view, found, pointers))


def delete(view: GraphView, found: Found, *, force: bool, reason: str | None) -> Decision:
    """Put something out of sight; a model or dataset takes its versions with it.

    Raises:
        HasDependentsError: Something relies on it and it is not forced.
        InvalidInputError: It is forced without a reason.
        InputTooLargeError: It has too many versions to go at once.
    """
    plan = plan_delete(view, found)
    if plan is None:
        return
    if plan.blocked and not force:
        raise _blocked(view, found, plan.relying, plan.holding)
    if force and not reason:
        raise InvalidInputError("a forced delete needs a reason", hint="say why it has to go")
    yield NodeDeleted(
        node=found.node,
        members=plan.members,
        forced=plan.blocked,
        blocked_by=plan.relying[:_MAX_MEMBERS],
        family=found.family if plan.pointers else None,
        pointers=plan.pointers,
    )


def restore(view: GraphView, found: Found) -> Decision:
    """Bring back what was deleted, with the versions that were deleted together with it.

    Raises:
        AlreadyExistsError: Its name was taken by another one since.
    """
    held = view.nodes([found.node], ("deleted", "name"))[found.node]
    if "deleted" not in held.values:
        return
    if found.kind in FAMILY_KINDS.values():
        key = (REGISTRY, f"{found.kind}/{name_key(str(held.values['name']))}")
        if view.values([key]).get(key) != found.node:
            raise AlreadyExistsError(
                f"the name {held.values['name']!r} was taken since",
                hint="rename the one that has it now",
            )
    since = view.history(found.node, "deleted")[-1].since
    gone = _members(view, found, deleted=True)
    together = [
        member
        for member in gone
        if (past := view.history(member, "deleted"))
        and past[-1].until is None
        and past[-1].since == since
    ]
    yield NodeRestored(node=found.node, members=together)


def _members(view: GraphView, found: Found, *, deleted: bool = False) -> list[int]:
    if found.kind not in FAMILY_KINDS.values():
        return []
    kind = VERSION_KINDS[SPACES[found.kind]]
    members = view.select(Selection(kind, found.node, deleted=deleted), None, _MAX_MEMBERS + 1)
    if len(members) > _MAX_MEMBERS:
        raise InputTooLargeError(
            f"it has more than {_MAX_MEMBERS} versions", hint="delete its versions in parts first"
        )
    return members


def _relying(view: GraphView, nodes: Collection[int]) -> list[int]:
    edges = view.edges(nodes, Direction.DOWNSTREAM, LINEAGE)
    sources = sorted({edge.source for edge in edges} - set(nodes))
    gone = view.values([(source, "deleted") for source in sources])
    return [source for source in sources if (source, "deleted") not in gone]


def _pointers(view: GraphView, found: Found) -> list[str]:
    if found.kind is not NodeKind.MODEL_VERSION and found.kind is not NodeKind.DATASET_VERSION:
        return []
    held = _held_pointers(view, found.family)
    return sorted(key for key, version in held.items() if version == found.node)


def _held_pointers(view: GraphView, family: int) -> dict[str, Scalar]:
    values = view.nodes([family])[family].values
    return {key: value for key, value in values.items() if key.startswith(("alias/", "stage/"))}


def _holding(view: GraphView, found: Found, pointers: Collection[str]) -> list[str]:
    """Return the promises that the delete would break: stages, and a version's aliases."""
    if found.kind in FAMILY_KINDS.values():
        # A whole model takes its aliases with it; that it serves is another matter.
        held = sorted(_held_pointers(view, found.node))
        pointers = [pointer for pointer in held if pointer.startswith("stage/")]
    # The name of the newest archived version is nobody's promise.
    return [pointer for pointer in pointers if pointer != "stage/Archived"]


def _blocked(
    view: GraphView, found: Found, nodes: list[int], pointers: list[str]
) -> HasDependentsError:
    named = references_of(view, [found.node, *nodes[:_NAMED_BLOCKERS]])
    blockers = [named[id_] for id_ in nodes[:_NAMED_BLOCKERS]] + pointers
    shown = ", ".join(blockers[:3]) + (", ..." if len(blockers) > 3 else "")
    return HasDependentsError(
        f"{named[found.node]} cannot be deleted: {shown} rely on it",
        hint="delete those first, or force it with a reason",
        blocked_by=blockers,
        count=len(nodes) + len(pointers),
    )
