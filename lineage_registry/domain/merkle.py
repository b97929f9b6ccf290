"""A log in one number: the root of its Merkle tree (RFC 9162)."""

import hashlib


class MerkleTree:
    """The RFC 9162 tree over leaf hashes, grown one leaf at a time; keeps log2(n) hashes.

    Example:
        >>> MerkleTree().root().hex()[:8]  # the hash of nothing
        'e3b0c442'
    """

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        self.size += 1
        joined, left = leaf, self.size
        # As many pairs join as the new size has zero bits at its end.
        while not left & 1:
            joined = _node(self._peaks.pop(), joined)
            left >>= 1
        self._peaks.append(joined)

    def root(self) -> bytes:
        """Return the root hash, 32 bytes (RFC 9162, 2.1.1)."""
        if not self._peaks:
            return hashlib.sha256().digest()
        *rest, root = self._peaks
        for peak in reversed(rest):
            root = _node(peak, root)
        return root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
