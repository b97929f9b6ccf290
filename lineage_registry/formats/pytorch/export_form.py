"""Programs of `torch.export`, `.pt2`: everything but the weights is JSON."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from lineage_registry.domain.formats import Port, Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import Census, elements
from lineage_registry.formats.containers.stored_zip import (
    Member,
    check_layout,
    read_member,
    read_members,
)
from lineage_registry.formats.pytorch.checkpoint import Checkpoint
from lineage_registry.formats.pytorch.program_rules import reasons_against
from lineage_registry.formats.reading import bounded, plain, shown

_MAX_JSON = 128 * 1024 * 1024
_DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}
_MODEL = re.compile(r"[^/]+/models/[^/]+\.json")
_CONFIG = re.compile(r"[^/]+/data/(weights|constants)/[^/]+_config\.json")
_PARTS = re.compile(
    r"[^/]+/(models/[^/]+\.json|archive_(format|version)|byteorder|version|\.data/[^/]+"
    r"|\.format_version|\.storage_alignment|data/[a-z_]+/.+|extra/.+|[a-z_]+\.json)"
)
_SYMBOL = re.compile(r"Symbol\('(\w+)'[^)]*\)")
_GUARD = re.compile(r"[A-Za-z0-9_'\"\[\]+\-*/%(),.<>=!& ]*")


def read_export(stream: BinaryIO, size: int) -> Checkpoint:
    """Return what an exported program says of itself.

    Raises:
        UnreadableArtifactError: It is cut off or broken.
        UnsafeArtifactError: It breaks a rule of its container.
    """
    reasons = reasons_against(stream, size)
    members = {member.name: member for member in read_members(stream, size)}
    if strange := next((name for name in members if not _PARTS.fullmatch(name)), None):
        raise UnsafeArtifactError(f"zip member {shown(strange)} does not belong in a program")
    starts = check_layout(stream, list(members.values()), size)

    def read(member: Member) -> Any:
        data = read_member(stream, member, starts[member.name], _MAX_JSON)
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise UnreadableArtifactError(
                f"{shown(member.name)} is not the JSON it should be"
            ) from error

    models = [read(member) for name, member in members.items() if _MODEL.fullmatch(name)]
    if not models or not all(isinstance(model, dict) for model in models):
        raise UnreadableArtifactError("there is no program in it")
    configs = {name: read(one) for name, one in members.items() if _CONFIG.fullmatch(name)}
    reasons = (*reasons, *_guards(models))
    decided = (Verdict.NEEDS_TRUST, reasons) if reasons else (Verdict.SAFE, ())
    return Checkpoint(
        _census(configs, members), frozenset(), {}, decided=decided, fields=_fields(models[0])
    )


def _guards(models: list[dict[str, Any]]) -> Iterator[str]:
    """Conditions on the inputs are run as Python."""
    for model in models:
        for guard in _list(model.get("guards_code")):
            if not isinstance(guard, str) or "__" in guard or not _GUARD.fullmatch(guard):
                yield f"the condition {shown(guard)} is run as Python"


def _census(configs: Mapping[str, Any], members: Mapping[str, Member]) -> Census:
    census = Census()
    buffers = 0
    counted: set[str] = set()
    for where, config in sorted(configs.items(), reverse=True):
        folder = where.rpartition("/")[0]
        for name, entry in _dict(_dict(config).get("config")).items():
            meta = _dict(_dict(entry).get("tensor_meta"))
            if not meta:
                continue
            dtype = _DTYPES.get(meta.get("dtype", 0), "unknown")
            shape = tuple(_whole(size) for size in _list(meta.get("sizes")))
            census.see(name, dtype, shape)
            place = f"{folder}/{_dict(entry).get('path_name')}"
            if place not in members:
                raise UnreadableArtifactError(f"the bytes of {shown(name)} are missing")
            if place in counted:
                continue
            counted.add(place)
            census.count(dtype, elements(shape))
            buffers += 0 if _dict(entry).get("is_param") else elements(shape)
    census.buffers = buffers
    return census


def _fields(model: dict[str, Any]) -> dict[str, Any]:
    module = _dict(model.get("graph_module"))
    graph = _dict(module.get("graph"))
    signature = _dict(module.get("signature"))
    values = _dict(graph.get("tensor_values"))
    torch, opsets = model.get("torch_version"), _dict(model.get("opset_version"))
    version = _dict(model.get("schema_version"))
    nodes = _list(graph.get("nodes"))
    return {
        "inputs": tuple(_ports(signature, "input_specs", "user_input", values)),
        "outputs": tuple(_ports(signature, "output_specs", "user_output", values)),
        "opsets": {plain(name): number for name, number in opsets.items() if type(number) is int},
        "producer": f"torch {plain(torch)}" if isinstance(torch, str) else None,
        "notes": {
            "schema": f"{version.get('major')}.{version.get('minor')}",
            "operations": str(len(nodes)),
        },
    }


def _ports(
    signature: dict[str, Any], specs: str, kind: str, values: dict[str, Any]
) -> Iterator[Port]:
    for spec in _list(signature.get(specs)):
        arg = _dict(_dict(_dict(spec).get(kind)).get("arg"))
        name = _dict(arg.get("as_tensor")).get("name")
        if not isinstance(name, str):
            continue
        meta = _dict(values.get(name))
        yield Port(
            name=bounded(name, 120),
            dtype=_DTYPES.get(meta.get("dtype", 0)),
            shape=tuple(_dimension(size) for size in _list(meta.get("sizes"))),
        )


def _dimension(size: Any) -> int | str | None:
    said = _dict(size)
    if type(said.get("as_int")) is int:
        return int(said["as_int"])
    text = _dict(said.get("as_expr")).get("expr_str")
    return bounded(_SYMBOL.sub(r"\1", text), 120) if isinstance(text, str) else None


def _whole(size: Any) -> int:
    number = _dict(size).get("as_int")
    if type(number) is not int or not 0 <= number < 1 << 63:
        raise UnreadableArtifactError("a weight has an odd size")
    return number


def _dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
