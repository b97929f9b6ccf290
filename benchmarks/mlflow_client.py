"""Walk through MLflow's client: runs in .venv-bench, where MLflow is, and in no other place.

    python benchmarks/mlflow_client.py FOLDER GENERATIONS file|server

Makes a chain of model versions in a fresh SQLite store, as users of MLflow do it: each version is
made by a run and has the version before as a tag, as MLflow knows no parent. The store is opened by
the client itself, or by MLflow's own server on this machine. For each line on the standard input it
walks the chain once and prints the seconds that it took as JSON.
"""

import json
import logging
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402

_MODEL, _PARENT = "chain", "parent_version"
_STARTS_IN = 120


def main() -> None:
    folder, length, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    if how == "file":
        answer_lines(MlflowClient(tracking_uri=uri, registry_uri=uri), folder, length)
        return
    with served(uri, folder) as address:
        answer_lines(MlflowClient(tracking_uri=address, registry_uri=address), folder, length)


def answer_lines(client: MlflowClient, folder: Path, length: int) -> None:
    newest = make_chain(client, folder, length)
    say({"version": mlflow.__version__})
    ways = {"tags": walk_tags, "runs": walk_runs, "one search": search_once}
    for line in sys.stdin:
        way = ways[line.strip()]
        begun = time.perf_counter()
        found = way(client, newest)
        took = time.perf_counter() - begun
        say({"seconds": took, "found": found})


@contextmanager
def served(uri: str, folder: Path) -> Iterator[str]:
    """Run MLflow's server on the store, one worker, as one client asks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        uri,
        "--workers",
        "1",
    ]
    command += [
        "--artifacts-destination",
        folder.as_uri(),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(f"{address}/health")
            yield address
        finally:
            server.terminate()


def wait_for(address: str) -> None:
    end = time.monotonic() + _STARTS_IN
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


def make_chain(client: MlflowClient, folder: Path, length: int) -> str:
    client.create_registered_model(_MODEL)
    experiment = client.create_experiment("chain", artifact_location=folder.as_uri())
    newest = None
    for _ in range(length):
        run = client.create_run(experiment)
        client.log_param(run.info.run_id, "lr", 0.001)
        tags = {} if newest is None else {_PARENT: newest}
        made = client.create_model_version(
            _MODEL, source=run.info.artifact_uri, run_id=run.info.run_id, tags=tags
        )
        newest = made.version
    return newest


def walk_tags(client: MlflowClient, newest: str) -> int:
    """Follow the tags alone."""
    found, at = 0, newest
    while at is not None:
        found += 1
        at = client.get_model_version(_MODEL, at).tags.get(_PARENT)
    return found


def walk_runs(client: MlflowClient, newest: str) -> int:
    """Follow the tags and read the run of each version: its parameters, its inputs."""
    found, at = 0, newest
    while at is not None:
        version = client.get_model_version(_MODEL, at)
        client.get_run(version.run_id)
        found += 1
        at = version.tags.get(_PARENT)
    return found


def search_once(client: MlflowClient, newest: str) -> int:
    """Fetch all versions of the model at once and follow the tags in memory."""
    batch = client.search_model_versions(f"name = '{_MODEL}'", max_results=1_000)
    tags = {str(one.version): one.tags for one in batch}
    found, at = 0, str(newest)
    while at is not None:
        found += 1
        at = tags[at].get(_PARENT)
    return found


def say(what: dict) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
