"""Whether the process lives, and whether it can work."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from lineage_registry.api.access import ANONYMOUS
from lineage_registry.api.commands import add_route
from lineage_registry.errors import RegistryError
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.commands import Commands, Context, GetStages

log = logging.getLogger("lineage_registry.api")


def add_health_routes(app: FastAPI, commands: Commands, artifacts: ArtifactStore) -> None:
    """Add the routes that tell monitors how it is going; they tell nothing else."""

    async def healthz(_: Request) -> Response:
        """Tell that the process answers."""
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def readyz(_: Request) -> Response:
        """Tell whether the graph store and the artifact store can be used."""
        checks = await run_in_threadpool(_checks, commands, artifacts)
        ready = all(state == "ok" for state in checks.values())
        document = {"status": "ready" if ready else "not ready", "checks": checks}
        return JSONResponse(document, 200 if ready else 503)

    add_route(app, "GET", "/healthz", healthz, "healthz")
    add_route(app, "GET", "/readyz", readyz, "readyz")


def _checks(commands: Commands, artifacts: ArtifactStore) -> dict[str, Any]:
    return {
        "graph": _check(lambda: commands.run(GetStages(), Context(ANONYMOUS))),
        "artifacts": _check(artifacts.check),
    }


def _check(look: Any) -> str:
    try:
        look()
    except RegistryError as error:
        log.warning("not ready: %s", error)
        return error.code  # the message may name hosts and paths, and anybody may ask
    return "ok"
