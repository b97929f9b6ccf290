"""Ancestors over HTTP, beside the same question in process and a route that does nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import httpx2

from benchmarks.graphs import realistic
from benchmarks.places import loaded
from benchmarks.timing import Times, in_turns
from lineage_registry.domain.graph import NodeKind
from tests.servers.process import free_port

_QUESTIONS = 300


class Row(NamedTuple):
    """Medians of one run; the bar is twice in process plus one and a half empty routes."""

    nodes: int
    http: Times
    in_process: Times
    empty: Times

    @property
    def bar(self) -> float:
        """The bar in milliseconds."""
        return 2 * self.in_process.p50 + 1.5 * self.empty.p50


def measure(nodes: int, seed: int) -> Row:
    """Ask the same questions three ways, in turns, of a server process on the same file."""
    with loaded("sqlite", realistic(nodes, seed)) as place:
        references = place.sample(NodeKind.MODEL_VERSION, _QUESTIONS)
        inside = [partial(place.registry.ancestors, one) for one in references]
        with _served(str(place.folder)) as address, httpx2.Client(base_url=address) as client:
            over = [partial(_get, client, "/api/v1/lineage", start=one) for one in references]
            empty = [partial(_get, client, "/healthz")] * len(references)
            return Row(nodes, *in_turns(over, inside, empty))


def _get(client: httpx2.Client, path: str, **query: str) -> bytes:
    response = client.get(path, params=query)
    response.raise_for_status()
    return response.content


@contextmanager
def _served(folder: str) -> Iterator[str]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "lineage_registry",
        "--url",
        folder,
        "serve",
        "--port",
        str(port),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _await(address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _await(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx2.get(f"{address}/healthz").raise_for_status()
        except httpx2.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
