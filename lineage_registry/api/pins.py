"""Pins over HTTP: what keeps uploads from the clean-up until something names them."""

from datetime import timedelta
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from lineage_registry.api.blobs import read_digests, read_json
from lineage_registry.api.commands import add_route
from lineage_registry.api.conditions import LEAST_AGE
from lineage_registry.api.operations import PREFIX
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.pinning import PIN_LIFETIME

_LONGEST: Final = timedelta(days=30)


class Pins:
    """The routes of pins and of the clean-up."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts

    def add_routes(self, app: FastAPI) -> None:
        """Add the routes."""
        for method, path, endpoint, name in (
            ("GET", "/pins", self.list, "list_pinned_blobs"),
            ("POST", "/pins", self.create, "create_pin"),
            ("PUT", "/pins/{pin}", self.extend, "extend_pin"),
            ("DELETE", "/pins/{pin}", self.remove, "remove_pin"),
            ("POST", "/sweep", self.sweep, "sweep_artifacts"),
        ):
            add_route(app, method, f"{PREFIX}{path}", endpoint, name)

    async def list(self, _: Request) -> Response:
        """Tell what is kept by pins."""
        digests = await run_in_threadpool(self._artifacts.pinned_digests)
        return JSONResponse({"digests": sorted(map(str, digests))})

    async def create(self, request: Request) -> Response:
        """Make a pin; answer its id."""
        document = await read_json(request)
        digests, ttl = read_digests(document), _span_of(document, "ttl", PIN_LIFETIME)
        pin = await run_in_threadpool(lambda: self._artifacts.pin(digests, ttl=ttl))
        return JSONResponse({"id": pin}, 201)

    async def extend(self, request: Request) -> Response:
        """Let a pin keep more."""
        document = await read_json(request)
        digests, ttl = read_digests(document), _span_of(document, "ttl", PIN_LIFETIME)
        pin = request.path_params["pin"]
        await run_in_threadpool(lambda: self._artifacts.add_to_pin(pin, digests, ttl=ttl))
        return JSONResponse({"id": pin})

    async def remove(self, request: Request) -> Response:
        """Give up a pin."""
        await run_in_threadpool(self._artifacts.unpin, request.path_params["pin"])
        return Response(None, 204)

    async def sweep(self, request: Request) -> Response:
        """Remove what crashed uploads left, and pins that have expired."""
        age = max(_span_of(await read_json(request), "older_than", PIN_LIFETIME), LEAST_AGE)
        removed = await run_in_threadpool(lambda: self._artifacts.sweep(older_than=age))
        return JSONResponse({"removed": removed})


def _span_of(document: Any, name: str, default: timedelta) -> timedelta:
    seconds = document.get(name) if isinstance(document, dict) else None
    if seconds is None:
        return default
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not 0 <= seconds <= _LONGEST.total_seconds():
        raise InvalidInputError(f"{name} is not a number of seconds, at most 30 days")
    return timedelta(seconds=seconds)
