"""What the JSON of an exported program must not hold.

`torch.export.load` is no safe loader. It evaluates expressions of sizes as Python, looks operators
up by attribute anywhere below `torch`, imports modules that are named, unpickles what the JSON says
is pickled, and unpickles the example inputs without restriction if the restricted way fails. So
everything that it would evaluate, look up, import or unpickle is checked against what honest
programs have.
"""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import FormatError, UnreadableArtifactError
from lineage_registry.formats.containers.stored_zip import (
    Member,
    check_layout,
    read_member,
    read_members,
)
from lineage_registry.formats.pytorch.zip_form import read_zip
from lineage_registry.formats.reading import shown

_MAX_JSON = 256 * 1024 * 1024
_MAX_SAMPLE = 64 * 1024 * 1024
_MAX_LENGTH = 10_000
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
_NAME = r"(?:s|u|i|f|zf|zuf)[0-9]+"
_ASSUMED = r"(?:, (?:positive|integer|nonnegative|real|negative|zero|nonzero)=(?:True|False))*"
_SYMBOL = re.compile(rf"Symbol\('{_NAME}'{_ASSUMED}\)")
_FUNCTIONS = frozenset(
    {"Add", "Mul", "Pow", "Integer", "Rational", "Float", "Max", "Min", "Abs", "floor", "ceiling"}
    | {"Mod", "PythonMod", "ModularIndexing", "Where", "Identity", "Piecewise", "ToFloat"}
    | {"FloorDiv", "CleanDiv", "CeilDiv", "IntTrueDiv", "FloatTrueDiv", "PowByNatural", "FloatPow"}
    | {"TruncToInt", "FloorToInt", "CeilToInt", "RoundToInt", "RoundDecimal", "Equality"}
    | {"Eq", "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or", "Not", "True", "False", "int_oo"}
    | {"Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan"}
)
_EXPRESSION = re.compile(r"[A-Za-z0-9_+\-*/%(),.<>=~&| ]*")
_OPERATORS = (
    re.compile(r"torch\.ops\.(?:aten|prims|higher_order|quantized_decomposed)\.\w+(?:\.\w+)?"),
    re.compile(
        r"_operator\.(?:add|sub|mul|floordiv|truediv|mod|pow|neg|pos|abs|getitem|eq|ne|lt|le|gt|ge"
        r"|and_|or_|xor|not_|lshift|rshift|matmul)"
    ),
    re.compile(r"math\.(?:ceil|floor|trunc|sqrt)"),
    re.compile(r"torch\.sym_(?:float|int|max|min|not|ite|sqrt|sum)"),
    re.compile(r"torch\._higher_order_ops\.\w+"),
)
_OF_FILES = frozenset({"save", "load", "from_file", "_pickle_save", "_pickle_load"})
"""Operators of `aten` that open files."""
_PICKLED_OBJECTS = ("custom_obj_", "opaque_obj_")


def reasons_against(stream: BinaryIO, size: int) -> tuple[str, ...]:
    """Return a sentence for each thing in an exported program that loading might run.

    Raises:
        UnreadableArtifactError: The file is broken.
        UnsafeArtifactError: It breaks a rule of its container.
    """
    members = {member.name: member for member in read_members(stream, size)}
    starts = check_layout(stream, list(members.values()), size)

    def content(member: Member, limit: int) -> bytes:
        return read_member(stream, member, starts[member.name], limit)

    return tuple(dict.fromkeys(_reasons(members, content)))


def _reasons(
    members: Mapping[str, Member], content: Callable[[Member, int], bytes]
) -> Iterator[str]:
    for name, member in members.items():
        below = name.partition("/")[2]
        if below.startswith(("data/aotinductor/", "data/executorch/")):
            yield f"{shown(below)} is a compiled program"
        elif below.startswith("models/"):
            yield from _of_program(_parsed(content(member, _MAX_JSON)))
        elif below.endswith("_config.json"):
            yield from _of_payload(_parsed(content(member, _MAX_JSON)))
        elif below.startswith("data/sample_inputs/") or below.endswith(".pt"):
            yield from _of_pickle(below, content(member, _MAX_SAMPLE))


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableArtifactError(
            "a part of the program is not the JSON it should be"
        ) from error


def _of_program(root: Any) -> Iterator[str]:
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            waiting.extend(_nested(item))
        elif isinstance(item, dict):
            if "__enum__" in item:
                yield "the shape of its inputs names a module to import"
            waiting.extend(item.values())
            yield from _of_expression(item.get("expr_str"))
            if "as_operator" in item:
                yield from _of_target(item["as_operator"])
            if "target" in item and "inputs" in item:
                yield from _of_target(item["target"])


def _nested(text: str) -> list[Any]:
    """Return what JSON in a text says: the shapes of inputs are kept so."""
    if not text.lstrip().startswith(("[", "{")):
        return []
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        return []


def _of_expression(text: Any) -> Iterator[str]:
    if text is None:
        return
    if not isinstance(text, str) or not _is_formula(text):
        yield f"the size {shown(text)} is evaluated as Python, and is no plain formula"


def _is_formula(text: str) -> bool:
    if len(text) > _MAX_LENGTH:
        return False
    rest = _SYMBOL.sub("0", text)
    words = _WORD.findall(rest)
    known = all(word in _FUNCTIONS or re.fullmatch(_NAME, word) for word in words)
    return known and _EXPRESSION.fullmatch(rest) is not None


def _of_target(target: Any) -> Iterator[str]:
    if not isinstance(target, str) or not any(one.fullmatch(target) for one in _OPERATORS):
        yield f"operator {shown(target)} is none of torch's own"
    elif target.split(".")[3:4] and target.split(".")[3] in _OF_FILES:
        yield f"operator {shown(target)} opens files"


def _of_payload(config: Any) -> Iterator[str]:
    entries = config.get("config") if isinstance(config, dict) else None
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        path = entry.get("path_name") if isinstance(entry, dict) else None
        pickled = not isinstance(entry, dict) or entry.get("use_pickle") is not False
        if pickled or str(path).startswith(_PICKLED_OBJECTS):
            yield f"{shown(name)} is unpickled without restriction"


def _of_pickle(name: str, data: bytes) -> Iterator[str]:
    if not data:
        return
    try:
        verdict, reasons = read_zip(io.BytesIO(data), len(data)).verdict()
    except FormatError as error:
        yield f"{shown(name)} is unpickled without restriction: {error.message}"
        return
    if verdict is not Verdict.SAFE:
        yield from (f"{shown(name)} is unpickled without restriction: {one}" for one in reasons)
