"""The files beside an ONNX model that hold its weights, and the rules for naming them."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.onnx.tensors import Tensor
from lineage_registry.formats.reading import shown
from lineage_registry.ports.filesets import FileSet, remembering

_NAMED = 5
_DIGITS = re.compile(r"[0-9]{1,18}")


def external_files(files: FileSet, path: str, tensors: Iterable[Tensor]) -> list[str]:
    """Return the files that hold tensors of a model, in the names of the set.

    A name leads nowhere but down from the model's folder, and not over a link; and the files are
    as long as the tensors ask for.

    Raises:
        UnsafeArtifactError: A name leads out of the folder, or over a link.
        UnreadableArtifactError: A file is missing or too short.
    """
    folder = PurePosixPath(path).parent
    found: dict[str, int] = {}
    for tensor in tensors:
        if tensor.external is None:
            continue
        name = (folder / _name(tensor)).as_posix()
        begin, length = _number(tensor, "offset"), _number(tensor, "length")
        needed = tensor.bytes if length is None else length
        if tensor.bytes is not None and needed != tensor.bytes:
            raise UnreadableArtifactError(
                f"tensor {shown(tensor.name)} has {length} bytes, its shape asks for {tensor.bytes}"
            )
        found[name] = max(found.get(name, 0), (begin or 0) + (needed or 0))
    _check_there(files, found)
    return sorted(found)


def _name(tensor: Tensor) -> str:
    name = (tensor.external or {}).get("location", "")
    parts = name.removeprefix("./").split("/")
    odd = not name.isprintable() or "\\" in name or ":" in name
    if odd or any(part in {"", ".", ".."} for part in parts):
        raise UnsafeArtifactError(
            f"tensor {shown(tensor.name)} is in {shown(name)}, "
            "which is not below the model's folder"
        )
    return "/".join(parts)


def _number(tensor: Tensor, key: str) -> int | None:
    written = (tensor.external or {}).get(key)
    if written is None:
        return None
    if not _DIGITS.fullmatch(written):
        raise UnreadableArtifactError(f"tensor {shown(tensor.name)}: its {key} is no number")
    return int(written)


def _check_there(files: FileSet, found: dict[str, int]) -> None:
    seen = remembering(files)
    there = set(seen.paths())
    if missing := sorted(found.keys() - there):
        named = ", ".join(map(shown, missing[:_NAMED]))
        more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        raise UnreadableArtifactError(
            f"files with its weights are missing: {named}{more}; give the folder that holds them "
            "and the model"
        )
    for name, needed in found.items():
        if seen.is_linked(name):
            raise UnsafeArtifactError(f"the file {shown(name)} with its weights is a link")
        if seen.size(name) < needed:
            raise UnreadableArtifactError(
                f"the file {shown(name)} has {seen.size(name)} bytes, its tensors need {needed}"
            )
