"""Tensors as they lie in files: read piece by piece, without a framework."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final, NamedTuple

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.weights import TensorContent, weights_digest

MAX_READ: Final = 1024**3
"""Bytes of a version up to which a registry reads all of it for the digest of its tensors.

Of more the client computes it, who has them at hand.
"""


class StoredTensor(NamedTuple):
    """A tensor in a file.

    Attributes:
        dtype: Element type as numpy and torch name it: float32, bfloat16, ...
        size: Bytes of its elements.
        place: What tells its bytes from those of others; two names of one place are tied.
        pieces: Yields its elements' bytes in order, little-endian, row by row.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    place: Hashable
    pieces: Callable[[], Iterator[bytes]]


def digest_of_tensors(tensors: Iterable[StoredTensor], most: int) -> Digest | None:
    """Return the digest of the tensors together.

    None if there are none, if two have one name, or if they have more than `most` bytes: views of
    the same bytes can be many, and each is read.
    """
    contents: dict[str, TensorContent] = {}
    known: dict[Hashable, str] = {}
    for tensor in tensors:
        if tensor.name in contents:
            return None
        if tensor.place not in known:
            most -= tensor.size
            if most < 0:
                return None
            known[tensor.place] = _sha256(tensor)
        contents[tensor.name] = TensorContent(
            tensor.name, tensor.dtype, tensor.shape, known[tensor.place]
        )
    return weights_digest(contents.values()) if contents else None


def _sha256(tensor: StoredTensor) -> str:
    content = hashlib.sha256()
    for piece in tensor.pieces():
        content.update(piece)
    return content.hexdigest()
