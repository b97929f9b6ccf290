"""One server process with its data folder: start, stop, kill, restart on the same data."""

import contextlib
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self


class ServerError(RuntimeError):
    """A server could not be had; the message says what to do."""


def free_port() -> int:
    """Find a free loopback port outside the range that outgoing connections take theirs from.

    So it is still free when a killed server comes back on it.
    """
    for port in random.SystemRandom().sample(range(15000, 32000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerError("no free loopback port between 15000 and 32000")


class ServerProcess(ABC):
    """A server on loopback, owned by this process and gone with it."""

    name: str
    patience = 90.0

    def __init__(self, *, home: Path | None = None) -> None:
        self._own_home = home is None
        self.home = home or Path(tempfile.mkdtemp(prefix=f"lineage-{self.name}-"))
        self.home.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.home / "server.log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start the server and come back when it answers."""
        if self.running:
            return self
        command, environment = self._command()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_die_with_parent(), *command],
                cwd=self.home,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait(self._ready)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """End the server in good order; its data stay."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the server at once, as a power cut would; its data stay."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> Self:
        """Start the server again on the same data and the same port."""
        self.stop()
        return self.start()

    def discard(self) -> None:
        """End the server and remove its data; a folder that was the caller's stays, in order."""
        if not self._own_home:
            self.stop()
        else:
            self.kill()
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()

    @abstractmethod
    def _command(self) -> tuple[list[str], Mapping[str, str]]:
        """Say what to run, and with which environment."""

    @abstractmethod
    def _ready(self) -> bool:
        """Tell whether the server answers."""

    def _wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience
        while not ready():
            if not self.running:
                raise ServerError(f"{self.name} ended while starting:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{self.name} was not ready in {self.patience:.0f} s:\n{self._tail()}"
                )
            time.sleep(0.05)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


def _die_with_parent() -> list[str]:
    # The kernel ends the server when the thread that started it is gone, even by SIGKILL; only
    # the main thread lives as long as its process.
    setpriv = shutil.which("setpriv")
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return []
    return [setpriv, "--pdeathsig", "TERM", "--"]
