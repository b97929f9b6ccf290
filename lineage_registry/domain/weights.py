"""The digest of a model's tensors: what they are, in whatever file they lie."""

import hashlib
import json
from collections.abc import Iterable
from typing import NamedTuple

from lineage_registry.domain.digests import Digest


class TensorContent(NamedTuple):
    """One tensor: its name, element type, shape, and the SHA-256 of its elements in order."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    content: str


def weights_digest(tensors: Iterable[TensorContent]) -> Digest:
    """Return the digest of these tensors together, the same in whatever order they come.

    It is the SHA-256 over a JSON list for each tensor, by name: name, element type as torch writes
    it, shape, and SHA-256 of the elements, little-endian, row by row.

    Example:
        >>> str(weights_digest([TensorContent("w", "float32", (2,), "ab" * 32)]))[:14]
        'sha256:87cd89e'
    """
    whole = hashlib.sha256()
    for name, dtype, shape, content in sorted(tensors):
        whole.update(json.dumps([name, f"torch.{dtype}", list(shape), content]).encode())
    return Digest(whole.hexdigest())
