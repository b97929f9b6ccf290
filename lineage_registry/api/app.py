"""The HTTP application: routes, the layer around them, and what is said where there is no route."""

import functools
from collections.abc import Collection, Mapping

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

import lineage_registry
from lineage_registry.api.access import LOOPBACK, Access
from lineage_registry.api.blobs import Blobs
from lineage_registry.api.commands import add_command_routes
from lineage_registry.api.contents import add_content_routes
from lineage_registry.api.edge import Edge
from lineage_registry.api.exports import add_export_routes
from lineage_registry.api.health import add_health_routes
from lineage_registry.api.logs import add_log_routes
from lineage_registry.api.openapi import describe
from lineage_registry.api.pins import Pins
from lineage_registry.api.responses import problem_response
from lineage_registry.api.uploads import Uploads
from lineage_registry.errors import MethodNotAllowedError, NotFoundError
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.commands import Commands

MAX_UPLOAD = 100 * 2**30


def create_app(
    commands: Commands,
    artifacts: ArtifactStore,
    *,
    api_keys: Mapping[str, str] | None = None,
    allowed_hosts: Collection[str] = LOOPBACK,
    max_upload_bytes: int = MAX_UPLOAD,
) -> FastAPI:
    """Serve a registry over HTTP.

    Args:
        commands: The registry that answers; not closed here.
        artifacts: Where its bytes are; not closed here.
        api_keys: The actor of each token; without any, everybody is let in and believed.
        allowed_hosts: Names that the server answers to; `*` is any.
        max_upload_bytes: Largest file that is taken.
    """
    # The pages of FastAPI for people load scripts from elsewhere; the description is there.
    app = FastAPI(
        title="Lineage Registry",
        version=lineage_registry.__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_health_routes(app, commands, artifacts)
    add_command_routes(app, commands)
    add_export_routes(app, commands)
    add_log_routes(app, commands)
    add_content_routes(app, commands)
    Blobs(artifacts, max_upload_bytes).add_routes(app)
    Uploads(artifacts, max_upload_bytes).add_routes(app)
    Pins(artifacts).add_routes(app)
    app.add_middleware(Edge, access=Access(api_keys, allowed_hosts))
    app.add_exception_handler(HTTPException, _no_route)
    app.openapi = functools.cache(lambda: describe(app))  # type: ignore[method-assign]
    return app


async def _no_route(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException) or error.status_code != 405:
        return problem_response(NotFoundError("there is nothing at this address"))
    allowed = sorted(_methods(request))
    response = problem_response(
        MethodNotAllowedError(
            f"{request.method[:60]!a} is not possible here", hint=f"send {', '.join(allowed)}"
        )
    )
    response.headers["Allow"] = ", ".join(allowed)
    return response


def _methods(request: Request) -> set[str]:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
