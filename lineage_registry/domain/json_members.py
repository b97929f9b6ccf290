"""JSON objects whose members have one meaning: each name is there once."""

from collections.abc import Sequence
from typing import Any

from lineage_registry.errors import InvalidInputError


def unique_members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members, as `json.loads` takes it for its `object_pairs_hook`.

    RFC 8259 leaves open which of two members of one name counts; here neither does.

    Raises:
        InvalidInputError: A name is there twice.
    """
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise InvalidInputError(f"the key {name[:60]!a} is there twice")
        seen.add(name)
    return made
