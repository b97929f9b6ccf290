"""The nodes that the references of a question mean."""

from collections.abc import Sequence

from lineage_registry.domain.references import SPACES, Reference
from lineage_registry.domain.resolution import FAMILY_KINDS, VERSION_KINDS, Found, resolve_all
from lineage_registry.domain.view import GraphView, Selection

_AT_ONCE = 10_000


def nodes_of(view: GraphView, references: Sequence[Reference], *, deleted: bool) -> list[int]:
    """Return the nodes that references mean; a model or dataset means all its versions."""
    ids: dict[int, None] = {}
    for found in resolve_all(view, references, deleted=deleted):
        if found.kind not in FAMILY_KINDS.values():
            ids[found.node] = None
            continue
        ids.update(dict.fromkeys(versions_of(view, found, deleted=deleted)))
    return list(ids)


def versions_of(view: GraphView, family: Found, *, deleted: bool) -> list[int]:
    """Return all versions of a model or dataset, oldest first."""
    found: list[int] = []
    selection = Selection(VERSION_KINDS[SPACES[family.kind]], family.node, deleted=deleted)
    while True:
        batch = view.select(selection, found[-1] if found else None, _AT_ONCE)
        found.extend(batch)
        if len(batch) < _AT_ONCE:
            return found
