"""The tensors inside of a pickled checkpoint, from the inert picture of its pickle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import Census, elements, named_as_buffer
from lineage_registry.formats.pickles.gate import Global, Pairs, inert
from lineage_registry.formats.pickles.pictures import walk
from lineage_registry.formats.reading import shown

_MAX_DIMENSIONS = 64

_STORAGES = {
    "BFloat16Storage": "bfloat16",
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "QInt32Storage": "qint32",
    "QInt8Storage": "qint8",
    "QUInt2x4Storage": "quint2x4",
    "QUInt4x2Storage": "quint4x2",
    "QUInt8Storage": "quint8",
    "ShortStorage": "int16",
    "UntypedStorage": "uint8",
}
STATE_DICTS = ("state_dict", "model_state_dict", "model", "module")
"""Under which names a checkpoint keeps the weights among other things."""
_SIZES = {
    "bool": 1,
    "uint8": 1,
    "int8": 1,
    "qint8": 1,
    "quint8": 1,
    "quint4x2": 1,
    "quint2x4": 1,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2": 1,
    "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1,
    "float4_e2m1fn_x2": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "bfloat16": 2,
    "int32": 4,
    "uint32": 4,
    "qint32": 4,
    "float32": 4,
    "complex32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes outside of the pickle, by key."""

    key: str
    dtype: str
    size: int

    @property
    def bytes(self) -> int:
        """How many bytes it says it has."""
        return self.size * _SIZES[self.dtype]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A view of a storage."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def width(self) -> int:
        """Bytes of an element."""
        return _SIZES[self.dtype]


@dataclass
class Storages:
    """The storages that a pickle refers to; one key always means the same."""

    by_key: dict[str, Storage] = field(default_factory=dict)

    def refer(self, pid: Any) -> Storage:
        """Return the storage of a persistent id, `("storage", class, key, device, size, ...)`.

        Raises:
            UnsafeArtifactError: It is no such reference, or contradicts an earlier one.
        """
        if not isinstance(pid, tuple) or len(pid) not in {5, 6} or pid[0] != "storage":
            raise UnsafeArtifactError("the pickle refers to something that is not a storage")
        kind, key, _, size = pid[1:5]
        if not isinstance(kind, Global) or not isinstance(key, str) or not _natural(size):
            raise UnsafeArtifactError("the pickle refers to a storage in an odd way")
        dtype = _STORAGES.get(kind.name)
        if dtype is None:
            raise UnsafeArtifactError(f"the pickle refers to a storage of kind {shown(kind.full)}")
        storage = Storage(key, dtype, size)
        if self.by_key.setdefault(key, storage) != storage:
            raise UnsafeArtifactError(f"the pickle contradicts itself about storage {shown(key)}")
        return storage


def call(made_by: Global, arguments: Any) -> Any:
    """Return the picture of what an allowed function would have made.

    Raises:
        UnsafeArtifactError: A tensor reaches outside of its storage.
        UnreadableArtifactError: The arguments are not what the function takes.
    """
    if not isinstance(arguments, tuple):
        raise UnreadableArtifactError("the pickle calls something without arguments")
    make = _MAKERS.get(made_by.full)
    return make(arguments) if make else inert(made_by, arguments)


def _rebuilt(arguments: tuple[Any, ...]) -> Tensor:
    storage, offset, shape, stride = arguments[:4]
    return _tensor(storage, storage.dtype, offset, shape, stride)


def _rebuilt_typed(arguments: tuple[Any, ...]) -> Tensor:
    storage, offset, shape, stride, _, _, dtype = arguments[:7]
    return _tensor(storage, dtype.name, offset, shape, stride)


def _tensor(storage: Storage, dtype: str, offset: Any, shape: Any, stride: Any) -> Tensor:
    numbers = (offset, *shape, *stride)
    if dtype not in _SIZES or not all(_natural(number) for number in numbers):
        raise UnsafeArtifactError("a tensor has an odd dtype, offset, shape or stride")
    if len(shape) != len(stride) or len(shape) > _MAX_DIMENSIONS:
        raise UnsafeArtifactError("a tensor has an odd number of dimensions")
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    if elements(shape) and (last + 1) * _SIZES[dtype] > storage.bytes:
        raise UnsafeArtifactError("a tensor reaches outside of its storage")
    return Tensor(storage, dtype, offset, tuple(shape), tuple(stride))


def _first(arguments: tuple[Any, ...]) -> Any:
    return arguments[0]


def _subclass(arguments: tuple[Any, ...]) -> Any:
    made_by, _, inner = arguments[:3]
    if not isinstance(made_by, Global):
        raise UnsafeArtifactError("the pickle calls something that it computed")
    if _MAKERS.get(made_by.full) in {_subclass, _ordered}:
        raise UnsafeArtifactError(f"the pickle rebuilds a tensor by {shown(made_by.full)}")
    return call(made_by, inner)


def _ordered(arguments: tuple[Any, ...]) -> Pairs:
    given = arguments[0] if arguments else []
    return Pairs((key, value) for key, value in given)


_MAKERS = {
    "collections.OrderedDict": _ordered,
    "torch._tensor._rebuild_from_type_v2": _subclass,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._utils._rebuild_qtensor": _rebuilt,
    "torch._utils._rebuild_tensor": _rebuilt,
    "torch._utils._rebuild_tensor_v2": _rebuilt,
    "torch._utils._rebuild_tensor_v3": _rebuilt_typed,
}


def take_census(root: Any, is_buffer: Callable[[str], object] = named_as_buffer) -> Census:
    """Return the count of all tensors that can be reached, elements that share bytes once.

    Args:
        root: Picture of what was pickled.
        is_buffer: Whether a tensor of this name is not trained.

    Raises:
        UnsafeArtifactError: There are too many.
    """
    census = Census()
    views: dict[tuple[Storage, str], dict[tuple[int, int], bool]] = {}
    for name, tensor in _walk(root):
        census.see(name, tensor.dtype, tensor.shape)
        seen = views.setdefault((tensor.storage, tensor.dtype), {})
        span = (tensor.offset, elements(tensor.shape))
        seen[span] = seen.get(span, True) and bool(is_buffer(name))
    buffers = 0
    for (storage, dtype), spans in views.items():
        room = storage.bytes // _SIZES[dtype]
        stored = min(room, sum(count for _, count in spans))
        census.count(dtype, stored)
        trained = sum(count for (_, count), buffer in spans.items() if not buffer)
        buffers += max(0, stored - trained)
    census.buffers = buffers or None
    return census


def weights_of(root: Any) -> list[tuple[str, Tensor]]:
    """Return the tensors that are the model, by name.

    A dictionary with a state dict under one of the usual names beside counters and the state of an
    optimizer is that state dict.
    """
    named = dict(_named(root))
    for key in STATE_DICTS:
        inner = [(name, item) for name, item in _named(named.get(key)) if isinstance(item, Tensor)]
        if inner:
            return inner
    direct = [(name, item) for name, item in named.items() if isinstance(item, Tensor)]
    return direct or list(_walk(root))


def _named(item: Any) -> list[tuple[str, Any]]:
    if not isinstance(item, Pairs):
        return []
    return [(key, value) for key, value in item if isinstance(key, str)]


def _walk(root: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor with its dotted name, in order."""
    yield from walk(root, lambda item: item if isinstance(item, Tensor) else None)


def _natural(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63
