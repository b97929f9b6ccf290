"""The description of the API (OpenAPI 3.1), made from the commands themselves."""

import re
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from lineage_registry.api import contents
from lineage_registry.api.exports import Export, exported
from lineage_registry.api.fields import is_list
from lineage_registry.api.operations import PREFIX, Operation, operations
from lineage_registry.api.responses import PROBLEM_TYPE, has_tag
from lineage_registry.ports.commands import Command, Write
from lineage_registry.problems import codes

Schema = dict[str, Any]

_READ: Final = (401, 404, 410, 422, 500, 503)
_WRITE: Final = (401, 404, 408, 409, 410, 412, 413, 422, 500, 503, 507)
_BYTES: Final = (401, 404, 408, 413, 422, 500, 503, 507)
_OTHERS: Final = {
    "healthz": (200, "application/json"),
    "readyz": (200, "application/json"),
    "get_audit_report_page": (200, "text/html"),
    **dict.fromkeys(contents.NAMES, (307, None)),
    "list_blobs": (200, "text/plain"),
    "put_blobs": (200, "application/json"),
    "find_missing_blobs": (200, "application/json"),
    "put_blob": (201, "application/json"),
    "get_blob": (200, "application/octet-stream"),
    "head_blob": (200, "application/octet-stream"),
    "check_blob": (200, "application/json"),
    "begin_upload": (200, "application/json"),
    "give_up_upload": (204, None),
    "put_part": (204, None),
    "sign_part": (200, "application/json"),
    "finish_upload": (201, "application/json"),
    "list_pinned_blobs": (200, "application/json"),
    "create_pin": (201, "application/json"),
    "extend_pin": (200, "application/json"),
    "remove_pin": (204, None),
    "sweep_artifacts": (200, "application/json"),
    "export_log": (200, "application/x-ndjson"),
}
"""Status and media type of what answers that are not answers of commands."""

_WRITE_HEADERS: Final[dict[str, Schema]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same request with the same key is done once.",
        "schema": {"type": "string", "maxLength": 200},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "ETag of the thing as it was read: do it only if it has not changed.",
        "schema": {"type": "string"},
    },
}
_READ_HEADERS: Final[dict[str, Schema]] = {
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "ETags of answers that are held: none of them is sent again.",
        "schema": {"type": "string"},
    },
}
_TAG: Final[Schema] = {
    "ETag": {"description": "Names what was answered.", "schema": {"type": "string"}}
}
_UNCHANGED: Final[Schema] = {
    "304": {"description": "The answer is one that If-None-Match names.", "headers": _TAG}
}


