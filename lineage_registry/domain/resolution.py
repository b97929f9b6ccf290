"""From references to nodes and back, many at once."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from lineage_registry.domain.graph import Node, NodeKind
from lineage_registry.domain.names import name_key
from lineage_registry.domain.references import (
    SPACES,
    Reference,
    SelectorKind,
    Space,
    write_reference,
)
from lineage_registry.domain.view import (
    Address,
    Column,
    GraphView,
    Located,
    Origin,
    Selection,
)
from lineage_registry.errors import (
    AliasNotFoundError,
    DatasetNotFoundError,
    DeletedError,
    DeploymentNotFoundError,
    InvalidReferenceError,
    ModelNotFoundError,
    NotFoundError,
    RunNotFoundError,
    StageNotFoundError,
    VersionNotFoundError,
)

FAMILY_KINDS = {Space.MODELS: NodeKind.MODEL, Space.DATASETS: NodeKind.DATASET}
VERSION_KINDS = {Space.MODELS: NodeKind.MODEL_VERSION, Space.DATASETS: NodeKind.DATASET_VERSION}
_KINDS = {**FAMILY_KINDS, Space.RUNS: NodeKind.RUN, Space.DEPLOYMENTS: NodeKind.DEPLOYMENT}
_MISSING: Mapping[Space, type[NotFoundError]] = {
    Space.MODELS: ModelNotFoundError,
    Space.DATASETS: DatasetNotFoundError,
    Space.RUNS: RunNotFoundError,
    Space.DEPLOYMENTS: DeploymentNotFoundError,
}
VERSIONS = frozenset(VERSION_KINDS.values())
"""The kinds of nodes that are versions, of models or datasets."""
NAME_COLUMNS = (
    (Column(Origin.OWNER_VALUE, "name", VERSIONS),),
    (
        Column(Origin.FACT, "number", VERSIONS),
        Column(Origin.FACT, "run_id", frozenset({NodeKind.RUN})),
        Column(Origin.VALUE, "name", frozenset({*FAMILY_KINDS.values(), NodeKind.DEPLOYMENT})),
    ),
)
"""What a reference is written of: the name of the family or None, then the node's own name."""


class Found(NamedTuple):
    """The node that a reference names; `family` is its model or dataset, if it has one."""

    node: int
    kind: NodeKind
    family: int


def resolve(view: GraphView, reference: Reference, *, deleted: bool = False) -> Found:
    """Return what a reference names.

    Raises:
        NotFoundError: The subclass says what of it is missing.
        DeletedError: It was deleted, and `deleted` things are not asked for.
    """
    return resolve_all(view, [reference], deleted=deleted)[0]


def resolve_version(view: GraphView, reference: Reference, *, deleted: bool = False) -> Found:
    """Return the version that a reference names.

    Raises:
        InvalidReferenceError: It names a whole model or dataset, or something without versions.
        NotFoundError: The subclass says what of it is missing.
    """
    return resolve_all(view, [reference], deleted=deleted, versions=True)[0]


def resolve_all(
    view: GraphView,
    references: Sequence[Reference],
    *,
    deleted: bool = False,
    versions: bool = False,
) -> list[Found]:
    """Return what each reference names, in one read however many they are, one more for `latest`.

    Args:
        view: Where to look.
        references: What to look for.
        deleted: Whether deleted things are found, too.
        versions: Whether each one has to name a version.

    Raises:
        InvalidReferenceError: `versions` is asked for and one names none, or one names several.
        NotFoundError: The subclass says what is missing, of the first one that is.
    """
    for reference in references:
        _refuse_range(reference)
        if versions:
            _demand_version(reference)
    addresses = {reference: _address(reference) for reference in references}
    located = view.locate(set(addresses.values()))
    for reference, address in addresses.items():
        if address not in located:
            raise _missing(view, reference)
    found = [_found(view, one, located[addresses[one]]) for one in references]
    if not deleted:
        for reference in references:
            if located[addresses[reference]].deleted:
                raise DeletedError(
                    f"{reference} was deleted",
                    hint="restore it; many questions also take `deleted`, which includes it",
                    reference=str(reference),
                )
    return found


def members(view: GraphView, family: int, kind: NodeKind, *, deleted: bool) -> list[int]:
    """Return all versions of a model or dataset, which is of this `kind`, oldest first."""
    selection = Selection(VERSION_KINDS[SPACES[kind]], family, deleted=deleted)
    return list(view.select_all(selection))


def references_of(view: GraphView, ids: Collection[int]) -> dict[int, str]:
    """Return the reference of each node as it reads at the view's revision."""
    return {
        id_: write_reference(kind, *cells)
        for kind, (id_, _, *cells) in view.table(ids, NAME_COLUMNS)
    }


