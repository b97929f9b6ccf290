"""The state of the log in one number: the root of its Merkle tree."""

from collections.abc import Iterable

from lineage_registry.domain.merkle import MerkleTree
from lineage_registry.ports.commands import LogProof
from lineage_registry.ports.graph import Recorded


def prove(log: Iterable[Recorded], revision: int) -> LogProof:
    """Return the size and root of the log as it was at a revision."""
    tree = MerkleTree()
    for recorded in log:
        if recorded.revision > revision:
            break
        tree.add(recorded.leaf)
    return LogProof(size=tree.size, root=tree.root().hex())
