"""The nodes that the references of a question mean."""

from collections.abc import Sequence

from lineage_registry.domain.graph import REGISTRY
from lineage_registry.domain.references import Reference, SelectorKind, range_ends
from lineage_registry.domain.resolution import (
    FAMILY_KINDS,
    Found,
    members,
    no_version,
    resolve_all,
)
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import InvalidReferenceError


def nodes_of(view: GraphView, references: Sequence[Reference], *, deleted: bool) -> list[int]:
    """Return the nodes that references mean; a model or dataset means all its versions.

    A range, `datasets:/raw/3..7`, means those of its numbers that exist.

    Raises:
        NotFoundError: One is not there, or a range has nothing in it.
    """
    ids: dict[int, None] = {}
    named = [one._replace(selector=None) if _is_range(one) else one for one in references]
    for reference, found in zip(references, resolve_all(view, named, deleted=deleted), strict=True):
        if _is_range(reference):
            ids.update(dict.fromkeys(_in_range(view, reference, found, deleted=deleted)))
        elif found.kind in FAMILY_KINDS.values():
            ids.update(dict.fromkeys(versions_of(view, found, deleted=deleted)))
        else:
            ids[found.node] = None
    return list(ids)


def single_nodes(view: GraphView, references: Sequence[Reference], *, deleted: bool) -> list[int]:
    """Return the node that each reference means; none of them means several.

    Raises:
        InvalidReferenceError: One is a whole model or dataset.
    """
    found = resolve_all(view, references, deleted=deleted)
    for reference, one in zip(references, found, strict=True):
        if one.kind in FAMILY_KINDS.values():
            raise InvalidReferenceError(
                f"{reference} names no version",
                hint=f"add one, like {reference.name}:latest",
                reference=str(reference),
            )
    return [one.node for one in found]


def versions_of(view: GraphView, family: Found, *, deleted: bool) -> list[int]:
    """Return all versions of a model or dataset, oldest first."""
    return members(view, family.node, family.kind, deleted=deleted)


def _is_range(reference: Reference) -> bool:
    return reference.selector is not None and reference.selector.kind is SelectorKind.RANGE


def _in_range(view: GraphView, reference: Reference, family: Found, *, deleted: bool) -> list[int]:
    """Return the versions whose numbers are in a range, oldest first.

    Raises:
        VersionNotFoundError: None is.
    """
    newest = int(view.values([(family.node, "last_number")])[family.node, "last_number"])
    first, last = (1, None) if reference.selector is None else range_ends(reference.selector)
    numbers = range(first, min(newest, newest if last is None else last) + 1)
    held = view.values([(REGISTRY, f"number/{family.node}/{number}") for number in numbers])
    ids = sorted(int(id_) for id_ in held.values())
    if not deleted:
        gone = view.values([(id_, "deleted") for id_ in ids])
        ids = [id_ for id_ in ids if (id_, "deleted") not in gone]
    if not ids:
        raise no_version(reference)
    return ids
