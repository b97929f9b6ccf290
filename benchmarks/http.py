"""Ancestors over HTTP, beside the same question in process and a route that does nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx2

from benchmarks.graphs import realistic_graph
from benchmarks.memory import Memory
from benchmarks.places import loaded
from benchmarks.questions import QUESTIONS, sample
from benchmarks.rows import Row, times
from benchmarks.timing import in_turns
from tests.servers.process import free_port

_QUESTIONS = 300


def measure(nodes: int, seed: int) -> Row:
    """Ask the same questions three ways, in turns, of a server process on the same file.

    The bar is twice in process plus one and a half empty routes.
    """
    with loaded("sqlite", realistic_graph(nodes, seed)) as place:
        memory = Memory(place.folder / "graph.sqlite")
        picked = sample(QUESTIONS["ancestors"], memory, _QUESTIONS, seed)
        references = place.references([id_ for (id_,) in picked])
        inside = [partial(place.registry.ancestors, one) for one in references]
        with (
            served(str(place.folder)) as (address, _),
            httpx2.Client(base_url=address) as client,
        ):
            over = [partial(_get, client, "/api/v1/lineage", start=one) for one in references]
            empty = [partial(_get, client, "/healthz")] * len(references)
            http, in_process, nothing = in_turns(over, inside, empty)
    bar = 2 * in_process.p50 + 1.5 * nothing.p50
    return {
        "part": "http",
        "engine": "sqlite",
        "graph": f"{nodes:,}",
        "question": "ancestors",
        **times("http", http),
        **times("in process", in_process),
        **times("empty", nothing),
        "bar": bar,
        "met": http.p50 <= bar,
    }


def _get(client: httpx2.Client, path: str, **query: str) -> bytes:
    response = client.get(path, params=query)
    response.raise_for_status()
    return response.content


@contextmanager
def served(folder: str) -> Iterator[tuple[str, int]]:
    """Serve a registry in a process of its own; give its address and number."""
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
        yield address, server.pid
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
