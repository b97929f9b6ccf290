"""Tensors under several names, which a file without sharing stores once."""

from dataclasses import dataclass, field
from typing import Any

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.reading import shown

_PREFIX = "alias."


@dataclass
class Parts:
    """What is written: each tensor once, and the further names of some."""

    framework: str
    tensors: dict[str, Any] = field(default_factory=dict)
    further_names: dict[str, str] = field(default_factory=dict)


def alias_metadata(parts: Parts) -> dict[str, str]:
    """Return the further names in the form that the file's metadata keeps."""
    return {f"{_PREFIX}{tied}": name for tied, name in parts.further_names.items()}


def aliases(metadata: dict[str, str], tensors: dict[str, Any]) -> dict[str, str]:
    """Return the further names that the metadata tells, each with the name that has the tensor.

    Raises:
        UnreadableArtifactError: A further name stands for no tensor, or is taken.
    """
    found = {
        key.removeprefix(_PREFIX): name for key, name in metadata.items() if key.startswith(_PREFIX)
    }
    for tied, name in found.items():
        if name not in tensors or tied in tensors:
            raise UnreadableArtifactError(f"{shown(tied)} is tied to no tensor of the file")
    return found
