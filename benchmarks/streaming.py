"""How much memory a server takes to give its largest answers: `python -m benchmarks.streaming`."""

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx2
import psutil

from benchmarks.graphs import realistic_graph
from benchmarks.http import served
from benchmarks.places import loaded

QUESTIONS = {
    "lineage": ("lineage", {}),
    **{
        f"export {name}": ("lineage/export", {"format": name})
        for name in ("json", "node-link", "csv-nodes", "csv-edges")
    },
}
_STARTS = ["datasets:/foundation-dataset_version", "models:/foundation-model_version"]
_MIB = 2**20


class Row(NamedTuple):
    """One answer: its size, and the largest memory of the server meanwhile, in MiB.

    `private` leaves out the pages of files, which the system takes back when it needs them.
    """

    question: str
    megabytes: float
    rss: float
    private: float


def measure(nodes: int, seed: int = 7, *, keep: bool = True) -> Iterator[Row]:
    """Serve a realistic graph from SQLite, ask for nearly all of it, and watch the process."""
    with loaded("sqlite", realistic_graph(nodes, seed), keep=keep) as place:
        query = {"start": _STARTS, "direction": "downstream", "limit": 1_000_000}
        with served(str(place.folder)) as (address, pid), httpx2.Client(timeout=600) as client:
            server = psutil.Process(pid)
            yield Row("idle", 0, *_memory(server))
            for question, (path, more) in QUESTIONS.items():
                with _watched(server) as peak:
                    size = _size(client, f"{address}/api/v1/{path}", {**query, **more})
                yield Row(question, size / 1e6, *peak)


def _size(client: httpx2.Client, url: str, query: dict) -> int:
    with client.stream("GET", url, params=query) as response:
        response.raise_for_status()
        return sum(map(len, response.iter_raw()))


@contextmanager
def _watched(server: psutil.Process) -> Iterator[list[float]]:
    peak, done = [0.0, 0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[:] = map(max, peak, _memory(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _memory(server: psutil.Process) -> tuple[float, float]:
    info = server.memory_info()
    return info.rss / _MIB, (info.rss - info.shared) / _MIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    nodes = parser.parse_args().nodes
    print(f"{nodes:,} nodes: answer, MB, largest RSS and private memory of the server in MiB")
    for row in measure(nodes):
        print(f"{row.question:18}{row.megabytes:8.1f}{row.rss:8.0f}{row.private:8.0f}")


if __name__ == "__main__":
    main()
