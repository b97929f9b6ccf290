"""The fields of a command, out of the path, the query and the JSON body of a request."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic.fields import FieldInfo

from lineage_registry.api.json_text import parse_json
from lineage_registry.api.operations import Operation
from lineage_registry.errors import InvalidInputError

_SHOWN = 20


def read_fields(
    operation: Operation, path: Mapping[str, str], query: bytes, body: bytes
) -> dict[str, Any]:
    """Return what the request says, every field at most once and none unknown.

    Raises:
        InvalidInputError: A field is unknown, in the wrong place or cannot be read.
    """
    asked = read_query(query, _lists(operation))
    if not operation.has_body:
        free = asked
    elif asked:
        raise _unknown(asked, "query parameter")
    else:
        free = _read_object(body)
    if strange := free.keys() - set(operation.free_fields):
        raise _unknown(strange, "field" if operation.has_body else "query parameter")
    return {**free, **path, **operation.fixed}


def read_query(query: bytes, lists: Collection[str] = ()) -> dict[str, Any]:
    """Return the parameters of a query; those in `lists` may be repeated.

    A list that is there once and empty is the empty list.

    Raises:
        InvalidInputError: It is no query in UTF-8, or a parameter is there twice that is no list.
    """
    if not query:
        return {}
    found: dict[str, Any] = {}
    for name, value in _pairs(query):
        if name in lists:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise InvalidInputError(f"the query parameter {name[:60]!a} is there twice")
        else:
            found[name] = value
    for name in lists:
        if found.get(name) == [""]:
            found[name] = []
    return found


def is_list(field: FieldInfo) -> bool:
    """Tell whether a field holds a list, or a list or nothing."""
    kinds = (field.annotation, *get_args(field.annotation))
    return any(get_origin(kind) is list for kind in kinds)


@cache
def _lists_of(command: type[Any]) -> frozenset[str]:
    fields: Mapping[str, FieldInfo] = command.model_fields
    return frozenset(name for name, field in fields.items() if is_list(field))


def _lists(operation: Operation) -> frozenset[str]:
    return _lists_of(operation.command)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        text = query.decode("ascii")
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=5_000
        )
    except ValueError:
        raise InvalidInputError("the query cannot be read", hint="write name=value&...") from None


def _read_object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    value = parse_json(body)
    if not isinstance(value, dict):
        raise InvalidInputError("the body is not a JSON object")
    return value


def _unknown(names: Collection[str], what: str) -> InvalidInputError:
    places = [
        {"pointer": f"/{name[:60]}", "detail": f"unknown {what}"} for name in sorted(names)[:_SHOWN]
    ]
    first = ascii(min(names)[:60])
    return InvalidInputError(f"unknown {what}: {first}", errors=places)
