"""One file of a version by its path: where its bytes are."""

import functools
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lineage_registry.api.commands import Endpoint, add_route
from lineage_registry.api.fields import read_query
from lineage_registry.api.operations import PREFIX
from lineage_registry.domain.references import Space
from lineage_registry.errors import ArtifactNotFoundError, InvalidInputError
from lineage_registry.ports.commands import Commands, Context, GetFiles, build

NAMES: Final = {
    "get_model_version_content": Space.MODELS,
    "get_dataset_version_content": Space.DATASETS,
}
PARAMETERS: Final = {"path": True, "as_of": False, "direct": False}
"""Parameters of the query, and whether they are needed."""


def add_content_routes(app: FastAPI, commands: Commands) -> None:
    """Add the route of models and the one of datasets."""
    for name, space in NAMES.items():
        path = f"{PREFIX}/{space}/{{name}}/versions/{{version}}/content"
        add_route(app, "GET", path, _endpoint(commands, space), name)


def _endpoint(commands: Commands, space: Space) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        """Lead to the bytes of one file of a version, by its path."""
        return await run_in_threadpool(functools.partial(_found, commands, space, request))

    return endpoint


def _found(commands: Commands, space: Space, request: Request) -> Response:
    asked = read_query(request.scope["query_string"])
    wanted = asked.pop("path", None)
    direct = asked.pop("direct", None)
    odd = asked.keys() - PARAMETERS.keys() or direct not in {None, "true", "false"}
    if wanted is None or odd:
        raise InvalidInputError(
            "the query has path, and as_of and direct=true if you like",
            hint="write ?path=images/cat.png",
        )
    query = "?direct=true" if direct == "true" else ""
    fields: Mapping[str, Any] = {**request.path_params, **asked, "space": space}
    files = commands.run(build(GetFiles, fields), Context(request.state.actor))
    for file in files.files:
        if file.path == wanted:
            return Response(None, 307, {"Location": f"{PREFIX}/blobs/{file.digest}{query}"})
    raise ArtifactNotFoundError(
        f"{files.reference} has no file {wanted!r}", hint="list its files", path=wanted
    )
