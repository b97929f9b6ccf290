"""The weights of a checkpoint as tensors that can be read without torch."""

from collections.abc import Iterator
from functools import partial

from lineage_registry.formats.pytorch.checkpoint import Checkpoint
from lineage_registry.formats.pytorch.tensors import Tensor, weights_of
from lineage_registry.formats.tensor_bytes import MAX_GATHERED, View, gathered
from lineage_registry.ports.filesets import FileSet
from lineage_registry.ports.tensors import StoredTensor


def stored_tensors(files: FileSet, path: str, checkpoint: Checkpoint) -> Iterator[StoredTensor]:
    """Yield the weights; none if some cannot be read as plain elements."""
    weights = weights_of(checkpoint.picture)
    if checkpoint.notes.get("byteorder", "little") != "little":
        return
    if not all(_is_plain(tensor, checkpoint) for _, tensor in weights):
        return
    for name, tensor in weights:
        view = _view(tensor, checkpoint)
        yield StoredTensor(
            name=name,
            dtype=tensor.dtype,
            shape=tensor.shape,
            size=view.size,
            place=(path, tensor.dtype, view),
            pieces=partial(gathered, files, path, view),
        )


def _view(tensor: Tensor, checkpoint: Checkpoint) -> View:
    begin = checkpoint.starts[tensor.storage.key] + tensor.offset * tensor.width
    return View(begin, tensor.shape, tensor.stride, tensor.width)


def _is_plain(tensor: Tensor, checkpoint: Checkpoint) -> bool:
    if tensor.dtype.startswith("q") or tensor.storage.key not in checkpoint.starts:
        return False
    view = _view(tensor, checkpoint)
    return view.row_by_row or view.reach <= MAX_GATHERED
