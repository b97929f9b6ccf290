"""Kill writers, or the server under them, at random moments; then check every promise."""

import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lineage_registry.bootstrap import connect
from lineage_registry.services.local import LocalCommands
from lineage_registry.settings import Settings
from tests.soak.writer import SHARED, Ack, Notes, write_for_ever

WRITERS = ("ann", "bob")
_BETWEEN_CHECKS = 25


@dataclass
class Tally:
    """What was done and survived."""

    kills: int = 0
    acknowledged: int = 0
    unacknowledged: int = 0
    events: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.acknowledged} acknowledged writes all there, "
            f"{self.unacknowledged} written without an answer, {self.events} events, "
            f"{self.seconds:.1f} s"
        )


class BrokenPromiseError(AssertionError):
    """Something acknowledged is lost, or something is there that should not be."""


def kill_clients(
    settings: Settings, folder: Path, kills: int, seed: int, *, longest: float = 0.06
) -> Tally:
    """Kill one of two writers after `longest` seconds at most, `kills` times in all."""
    chance, started = random.Random(seed), time.monotonic()
    with _writers(settings, folder) as replace:
        for kill in range(1, kills + 1):
            time.sleep(chance.uniform(0, longest))
            replace(chance.choice(WRITERS))
            if kill % _BETWEEN_CHECKS == 0:
                check(settings, folder, read_bytes=False)
    return _tally(settings, folder, kills, started)


def kill_server(
    settings: Settings,
    folder: Path,
    kills: int,
    seed: int,
    *,
    kill: Callable[[], None],
    restart: Callable[[], object],
) -> Tally:
    """Kill the server under two writers that go on as soon as it is back."""
    chance, started = random.Random(seed), time.monotonic()
    with _writers(settings, folder):
        for _ in range(kills):
            before = _acknowledged(folder)
            while _acknowledged(folder) <= before:  # somebody wrote since it came back
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.3))
            kill()
            restart()
    return _tally(settings, folder, kills, started)


def check(settings: Settings, folder: Path, *, read_bytes: bool) -> tuple[int, int]:
    """Check all promises; return the numbers of writes without an answer, and of events.

    Raises:
        BrokenPromiseError: One was not kept.
    """
    acks = {name: Notes(folder / f"{name}.acks").read() for name in WRITERS}
    with connect(settings=settings) as registry:
        commands = registry.sender.commands
        assert isinstance(commands, LocalCommands)
        revisions: defaultdict[str, set[int]] = defaultdict(set)
        events = 0
        # What writers do meanwhile lies behind the head that is read first.
        head = commands.work.graph.head()
        for recorded in commands.work.graph.log():
            if recorded.position > head.size:
                break
            events += 1
            revisions[recorded.key or "none"].add(recorded.revision)
        for name, found in acks.items():
            # What was answered while the log was read is no write without an answer.
            later = Notes(folder / f"{name}.acks").read()
            _check_acks(name, found, later, revisions)
        for ack in [ack for found in acks.values() for ack in found[-3:]]:
            version = registry.version(ack.reference)
            demand(version.manifest == ack.manifest, f"{ack} has other files")
        shared = sum(1 for key in revisions if key != "none" and int(key.split("-")[1]) % 5 > 2)
        numbers = [one.number for one in registry.versions(SHARED, as_of=head.revision)]
        demand(numbers == list(range(shared, 0, -1)), f"{SHARED} has gaps or twins: {numbers}")
        demand(events == head.size, "the log is not as long as its head says")
        validation = registry.validate(bytes=read_bytes)
        demand(validation.ok, str(validation.findings))
    answered = sum(map(len, acks.values()))
    return len(revisions) - answered, events


def demand(kept: bool, promise: str) -> None:
    if not kept:
        raise BrokenPromiseError(promise)


def _check_acks(
    name: str, acks: Sequence[Ack], later: Sequence[Ack], revisions: dict[str, set[int]]
) -> None:
    for ack in acks:
        demand(revisions.get(ack.key) == {ack.revision}, f"{ack} is at {revisions.get(ack.key)}")
    written = {key for key in revisions if key.startswith(f"{name}-")}
    beyond = written - {ack.key for ack in later}
    demand(beyond <= {f"{name}-{len(later)}"}, f"{name} was never answered, yet there are {beyond}")


def _tally(settings: Settings, folder: Path, kills: int, started: float) -> Tally:
    unanswered, events = check(settings, folder, read_bytes=True)
    seconds = time.monotonic() - started
    return Tally(kills, _acknowledged(folder), unanswered, events, seconds)


def _acknowledged(folder: Path) -> int:
    return sum(len(Notes(folder / f"{name}.acks").read()) for name in WRITERS)


@contextmanager
def _writers(settings: Settings, folder: Path) -> Iterator[Callable[[str], None]]:
    """Run the writers; what is given kills one of them at once and starts it anew."""
    with connect(settings=settings) as registry:
        registry.create_model(SHARED, key="none")
    running = {name: _fork(settings, name, folder) for name in WRITERS}

    def replace(name: str) -> None:
        _kill(running.pop(name))
        running[name] = _fork(settings, name, folder)

    try:
        yield replace
    finally:
        for pid in running.values():
            _kill(pid)


def _fork(settings: Settings, name: str, folder: Path) -> int:
    """Start a writer from this process, which has everything imported; return when it is open."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            write_for_ever(settings, name, folder, writing)
        finally:
            os._exit(1)
    os.close(writing)
    opened = os.read(reading, 1)
    os.close(reading)
    demand(opened == b".", f"{name} could not open the registry")
    return pid


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    demand(
        os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
        f"a writer ended by itself with {status}",
    )
