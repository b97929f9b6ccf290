"""Pickled objects, also as joblib writes them: what they ask to import and which arrays they hold.

In a joblib file the numbers of an array lie between two instructions of the pickle, behind the one
that sets the state of its `NumpyArrayWrapper`.
"""

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import Census, elements
from lineage_registry.formats.pickles.arrays import Array, count_arrays, element_type, shape_of
from lineage_registry.formats.pickles.gate import (
    MAX_PICKLE,
    Asked,
    BoundedReader,
    Global,
    Inert,
    Skipped,
    asked_inside,
    asked_until_broken,
    inert,
    read_pickle,
)
from lineage_registry.formats.pickles.pictures import attributes, walk
from lineage_registry.formats.pickles.policy import judge
from lineage_registry.formats.reading import plain

_WRAPPERS = frozenset(
    {
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper",
    }
)
_FROM_BYTES = "torch.storage._load_from_bytes"
_RECONSTRUCTORS = frozenset({"copyreg._reconstructor", "copy_reg._reconstructor"})
_FROM_TEXT = "_codecs.encode"
_MAX_PARTS = 2
"""Of what wraps an array: what it was made with, and its state."""
_MAX_ATTRIBUTES = 100
_MAX_WRAPPED = 100_000


@dataclass(frozen=True, slots=True)
class Pickled:
    """What was found in one file of a pickle.

    Attributes:
        wrapped: Whether joblib wrote it, and only joblib reads it.
        root: The class of the object, if it is one.
        producer: The library that it says made it, with its version.
    """

    census: Census
    asked: frozenset[tuple[str, str]]
    wrapped: bool
    root: str | None
    producer: str | None

    def verdict(self) -> tuple[Verdict, tuple[str, ...]]:
        """Return the verdict on the file, with its reasons; a pickle is never safe."""
        verdict, reasons = judge(self.asked)
        if verdict is Verdict.SAFE:
            return Verdict.NEEDS_TRUST, ("it is a pickle, but no checkpoint of torch",)
        return verdict, reasons


@dataclass
class _Reading:
    """One reading of one file."""

    asked: set[tuple[str, str]] = field(default_factory=set)
    wrapped: int = 0

    def read(self, reader: BoundedReader, *, depth: int = 0) -> Any:
        built = self._built if depth == 0 else None
        picture, asked = read_pickle(reader, call=inert, persistent=_no_reference, built=built)
        self.asked |= asked
        return picture

    def _built(self, reader: BoundedReader, made: Inert) -> Any:
        if made.made_by.full not in _WRAPPERS:
            return made
        self.wrapped += 1
        if self.wrapped > _MAX_WRAPPED:
            raise UnsafeArtifactError("the pickle wraps too many arrays")
        if len(made.parts) > _MAX_PARTS or len(made.parts[-1] or ()) > _MAX_ATTRIBUTES:
            raise UnsafeArtifactError("the pickle wraps an array in an odd way")
        state = attributes(made)
        kind = element_type(state.get("dtype"))
        if kind is None:
            raise UnreadableArtifactError("the pickle wraps an array of an unknown kind")
        shape = shape_of(state.get("shape"))
        if kind.objects:
            return Inert(Global("numpy", "ndarray"), [self.read(reader, depth=1)])
        if state.get("numpy_array_alignment_bytes") is not None:
            reader.skip(reader.read(1)[0])
        reader.skip(elements(shape) * kind.size)
        return Array(kind.name, shape)


def read_objects(stream: BinaryIO) -> Pickled:
    """Return what a file of one pickle holds.

    Raises:
        UnsafeArtifactError: It breaks a rule, or something follows it.
        UnreadableArtifactError: It is broken.
    """
    reading = _Reading()
    picture = reading.read(BoundedReader(stream, MAX_PICKLE))
    if stream.read(1):
        raise UnsafeArtifactError("something follows the pickle")
    reading.asked |= _asked_inside(picture)
    return Pickled(
        count_arrays(picture),
        frozenset(reading.asked),
        bool(reading.wrapped),
        _class_of(picture),
        _producer(picture),
    )


def asked_by_others(stream: BinaryIO) -> frozenset[tuple[str, str]]:
    """Return what the plain reader of pickles would import from a file that joblib wrote.

    It takes the numbers of arrays for instructions. Of honest numbers that makes nonsense at once;
    a file can be made so that it makes sense.
    """
    return asked_until_broken(BoundedReader(stream, MAX_PICKLE))


def _asked_inside(picture: Any) -> set[tuple[str, str]]:
    """Return what pickles inside of the pickle ask for, as torch puts one in for each storage."""
    asked: set[tuple[str, str]] = set()
    seen: set[int] = set()
    for _, storage in walk(picture, _storage):
        data = _first_given(storage)
        if id(data) in seen:
            continue
        seen.add(id(data))
        found = _asked_by(data)
        if found is None:
            raise UnsafeArtifactError("nobody can look into a pickle inside of the pickle")
        asked |= found
    return asked


def _storage(item: Any) -> Inert | None:
    return item if isinstance(item, Inert) and item.made_by.full == _FROM_BYTES else None


def _asked_by(data: Any) -> Asked | None:
    if isinstance(data, Inert) and data.made_by.full == _FROM_TEXT:
        # So are bytes written by the protocols before the third.
        data = _first_given(data)
    if isinstance(data, Skipped):
        return data.asked
    if isinstance(data, str):
        data = data.encode("latin-1", "ignore")
    return asked_inside(data)[0] if isinstance(data, bytes) else None


def _first_given(call: Inert) -> Any:
    given = call.parts[0] if call.parts else None
    return given[0] if isinstance(given, tuple) and given else None


def _class_of(picture: Any) -> str | None:
    if isinstance(picture, Array):
        return "numpy.ndarray"
    if not isinstance(picture, Inert):
        return None
    first = picture.parts[0] if picture.parts else None
    if picture.made_by.full in _RECONSTRUCTORS and isinstance(first, tuple) and first:
        made = first[0]
        return plain(made.full) if isinstance(made, Global) else None
    return plain(picture.made_by.full)


def _producer(picture: Any) -> str | None:
    version = attributes(picture).get("_sklearn_version")
    return f"scikit-learn {plain(version)}" if isinstance(version, str) else None


def _no_reference(_pid: Any) -> Any:
    raise UnsafeArtifactError("the pickle refers to a storage where none can be")
