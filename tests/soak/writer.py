"""A client that registers as fast as it can and notes down what was acknowledged to it."""

import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from lineage_registry.bootstrap import connect
from lineage_registry.errors import BackendError
from lineage_registry.registry import Registry
from lineage_registry.settings import Settings

SHARED = "shared"
"""A model that all writers register versions of."""


class Ack(NamedTuple):
    """A write that the registry said was done."""

    key: str
    reference: str
    manifest: str | None
    revision: int


class Notes:
    """What was acknowledged to one writer, in a file that outlives it.

    A line is handed to the kernel before the next write begins, so no kill can take it back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Ack]:
        if not self._path.exists():
            return []
        return [Ack(*json.loads(line)) for line in self._path.read_text().splitlines()]

    def writer(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def write_for_ever(settings: Settings, name: str, folder: Path, ready: int) -> None:
    """Do one write after the other, each under a key of its own; the one under way when the last
    writer of this name was killed is asked for again.
    """
    notes = Notes(folder / f"{name}.acks")
    turn = len(notes.read())
    out = notes.writer()
    with connect(settings=settings.model_copy(update={"actor": name})) as registry:
        os.write(ready, b".")
        while True:
            ack = _done(registry, name, turn, folder)
            os.write(out, (json.dumps(ack) + "\n").encode())
            turn += 1


def _done(registry: Registry, name: str, turn: int, folder: Path) -> Ack:
    while True:
        try:
            return _do(registry, name, turn, folder)
        except BackendError:  # the server is gone; it will be back
            time.sleep(0.05)


def _do(registry: Registry, name: str, turn: int, folder: Path) -> Ack:
    key = f"{name}-{turn}"
    how: dict[str, Any] = {"key": key, "reason": f"turn {turn}"}
    file = folder / f"{name}.bin"
    file.write_text(f"{key} {'x' * (turn % 50) * 100}")
    match turn % 5:
        case 0:
            done = registry.register_dataset(f"data-{name}", file, **how)
        case 1:
            datasets = [f"data-{name}:latest"]
            parents = [] if turn < 5 else [(f"net-{name}:1", "finetune")]
            done = registry.register(f"net-{name}", file, datasets=datasets, parents=parents, **how)
        case 2:
            done = registry.promote(f"net-{name}:latest", "Production", **how)
        case 3:
            done = registry.register(SHARED, metrics={"turn": turn}, **how)
        case _:
            parents = [f"net-{name}:Production"]
            done = registry.register(SHARED, file, parents=parents, **how)
    return Ack(key, done.reference, done.manifest, done.revision)
