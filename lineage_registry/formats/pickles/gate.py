"""Reading a pickle without importing or calling anything it names.

This is CPython's own unpickling machine, in its Python form, with its dangerous instructions
replaced: a second parser would differ from the real one in the corners that attackers look for.
What a pickle imports becomes a `Global`, what it calls becomes an `Inert`, its dictionaries become
lists of pairs (so that no key is ever hashed), and every budget is counted.
"""

import io
import pickle
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Never

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.pickles.policy import is_allowed
from lineage_registry.formats.reading import shown

MAX_PICKLE = 32 * 1024 * 1024
MAX_INSTRUCTIONS = 2_000_000
MAX_NESTING = 1_000
MAX_GLOBALS = 1_000
_MAX_HELD = 64 * 1024
_LOADS = frozenset({("torch.storage", "_load_from_bytes")})
_PICKLES = 5
"""How many pickles one after the other are a storage of torch; its numbers follow them."""
_ZIP = b"PK\x03\x04"
_STEP = 1024 * 1024

_MACHINE: Any = pickle._Unpickler  # noqa: SLF001 - see above
FAILURES = (
    pickle.UnpicklingError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    RecursionError,
    MemoryError,
    struct.error,
)


Asked = frozenset[tuple[str, str]]
"""What is asked to be imported, by module and name."""


@dataclass(frozen=True, slots=True)
class Global:
    """Something that the pickle asks to import."""

    module: str
    name: str

    @property
    def full(self) -> str:
        """The dotted name."""
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Inert:
    """What a call or an object would have been: only what went into it."""

    made_by: Global
    parts: list[Any] = field(default_factory=list)


class Pairs(list[tuple[Any, Any]]):
    """A dictionary, as the pairs in the order they were set."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Bytes or text too long to be held.

    Attributes:
        length: How many there are.
        asked: What pickles at their beginning ask to import, as torch puts some into the bytes of a
            storage; None if that cannot be told.
    """

    length: int
    asked: Asked | None


Calls = Callable[[Global, Any], Any]
"""Returns what a call with these arguments would have made; `inert` if nothing more is known."""
Persistent = Callable[[Any], Any]
Built = Callable[["BoundedReader", Inert], Any]
"""Returns what an object is once its state is set; may read what follows in the stream."""


class BoundedReader:
    """The reading side that the machine needs, which stops at a limit."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes."""
        if count < 0 or count > self._left:
            raise UnsafeArtifactError("the pickle is too long, or says so")
        data = self._stream.read(count)
        if len(data) != count:
            raise EOFError("the pickle is cut off")
        self._left -= count
        return data

    def beginning(self, count: int) -> bytes:
        """Return the first bytes of what is gone over; like it they do not count."""
        data = self._stream.read(count)
        if len(data) != count:
            raise EOFError("the pickle is cut off")
        return data

    def skip(self, count: int) -> None:
        """Go over so many bytes without holding them."""
        if self._stream.seekable():
            self._stream.seek(count, io.SEEK_CUR)
            return
        while count > 0:
            data = self._stream.read(min(count, _STEP))
            if not data:
                raise EOFError("the pickle is cut off")
            count -= len(data)

    def readline(self) -> bytes:
        """Return the rest of a line."""
        data = self._stream.readline(self._left)
        if not data.endswith(b"\n"):
            raise EOFError("the pickle is cut off")
        self._left -= len(data)
        return data


class _Counting:
    """The machine's table of instructions, which counts what is taken from it."""

    def __init__(self, gate: "PickleGate") -> None:
        self._gate = gate
        self._left = MAX_INSTRUCTIONS

    def take(self, count: int) -> None:
        """Take instructions off.

        Raises:
            UnsafeArtifactError: There are none left.
        """
        self._left -= count
        if self._left < 0:
            raise UnsafeArtifactError(f"the pickle has more than {MAX_INSTRUCTIONS} instructions")

    def __getitem__(self, code: int) -> Callable[["PickleGate"], None]:
        self.take(1)
        if len(self._gate.metastack) > MAX_NESTING:
            raise UnsafeArtifactError(f"the pickle nests deeper than {MAX_NESTING}")
        found = INSTRUCTIONS.get(code)
        if found is None:
            raise UnreadableArtifactError(f"the pickle has the unknown instruction {code:#04x}")
        return found