def write_references(view: GraphView, nodes: Mapping[int, Node]) -> dict[int, str]:
    """Return the references of nodes that were read with their `name`; reads their families."""
    owners = {node.owner for node in nodes.values() if node.owner} - nodes.keys()
    named = {**nodes, **view.nodes(owners, ("name",))} if owners else nodes
    return {id_: _write(node, named) for id_, node in nodes.items()}


def _write(node: Node, named: Mapping[int, Node]) -> str:
    if node.kind in VERSIONS:
        return write_reference(node.kind, named[node.owner].values["name"], node.facts["number"])
    key = node.facts["run_id"] if node.kind is NodeKind.RUN else node.values["name"]
    return write_reference(node.kind, None, key)


def _name_key(reference: Reference) -> str:
    if reference.space is Space.RUNS:
        return f"run/{reference.name}"
    return f"{_KINDS[reference.space]}/{name_key(reference.name)}"


def _address(reference: Reference) -> Address:
    key, selector = _name_key(reference), reference.selector
    if selector is None or selector.kind is SelectorKind.LATEST:
        return Address(key)
    if selector.kind in {SelectorKind.NUMBER, SelectorKind.LABEL}:
        return Address(key, f"{selector.kind}/", f"/{selector.value}")
    return Address(key, f"{selector.kind}/{selector.value}")


def _found(view: GraphView, reference: Reference, located: Located) -> Found:
    family, selector = located.first, reference.selector
    if selector is None:
        return Found(family, _KINDS[reference.space], family)
    kind, node = VERSION_KINDS[reference.space], located.second
    if selector.kind is SelectorKind.LATEST:
        node = next(iter(view.select(Selection(kind, family, newest_first=True), None, 1)), None)
    if node is None:
        raise no_version(reference)
    return Found(node, kind, family)


def _refuse_range(reference: Reference) -> None:
    if reference.selector is not None and reference.selector.kind is SelectorKind.RANGE:
        raise InvalidReferenceError(
            f"{reference} names several versions",
            hint="name one of them; only questions about many things take a range",
            reference=str(reference),
        )


def _demand_version(reference: Reference) -> None:
    if reference.space not in VERSION_KINDS:
        raise InvalidReferenceError(
            f"{reference} is not a version of a model or dataset", reference=str(reference)
        )
    if reference.selector is None:
        raise InvalidReferenceError(
            f"{reference} names no version",
            hint=f"add one, like {reference.name}:latest",
            reference=str(reference),
        )


def _missing(view: GraphView, reference: Reference) -> NotFoundError:
    kind = _KINDS[reference.space]
    what = "registered model" if kind is NodeKind.MODEL else str(kind)
    hint = None
    if kind is not NodeKind.RUN:
        near = _similar_names(view, kind, reference.name)
        hint = f"did you mean {' or '.join(near)}?" if near else None
        hint = _namesake(view, reference) or hint
    return _MISSING[reference.space](
        f"there is no {what} {reference.name!r}", hint=hint, reference=str(reference)
    )


def _namesake(view: GraphView, reference: Reference) -> str | None:
    """Say that the other catalogue has this name: short references name only one of them."""
    if reference.space not in {Space.MODELS, Space.DATASETS}:
        return None
    other = Space.DATASETS if reference.space is Space.MODELS else Space.MODELS
    family = Reference(other, reference.name)
    if not view.locate({_address(family)}):
        return None
    return f"there is a {other.removesuffix('s')} of this name: {family}"


def _similar_names(view: GraphView, kind: NodeKind, name: str) -> list[str]:
    known = view.nodes(view.select(Selection(kind, newest_first=True), None, 500), ("name",))
    return difflib.get_close_matches(name, [str(node.values["name"]) for node in known.values()], 2)


def no_version(reference: Reference) -> NotFoundError:
    """Return the error that says what is missing behind the name of a model or dataset."""
    selector = reference.selector
    context = {"reference": str(reference)}
    if selector is not None and selector.kind is SelectorKind.ALIAS:
        return AliasNotFoundError(
            f"{reference.name!r} has no alias {selector.value!r}",
            hint=f"list the aliases of {reference.name!r} to see what exists",
            **context,
        )
    if selector is not None and selector.kind is SelectorKind.STAGE:
        return StageNotFoundError(
            f"{reference.name!r} has no version in stage {selector.value!r}",
            hint="stages are written in exact case",
            **context,
        )
    return VersionNotFoundError(
        f"{reference.name!r} has no version {selector.value if selector else ''!r}",
        hint=f"list the versions of {reference.name!r} to see what exists",
        **context,
    )
