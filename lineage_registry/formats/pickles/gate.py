"""Reading a pickle without importing or calling anything it names.

This is CPython's own unpickling machine, in its Python form, with its dangerous instructions
replaced: a second parser would differ from the real one in the corners that attackers look for.
What a pickle imports becomes a `Global`, what it calls becomes an `Inert`, its dictionaries become
lists of pairs (so that no key is ever hashed), and every budget is counted.
"""

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

_MACHINE: Any = pickle._Unpickler  # noqa: SLF001 - see above
_FAILURES = (
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


Calls = Callable[[Global, Any], Any]
Persistent = Callable[[Any], Any]


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

    def __getitem__(self, code: int) -> Callable[["PickleGate"], None]:
        self._left -= 1
        if self._left < 0:
            raise UnsafeArtifactError(f"the pickle has more than {MAX_INSTRUCTIONS} instructions")
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

    def __init__(self, stream: BoundedReader, *, call: Calls, persistent: Persistent) -> None:
        super().__init__(stream, encoding="utf-8")
        self.asked: set[tuple[str, str]] = set()
        self.stack = []
        self.metastack = []
        self._call = call
        self._persistent = persistent
        self.dispatch = _Counting(self)

    def find_class(self, module: str, name: str) -> Global:
        """Return a name tag; nothing is imported."""
        self.asked.add((module, name))
        if len(self.asked) > MAX_GLOBALS:
            raise UnsafeArtifactError(f"the pickle asks to import more than {MAX_GLOBALS} things")
        return Global(module, name)

    def persistent_load(self, pid: Any) -> Any:
        """Return what stands for a reference to something outside of the pickle."""
        return self._persistent(pid)

    def take(self) -> Any:
        """Return the top of the stack, removed from it."""
        return self.stack.pop()

    def called(self, made_by: Any, *arguments: Any) -> Any:
        """Return what stands for the result of a call that is not made."""
        if not isinstance(made_by, Global):
            raise UnsafeArtifactError("the pickle calls something that it computed")
        if is_allowed(made_by.module, made_by.name) and len(arguments) == 1:
            return self._call(made_by, arguments[0])
        return Inert(made_by, list(arguments))


def read_pickle(
    stream: BoundedReader, *, call: Calls, persistent: Persistent
) -> tuple[Any, frozenset[tuple[str, str]]]:
    """Return an inert picture of one pickle and what it asks to import.

    Raises:
        UnsafeArtifactError: It uses an instruction that tensors do not need, or breaks a limit.
        UnreadableArtifactError: It is broken.
    """
    gate = PickleGate(stream, call=call, persistent=persistent)
    try:
        return gate.load(), frozenset(gate.asked)
    except _FAILURES as error:
        if any(not is_allowed(*asked) for asked in gate.asked):
            names = ", ".join(shown(".".join(asked)) for asked in sorted(gate.asked)[:5])
            raise UnsafeArtifactError(f"the pickle is broken after asking for {names}") from error
        text = shown(f"{type(error).__name__}: {error}")
        raise UnreadableArtifactError(f"the pickle is broken: {text}") from error


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
        gate.stack[-1].parts.append(state)


def _empty_pairs(gate: PickleGate) -> None:
    gate.stack.append(Pairs())


def _pairs(gate: PickleGate) -> None:
    gate.stack.append(Pairs(_by_two(gate.pop_mark())))


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


def _bytes_to_change(gate: PickleGate) -> None:
    (length,) = struct.unpack("<Q", gate.read(8))
    gate.stack.append(gate.read(length))


def _refuse(_gate: PickleGate) -> Never:
    raise UnsafeArtifactError("the pickle uses an instruction that tensors do not need")


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
    pickle.BYTEARRAY8: _bytes_to_change,
    pickle.NEXT_BUFFER: _refuse,
    pickle.READONLY_BUFFER: _refuse,
    pickle.INST: _refuse,
    pickle.OBJ: _refuse,
    pickle.EXT1: _refuse,
    pickle.EXT2: _refuse,
    pickle.EXT4: _refuse,
    pickle.PERSID: _refuse,
}.items():
    INSTRUCTIONS[_code[0]] = _act