class PickleGate(_MACHINE):  # type: ignore[misc]
    """One reading of one pickle; `asked` collects what it asks to import."""

    stack: list[Any]
    metastack: list[list[Any]]

    def __init__(
        self,
        stream: BoundedReader,
        *,
        call: Calls,
        persistent: Persistent,
        built: Built | None = None,
    ) -> None:
        # No text fails to be latin-1; a name that matters is ASCII in every encoding.
        super().__init__(stream, encoding="latin-1")
        self.reader = stream
        self.asked: set[tuple[str, str]] = set()
        self.calls = 0
        self.broke_a_rule = False
        self._looked_through = MAX_PICKLE
        self.stack = []
        self.metastack = []
        self._call = call
        self._persistent = persistent
        self._built = built
        self.dispatch = _Counting(self)

    def find_class(self, module: str, name: str) -> Global:
        """Return a name tag; nothing is imported."""
        self.asked.add((module, name))
        if len(self.asked) > MAX_GLOBALS:
            raise UnsafeArtifactError(f"the pickle asks to import more than {MAX_GLOBALS} things")
        return Global(module, name)

    def get_extension(self, code: int) -> None:
        """Refuse what is imported by a number."""
        raise UnsafeArtifactError(f"the pickle uses an instruction for extension {code}")

    def persistent_load(self, pid: Any) -> Any:
        """Return what stands for a reference to something outside of the pickle."""
        return self._persistent(pid)

    def built(self, made: Inert, state: Any) -> Any:
        """Return what an object is once its state is set."""
        made.parts.append(state)
        return made if self._built is None else self._built(self.reader, made)

    def held(self, length: int, text: str | None) -> Any:
        """Return so many bytes or such text, or what stands for it if it is long."""
        if length <= _MAX_HELD:
            data = self.reader.read(length)
            return data if text is None else data.decode(text, "surrogatepass")
        data = self.reader.beginning(_MAX_HELD)
        self.reader.skip(length - _MAX_HELD)
        if text is not None:
            data = data.decode(text, "ignore").encode("latin-1", "ignore")
        if self._looked_through < 0:
            return Skipped(length, None)
        asked, read = asked_inside(data, cut=True)
        self._looked_through -= read
        return Skipped(length, asked)

    def take(self) -> Any:
        """Return the top of the stack, removed from it."""
        return self.stack.pop()

    def called(self, made_by: Any, *arguments: Any) -> Any:
        """Return what stands for the result of a call that is not made."""
        self.calls += 1
        if not isinstance(made_by, Global):
            raise UnsafeArtifactError("the pickle calls something that it computed")
        if is_allowed(made_by.module, made_by.name) and len(arguments) == 1:
            self.dispatch.take(_copied(arguments[0]))
            return self._call(made_by, arguments[0])
        return Inert(made_by, list(arguments))


def inert(made_by: Global, arguments: Any) -> Inert:
    """Return the picture of a call; the arguments are not copied, as many calls may share them."""
    return Inert(made_by, [arguments])


def _copied(arguments: Any) -> int:
    """Return how much a call may copy: a few bytes are enough to call again with a long list."""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else None
    return len(first) if isinstance(first, list | tuple) else 0


def read_pickle(
    stream: BoundedReader, *, call: Calls, persistent: Persistent, built: Built | None = None
) -> tuple[Any, Asked]:
    """Return an inert picture of one pickle and what it asks to import.

    Raises:
        UnsafeArtifactError: It uses an instruction that tensors do not need, or breaks a limit.
        UnreadableArtifactError: It is broken.
    """
    gate = PickleGate(stream, call=call, persistent=persistent, built=built)
    try:
        return gate.load(), frozenset(gate.asked)
    except (*FAILURES, UnreadableArtifactError) as error:
        if any(not is_allowed(*asked) for asked in gate.asked):
            names = ", ".join(shown(".".join(asked)) for asked in sorted(gate.asked)[:5])
            raise UnsafeArtifactError(f"the pickle is broken after asking for {names}") from error
        if isinstance(error, UnreadableArtifactError):
            raise
        text = shown(f"{type(error).__name__}: {error}")
        raise UnreadableArtifactError(f"the pickle is broken: {text}") from error


def asked_inside(data: bytes, *, cut: bool = False) -> tuple[Asked | None, int]:
    """Return what bytes ask to import if torch takes them for a storage; how many were looked at.

    Args:
        data: Where pickles begin that follow each other.
        cut: Whether there is more than this.

    Returns:
        None instead of what is asked for if it cannot be told.
    """
    stream = io.BytesIO(data)
    asked: set[tuple[str, str]] = set()
    hidden = data.startswith(_ZIP)
    for _ in range(_PICKLES):
        gate = _until_broken(BoundedReader(stream, MAX_PICKLE))
        asked |= gate.asked
        hidden = hidden or gate.broke_a_rule
    hidden = hidden or (cut and stream.tell() >= len(data)) or not _LOADS.isdisjoint(asked)
    return None if hidden else frozenset(asked), stream.tell()


def asked_until_broken(stream: BoundedReader) -> Asked:
    """Return what a pickle asks to import up to where it ends or cannot be read on."""
    return frozenset(_until_broken(stream).asked)


def _until_broken(stream: BoundedReader) -> PickleGate:
    gate = PickleGate(stream, call=inert, persistent=lambda _: None)
    try:
        gate.load()
    except UnsafeArtifactError:
        gate.broke_a_rule = True
    except (*FAILURES, UnreadableArtifactError):
        pass
    return gate


