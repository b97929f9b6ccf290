"""The process that listens: uvicorn with limits, and an orderly end."""

from typing import Final

import uvicorn
from fastapi import FastAPI

KEEP_ALIVE: Final = 15
GRACE: Final = 30


def make_server(app: FastAPI, host: str = "127.0.0.1", port: int = 8000) -> uvicorn.Server:
    """Return a server that is ready to run; port 0 takes a free one."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)


def serve(app: FastAPI, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Answer requests until a signal says to stop; what is being answered is finished."""
    make_server(app, host, port).run()
