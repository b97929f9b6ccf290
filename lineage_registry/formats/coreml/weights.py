"""Weights of a Core ML model, whatever kind it is of."""

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.census import Census
from lineage_registry.formats.coreml.network import count_network
from lineage_registry.formats.coreml.program import count_program
from lineage_registry.formats.protobuf import BYTES, FIXED_64, Field, Protobuf
from lineage_registry.ports.filesets import FileSet

_NETWORKS = frozenset({303, 403, 500})
_LINEAR = frozenset({300, 400})
_PROGRAM = 502
_WIDTH = 8


def count_weights(proto: Protobuf, whole: Field, files: FileSet, path: str) -> Census | None:
    """Return the weights of a neural network, a program or a linear model; None of any other kind.

    Raises:
        UnreadableArtifactError: It is broken, or weights are missing.
        UnsafeArtifactError: It is beyond a limit, or weights lie where they must not.
    """
    if whole.number == _PROGRAM:
        return count_program(proto, whole, files, path)
    census = Census()
    if whole.number in _NETWORKS:
        count_network(proto, whole, census)
    elif whole.number in _LINEAR:
        _count_linear(proto, whole, census)
    else:
        return None
    return census


def _count_linear(proto: Protobuf, whole: Field, census: Census) -> None:
    """Add the weights of each output, and what is added to them."""
    offsets = 0
    for found in proto.inside(whole):
        if found.number == 1:
            held = [each for each in proto.inside(found) if each.number == 1]
            _see(census, f"weights.{census.tensors}", sum(each.length for each in held))
        elif found.number == 2 and found.wire in {BYTES, FIXED_64}:
            offsets += found.length
    if offsets:
        _see(census, "offset", offsets)


def _see(census: Census, name: str, size: int) -> None:
    if size % _WIDTH:
        raise UnsafeArtifactError("weights of a linear model are cut off inside a number")
    census.see(name, "float64", (size // _WIDTH,))
    census.count("float64", size // _WIDTH)