def _reduce(gate: PickleGate) -> None:
    arguments = gate.take()
    gate.stack[-1] = gate.called(gate.stack[-1], arguments)


def _new_with_keywords(gate: PickleGate) -> None:
    keywords = gate.take()
    arguments = gate.take()
    gate.stack[-1] = gate.called(gate.stack[-1], arguments, keywords)


def _build(gate: PickleGate) -> None:
    state = gate.take()
    if isinstance(gate.stack[-1], Inert):
        gate.stack[-1] = gate.built(gate.stack[-1], state)


def _empty_pairs(gate: PickleGate) -> None:
    gate.stack.append(Pairs())


def _pairs(gate: PickleGate) -> None:
    # Taking the marked items off puts another stack in place: first that, then the append.
    items = gate.pop_mark()
    gate.stack.append(Pairs(_by_two(items)))


def _set_item(gate: PickleGate) -> None:
    value = gate.take()
    key = gate.take()
    _put(gate.stack[-1], [(key, value)])


def _set_items(gate: PickleGate) -> None:
    items = gate.pop_mark()
    _put(gate.stack[-1], list(_by_two(items)))


def _by_two(items: list[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(items[::2], items[1::2], strict=True)


def _put(target: Any, pairs: list[tuple[Any, Any]]) -> None:
    if isinstance(target, Pairs):
        target.extend(pairs)
    elif isinstance(target, Inert):
        target.parts.append(Pairs(pairs))
    else:
        raise UnsafeArtifactError("the pickle sets items of something that has none")


def _append(gate: PickleGate) -> None:
    item = gate.take()
    _extend(gate.stack[-1], [item])


def _appends(gate: PickleGate) -> None:
    items = gate.pop_mark()
    _extend(gate.stack[-1], items)


def _extend(target: Any, items: list[Any]) -> None:
    if type(target) is list:
        target.extend(items)
    elif isinstance(target, Inert):
        target.parts.extend(items)
    else:
        raise UnsafeArtifactError("the pickle appends to something that is no list")


def _empty_list(gate: PickleGate) -> None:
    gate.stack.append([])


def _frozen(gate: PickleGate) -> None:
    items = gate.pop_mark()
    gate.stack.append(list(items))


def _frame(gate: PickleGate) -> None:
    # A frame is only a hint to read ahead; read straight on, as the machine in C does.
    gate.read(8)


def _bytes_of(form: struct.Struct, *, text: str | None = None) -> Callable[[PickleGate], None]:
    def act(gate: PickleGate) -> None:
        (length,) = form.unpack(gate.read(form.size))
        gate.stack.append(gate.held(length, text))

    return act


def _old_object(gate: PickleGate) -> Never:
    module, name = (gate.reader.readline()[:-1].decode("utf-8", "replace") for _ in range(2))
    gate.find_class(module, name)
    gate.calls += 1
    raise UnsafeArtifactError(
        f"the pickle uses an instruction that tensors do not need, for {shown(f'{module}.{name}')}"
    )


def _object(gate: PickleGate) -> Never:
    gate.calls += 1
    _refuse(gate)


def _refuse(_gate: PickleGate) -> Never:
    raise UnsafeArtifactError("the pickle uses an instruction that tensors do not need")


_SHORT, _SIGNED, _LONG = struct.Struct("<I"), struct.Struct("<i"), struct.Struct("<Q")
INSTRUCTIONS: dict[int, Callable[[PickleGate], None]] = dict(_MACHINE.dispatch)
for _code, _act in {
    pickle.REDUCE: _reduce,
    pickle.NEWOBJ: _reduce,
    pickle.NEWOBJ_EX: _new_with_keywords,
    pickle.BUILD: _build,
    pickle.EMPTY_DICT: _empty_pairs,
    pickle.DICT: _pairs,
    pickle.SETITEM: _set_item,
    pickle.SETITEMS: _set_items,
    pickle.APPEND: _append,
    pickle.APPENDS: _appends,
    pickle.EMPTY_SET: _empty_list,
    pickle.ADDITEMS: _appends,
    pickle.FROZENSET: _frozen,
    pickle.FRAME: _frame,
    pickle.BINBYTES: _bytes_of(_SHORT),
    pickle.BINBYTES8: _bytes_of(_LONG),
    pickle.BYTEARRAY8: _bytes_of(_LONG),
    pickle.BINSTRING: _bytes_of(_SIGNED, text="latin-1"),
    pickle.BINUNICODE: _bytes_of(_SHORT, text="utf-8"),
    pickle.BINUNICODE8: _bytes_of(_LONG, text="utf-8"),
    pickle.NEXT_BUFFER: _refuse,
    pickle.READONLY_BUFFER: _refuse,
    pickle.INST: _old_object,
    pickle.OBJ: _object,
    pickle.PERSID: _refuse,
}.items():
    INSTRUCTIONS[_code[0]] = _act
