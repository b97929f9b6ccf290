"""How many trees and nodes an ensemble of Core ML has: `mlmodel/format/TreeEnsemble.proto`."""

from lineage_registry.formats.protobuf import BYTES, VARINT, Field, Protobuf

ENSEMBLES = frozenset({302, 402})
_MOST_NODES = 1_000_000


def count_trees(proto: Protobuf, whole: Field) -> dict[str, str]:
    """Return both as notes; nothing of a forest that is too large to be walked through.

    Raises:
        UnreadableArtifactError: It is broken.
    """
    trees: set[int] = set()
    nodes = 0
    for ensemble in proto.inside(whole):
        if (ensemble.number, ensemble.wire) != (1, BYTES):
            continue
        for node in proto.inside(ensemble):
            if node.number == 1:
                nodes += 1
                trees.add(_tree_of(proto, node))
            if nodes > _MOST_NODES:
                return {}
    return {"trees": str(len(trees)), "nodes": str(nodes)}


def _tree_of(proto: Protobuf, node: Field) -> int:
    """Return the number of a node's tree, which is written first and left out if it is 0."""
    first = next(iter(proto.inside(node)), None)
    return first.value if first and (first.number, first.wire) == (1, VARINT) else 0
