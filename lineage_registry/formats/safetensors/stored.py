"""The tensors of safetensors files, where their bytes lie."""

from collections.abc import Iterator, Sequence
from functools import partial

from lineage_registry.formats.safetensors.header import read_header
from lineage_registry.formats.safetensors.ties import aliases
from lineage_registry.formats.tensor_bytes import span
from lineage_registry.ports.filesets import FileSet
from lineage_registry.ports.tensors import StoredTensor


def stored_tensors(files: FileSet, paths: Sequence[str]) -> Iterator[StoredTensor]:
    """Yield the tensors of the files together, tied ones under each of their names."""
    for path in paths:
        yield from _of_file(files, path)


def _of_file(files: FileSet, path: str) -> Iterator[StoredTensor]:
    size = files.size(path)
    with files.open(path) as stream:
        header = read_header(stream, size)
    data = size - max((entry.end for entry in header.entries), default=0)
    found = {}
    for entry in header.entries:
        begin, end = data + entry.begin, data + entry.end
        found[entry.name] = StoredTensor(
            name=entry.name,
            dtype=entry.dtype,
            shape=entry.shape,
            size=end - begin,
            place=(path, begin, end, entry.dtype),
            pieces=partial(span, files, path, begin, end),
        )
    yield from found.values()
    for tied, name in aliases(header.metadata, found).items():
        yield found[name]._replace(name=tied)
