"""TorchScript: a zip with a pickled module and the source of its program."""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from lineage_registry.domain.formats import Port, Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.containers.names import checked_names
from lineage_registry.formats.containers.stored_zip import (
    Member,
    check_layout,
    read_member,
    read_members,
)
from lineage_registry.formats.pickles.gate import (
    MAX_PICKLE,
    BoundedReader,
    Global,
    Inert,
    Pairs,
    read_pickle,
)
from lineage_registry.formats.pickles.policy import judge
from lineage_registry.formats.pytorch.checkpoint import Checkpoint
from lineage_registry.formats.pytorch.tensors import Storages, Tensor, call, take_census
from lineage_registry.formats.reading import bounded, shown

_MAX_CODE = 16 * 1024 * 1024
_MAX_NOTE = 1024
_MAX_DEPTH = 200
_MAX_OPERATORS = 100
_OWN = re.compile(r"__torch__(\..*)?|torch\.jit\._pickle")
_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)
_NAMES = re.compile(r"^  (__parameters__|__buffers__) = \[(.*)\]$", re.MULTILINE)
_FORWARD = re.compile(r"^  def forward\(([^)]*)\) -> ([^\n]+):$", re.MULTILINE)
_OPERATOR = re.compile(r"\b((?:torch|ops)(?:\.\w+){1,3})\(")
_TEXT = re.compile(r'"([^"]*)"')
_PROGRAM = ("it is TorchScript: a program, not only weights",)
_Read = Callable[[Member, int], bytes]


def read_script(stream: BinaryIO, size: int) -> Checkpoint:
    """Return what a TorchScript file holds; its program is read as text.

    Raises:
        UnreadableArtifactError: It is cut off or broken.
        UnsafeArtifactError: It breaks a rule of its container, or a pickle a rule of pickles.
    """
    listed = read_members(stream, size, packed=True)
    members = {member.name: member for member in listed}
    roots = {name.partition("/")[0] for name in checked_names(members)}
    if len(roots) != 1:
        raise UnsafeArtifactError("the zip members do not lie in one folder")
    (root,) = roots
    starts = check_layout(stream, listed, size)

    def read(member: Member, limit: int) -> bytes:
        return read_member(stream, member, starts[member.name], limit)

    pictures, asked = _pickles(members, root, read)
    classes = _classes(members, root, read)
    module = pictures.get(f"{root}/data.pkl")
    tensors = list(_tensors(module, classes))
    buffers = {name for name, _, is_buffer in tensors if is_buffer}
    picture = Pairs((name, tensor) for name, tensor, _ in tensors)
    foreign = frozenset(pair for pair in asked if not _OWN.fullmatch(pair[0]))
    verdict, reasons = judge(foreign)
    decided = (Verdict.REFUSED, reasons) if verdict is Verdict.REFUSED else _trusting(reasons)
    return Checkpoint(
        take_census(picture, buffers.__contains__),
        asked,
        _notes(members, root, read),
        decided=decided,
        fields=_signature(module, classes),
    )


def _trusting(reasons: tuple[str, ...]) -> tuple[Verdict, tuple[str, ...]]:
    return Verdict.NEEDS_TRUST, (*_PROGRAM, *reasons)


def _pickles(
    members: Mapping[str, Member], root: str, read: _Read
) -> tuple[dict[str, Any], frozenset[tuple[str, str]]]:
    pictures: dict[str, Any] = {}
    asked: set[tuple[str, str]] = set()
    for name, member in members.items():
        if not name.endswith((".pkl", ".debug_pkl")):
            continue
        storages = Storages()
        data = read(member, MAX_PICKLE)
        stream = io.BytesIO(data)
        pictures[name], named = read_pickle(
            BoundedReader(stream, MAX_PICKLE), call=call, persistent=storages.refer
        )
        asked |= named
        if stream.tell() != len(data):
            raise UnsafeArtifactError(f"something follows the pickle in {shown(name)}")
        if name == f"{root}/data.pkl":
            _check_storages(storages, members, root)
    if f"{root}/data.pkl" not in pictures:
        raise UnreadableArtifactError("the zip has no data.pkl")
    return pictures, frozenset(asked)


def _check_storages(storages: Storages, members: Mapping[str, Member], root: str) -> None:
    for storage in storages.by_key.values():
        member = members.get(f"{root}/data/{storage.key}")
        if member is None or member.size != storage.bytes:
            raise UnreadableArtifactError(
                f"the bytes of storage {shown(storage.key)} are missing, or too few or many"
            )


def _classes(members: Mapping[str, Member], root: str, read: _Read) -> dict[str, str]:
    """Return the source of each class, by its full name."""
    found: dict[str, str] = {}
    left = _MAX_CODE
    start = f"{root}/code/"
    for name, member in members.items():
        if not name.startswith(start) or not name.endswith(".py"):
            continue
        text = read(member, left).decode("utf-8", "replace")
        left -= member.size
        module = name.removeprefix(start).removesuffix(".py").replace("/", ".")
        heads = list(_CLASS.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        for head, end in zip(heads, ends, strict=False):
            found[f"{module}.{head[1]}"] = text[head.start() : end]
    return found


def _tensors(module: Any, classes: dict[str, str]) -> Iterator[tuple[str, Tensor, bool]]:
    """Yield the tensors of a module by dotted name, and whether they are buffers."""
    waiting: list[tuple[str, Any, int]] = [("", module, 0)]
    entered: set[int] = set()
    while waiting:
        above, item, depth = waiting.pop()
        if not isinstance(item, Inert) or id(item) in entered or depth > _MAX_DEPTH:
            continue
        entered.add(id(item))
        buffers = _buffers(classes.get(item.made_by.full, ""))
        for key, value in _attributes(item):
            name = f"{above}.{key}" if above else key
            if isinstance(value, Tensor):
                yield name, value, key in buffers
            else:
                waiting.append((name, value, depth + 1))


def _attributes(item: Inert) -> Iterator[tuple[str, Any]]:
    for state in item.parts:
        if isinstance(state, Pairs):
            yield from ((key, value) for key, value in state if isinstance(key, str))


def _buffers(source: str) -> frozenset[str]:
    lists = dict(_NAMES.findall(source))
    return frozenset(_TEXT.findall(lists.get("__buffers__", "")))


def _signature(module: Any, classes: dict[str, str]) -> dict[str, Any]:
    """Return what the source says: the class, inputs, outputs."""
    made_by = module.made_by if isinstance(module, Inert) else Global("", "")
    forward = _FORWARD.search(classes.get(made_by.full, ""))
    fields: dict[str, Any] = {"architecture": bounded(made_by.full.removeprefix("__torch__."), 120)}
    if forward is not None:
        given = [one.strip().partition(": ") for one in forward[1].split(",\n")[1:]]
        fields["inputs"] = tuple(
            Port(name=bounded(name, 120), dtype=bounded(kind.strip(), 120))
            for name, _, kind in given
        )
        fields["outputs"] = (Port(name="output", dtype=bounded(forward[2], 120)),)
    used = Counter(_OPERATOR.findall("\n".join(classes.values())))
    if used:
        most = used.most_common(_MAX_OPERATORS)
        fields["notes"] = {"operators": ", ".join(f"{name} {count}" for name, count in most)}
    return fields


def _notes(members: Mapping[str, Member], root: str, read: _Read) -> dict[str, str]:
    return {
        part: read(members[f"{root}/{part}"], _MAX_NOTE).decode("ascii", "backslashreplace").strip()
        for part in ("byteorder", "version")
        if f"{root}/{part}" in members
    }
