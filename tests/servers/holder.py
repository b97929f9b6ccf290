"""A process that holds servers for others: it starts them, says where, and ends them.

Test workers come and go, so none of them may own what all share. The holder belongs to the
whole run: it ends when it is told to, or when the process it was started for is gone.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from tests.servers.addresses import Neo4jAddress, S3Address
from tests.servers.backends import open_neo4j, open_s3
from tests.servers.cache import REPOSITORY
from tests.servers.process import ServerError

SERVICES = ("neo4j", "s3")
_PATIENCE = 900.0
"""Seconds: on a fresh machine the holder builds before it starts."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a holder wrote down."""

    pid: int
    created: float
    neo4j: Neo4jAddress | None
    s3: S3Address | None

    @classmethod
    def read(cls, state: Path) -> Self | None:
        """Read what the holder wrote, if it is still alive."""
        try:
            raw: dict[str, Any] = json.loads(state.read_text())
        except FileNotFoundError:
            return None
        neo4j = Neo4jAddress(**raw["neo4j"]) if raw["neo4j"] else None
        s3 = S3Address(**raw["s3"]) if raw["s3"] else None
        held = cls(raw["pid"], raw["created"], neo4j, s3)
        return held if _alive(held.pid, held.created) else None

    def write(self, state: Path) -> None:
        draft = state.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(state)

    def environment(self) -> dict[str, str]:
        addresses = (self.neo4j, self.s3)
        return {k: v for a in addresses if a for k, v in a.to_environment().items()}


def hold(state: Path, services: Sequence[str], line: str, owner: int | None) -> None:
    """Run the servers until a signal comes or `owner` is gone; called in a process of its own."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    born = psutil.Process(owner).create_time() if owner else 0.0
    with ExitStack() as stack:
        neo4j = stack.enter_context(open_neo4j(line)) if "neo4j" in services else None
        s3 = stack.enter_context(open_s3()) if "s3" in services else None
        this = psutil.Process()
        Held(this.pid, this.create_time(), neo4j, s3).write(state)
        stack.callback(state.unlink, missing_ok=True)
        while not told.wait(0.5):
            if owner and not _alive(owner, born):
                break


def start_holder(
    state: Path, services: Sequence[str], *, line: str = "5", owner: int | None = None
) -> Held:
    """Start a holder and come back when its servers answer."""
    state.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.servers", "hold", "--state", str(state)]
    command += ["--neo4j", line, *(f"--only={name}" for name in services)]
    if owner is not None:
        command += ["--owner", str(owner)]
    log = state.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONWARNINGS": "default"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return _wait_for(process, state, log)


def stop_holder(state: Path) -> bool:
    """End the holder that wrote `state` with its servers; tell whether there was one."""
    held = Held.read(state)
    if held is None:
        state.unlink(missing_ok=True)
        return False
    process = psutil.Process(held.pid)
    process.terminate()
    try:
        process.wait(90)
    except psutil.TimeoutExpired:
        process.kill()
    state.unlink(missing_ok=True)
    return True


def _wait_for(process: subprocess.Popen[bytes], state: Path, log: Path) -> Held:
    pause = threading.Event()
    waited = 0.0
    while (held := Held.read(state)) is None:
        if process.poll() is not None or waited > _PATIENCE:
            process.kill()
            process.wait()
            raise ServerError(f"the servers did not start:\n{_last_words(log)}")
        pause.wait(0.1)
        waited += 0.1
    # It outlives this object on purpose; its state file says how to end it.
    process.returncode = 0
    return held


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:])


def _alive(pid: int, created: float) -> bool:
    try:
        process = psutil.Process(pid)
        same: bool = process.create_time() == created
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