def describe(app: FastAPI) -> Schema:
    """Return the description of everything that `app` answers."""
    table = {operation.id: operation for operation in operations()}
    exports = {export.id: export for export in exported()}
    schemas, answers = _schemas(list(table.values()))
    paths: dict[str, Schema] = {}
    for route in app.routes:
        if isinstance(route, APIRoute):
            if route.name in table:
                entry = _entry(table[route.name], schemas, answers)
            elif route.name in exports:
                entry = _export(exports[route.name], schemas)
            else:
                entry = _other(route)
            for method in sorted(described_methods(route)):
                paths.setdefault(route.path, {})[method.lower()] = entry
    used = {operation.command.__name__ for operation in table.values() if not operation.has_body}
    return {
        "openapi": "3.1.0",
        "info": {"title": app.title, "version": app.version},
        "security": [{"key": []}, {}],
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas.keys() - used)},
            "parameters": _WRITE_HEADERS | _READ_HEADERS,
            "responses": {"Problem": _problem_response()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def described_methods(route: APIRoute) -> set[str]:
    """Return the methods of a route that are described: a HEAD beside GET needs no words."""
    methods = set(route.methods or ())
    return methods - {"HEAD"} if "GET" in methods else methods


def _schemas(table: list[Operation]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return all components, and the schema of the answer of each operation."""
    commands = {operation.command.__name__: operation for operation in table}
    inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (name, "validation", TypeAdapter(operation.command)) for name, operation in commands.items()
    ]
    outputs: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(operation.command.answer()))
        for name, operation in commands.items()
    ]
    found, document = TypeAdapter.json_schemas(
        inputs + outputs, ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Schema] = document["$defs"]
    for name, operation in commands.items():
        schemas[name] = _body(operation, schemas[name])
    schemas["Problem"] = _problem_schema()
    return schemas, {name: found[name, "serialization"] for name in commands}


def _body(operation: Operation, schema: Schema) -> Schema:
    """Leave out of a command what its path says, and add what its fields mean."""
    meanings = _attributes(operation.command)
    properties = {
        name: part | ({"description": meanings[name]} if name in meanings else {})
        for name, part in schema["properties"].items()
        if name in operation.free_fields
    }
    required = [name for name in schema.get("required", ()) if name in properties]
    body: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return body | ({"required": required} if required else {})


def _entry(operation: Operation, schemas: dict[str, Schema], answers: dict[str, Schema]) -> Schema:
    command = operation.command
    parts = schemas[command.__name__]
    parameters = [_path_parameter(name) for name in operation.path_fields]
    entry: Schema = {
        "operationId": operation.id,
        "tags": [command.route.tag],
        "summary": _first_line(command),
    }
    if operation.has_body:
        reference = {"$ref": f"#/components/schemas/{command.__name__}"}
        entry["requestBody"] = {
            "required": bool(parts.get("required")),
            "content": {"application/json": {"schema": reference}},
        }
    else:
        parameters += _query_parameters(operation, parts)
    if issubclass(command, Write):
        parameters += _references(_WRITE_HEADERS)
    answer = {"application/json": {"schema": answers[command.__name__]}}
    success = {str(command.route.status): {"description": "The answer.", "content": answer}}
    statuses = _WRITE if issubclass(command, Write) else _READ
    entry |= {"parameters": parameters, "responses": success | _problems(statuses)}
    if has_tag(command.answer()):
        _add_tag(entry, command.route.status, read=command.route.method == "GET")
    return entry


def _export(export: Export, schemas: dict[str, Schema]) -> Schema:
    """Return the description of the route that gives an answer in other formats."""
    operation = export.operation
    named = {
        "name": "format",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "enum": list(export.formats)},
        "description": "If absent, the header Accept says; else json.",
    }
    parameters = [_path_parameter(name) for name in operation.path_fields]
    parameters += [*_query_parameters(operation, schemas[operation.command.__name__]), named]
    content: Schema = {each.media_type: {} for each in export.formats.values()}
    entry: Schema = {
        "operationId": export.id,
        "tags": [operation.command.route.tag],
        "summary": f"The same as {operation.id}, in another format.",
        "parameters": parameters,
        "responses": {"200": {"description": "The answer.", "content": content}}
        | _problems((*_READ, 413)),
    }
    if has_tag(operation.command.answer(), exported=True):
        _add_tag(entry, 200, read=True)
    return entry


def _other(route: APIRoute) -> Schema:
    status, media_type = _OTHERS[route.name]
    answer: Schema = {"description": "The answer."}
    if media_type is not None:
        answer["content"] = {media_type: {}}
    entry: Schema = {
        "operationId": route.name,
        "tags": ["artifacts" if route.path.startswith(f"{PREFIX}/") else "health"],
        "summary": _first_line(route.endpoint),
        "parameters": [_path_parameter(name) for name in re.findall(r"\{(\w+)\}", route.path)],
        "responses": {str(status): answer},
    }
    if route.name in contents.NAMES:
        entry["parameters"] += [
            {"name": name, "in": "query", "required": needed, "schema": {"type": "string"}}
            for name, needed in contents.PARAMETERS.items()
        ]
    if route.name in {"healthz", "readyz"}:
        return entry | {"security": []}
    entry["responses"] |= _problems(_BYTES)
    return entry


def _query_parameters(operation: Operation, parts: Schema) -> list[Schema]:
    required = parts.get("required", ())
    fields = operation.command.model_fields
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {key: value for key, value in part.items() if key != "description"},
        }
        | ({"description": part["description"]} if "description" in part else {})
        | ({"style": "form", "explode": True} if is_list(fields[name]) else {})
        for name, part in parts["properties"].items()
    ]


def _path_parameter(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _add_tag(entry: Schema, status: int, *, read: bool) -> None:
    """Say that an answer has an ETag, and what comes of telling a read of it."""
    entry["responses"][str(status)]["headers"] = _TAG
    if read:
        entry["parameters"] += _references(_READ_HEADERS)
        entry["responses"] |= _UNCHANGED


def _references(parameters: dict[str, Schema]) -> list[Schema]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in parameters]


def _problems(statuses: tuple[int, ...]) -> Schema:
    return {str(status): {"$ref": "#/components/responses/Problem"} for status in statuses}


def _problem_response() -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": "What failed and why.", "content": {PROBLEM_TYPE: {"schema": schema}}}


def _problem_schema() -> Schema:
    text = {"type": "string"}
    place = {"type": "object", "properties": {"pointer": text, "detail": text}}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": {"type": "string", "enum": sorted(codes())},
            "hint": text,
            "errors": {"type": "array", "items": place},
            "context": {"type": "object"},
        },
    }


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


def _attributes(command: type[Command[Any]]) -> dict[str, str]:
    """Return what the docstrings say of the fields."""
    found: dict[str, str] = {}
    for kind in reversed(command.__mro__):
        if issubclass(kind, BaseModel):
            section = (kind.__doc__ or "").partition("Attributes:\n")[2]
            for name, text in re.findall(r"^ {8}(\w+): (.+(?:\n {12}.+)*)", section, re.MULTILINE):
                found[name] = " ".join(text.split())
    return found
