"""Versions whose tensors are the same: computed when they are registered, found by an index."""

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.events.versions import weights_prefix
from lineage_registry.domain.graph import REGISTRY, Node
from lineage_registry.domain.resolution import references_of, resolve_version
from lineage_registry.domain.view import GraphView
from lineage_registry.ports.commands import Context, GetSameWeights, SameWeights, Version
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.workplace import Workplace, read

_NAMED = 20


def get_same_weights(work: Workplace, command: GetSameWeights, _: Context) -> SameWeights:
    """Return the versions that hold the same tensors as one, or tensors of this digest."""
    asked = None if command.of.startswith("sha256:") else read(command.of)
    own: int | None = None
    weights: str | None = None
    of = command.of
    with work.ask(command.as_of, [] if asked is None else [asked]) as view:
        if asked is None:
            weights = str(Digest.parse(command.of))
        else:
            own = resolve_version(view, asked, deleted=command.deleted).node
            of = references_of(view, [own])[own]
            weights = _weights(view.nodes([own], ())[own])
        found = [] if weights is None else holders(view, weights, deleted=command.deleted)
        others = [id_ for id_ in found if id_ != own]
        return SameWeights(
            of=of,
            weights=weights,
            nodes=describe_nodes(view, dict.fromkeys(others[: command.limit], 0)),
            truncated=len(others) > command.limit,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def with_same_weights(view: GraphView, version: Version) -> Version:
    """Return the version with the references of the first others that hold its tensors."""
    if version.weights is None:
        return version
    others = [id_ for id_ in holders(view, version.weights) if id_ != version.id][:_NAMED]
    named = references_of(view, others) if others else {}
    return version.model_copy(update={"same_weights": [named[id_] for id_ in others]})


def holders(view: GraphView, weights: str, *, deleted: bool = False) -> list[int]:
    """Return the versions that hold tensors of this digest, oldest first."""
    under = view.values_under(REGISTRY, weights_prefix(weights))
    found = sorted(int(id_) for id_ in under.values())
    if deleted or not found:
        return found
    gone = view.values([(id_, "deleted") for id_ in found])
    return [id_ for id_ in found if (id_, "deleted") not in gone]


def _weights(node: Node) -> str | None:
    found = node.facts.get("weights")
    return None if found is None else str(found)
