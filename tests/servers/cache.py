"""What was downloaded or built once, keyed by version; a half-done build is never taken."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from tests.servers.process import ServerError

REPOSITORY = Path(__file__).resolve().parents[2]


def cache_folder() -> Path:
    return Path(os.environ.get("LINEAGE_CACHE") or REPOSITORY / ".cache")


def say(line: str) -> None:
    """One line per slow step, at once, also when the output is a file."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def cached(name: str, version: str) -> Path:
    """Return where `name` lies once it is there."""
    return cache_folder() / name / version


def obtain(name: str, version: str, step: str, build: Callable[[Path], None]) -> Path:
    """Return the folder of `name`, made by `build(empty folder)` if nobody made it before.

    The folder gets its name by one rename after `build` came back, under a lock that other
    processes wait for: whoever sees it sees all of it.
    """
    target = cached(name, version)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f"{version}.lock")):
        if target.is_dir():
            return target
        say(f"{step} ...")
        began = time.monotonic()
        draft = Path(tempfile.mkdtemp(prefix=f"{version}.draft-", dir=target.parent))
        try:
            build(draft)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        say(f"{step}: done in {time.monotonic() - began:.0f} s")
    return target


def require(program: str, advice: str) -> str:
    """Return the path of `program`, or say what to install."""
    found = shutil.which(program)
    if found is None:
        raise ServerError(f"{program!r} is not on the PATH: {advice}")
    return found


def run_tool(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a build step; when it fails, the error carries the end of what it said."""
    result = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        tail = "\n".join(result.stdout.splitlines()[-15:])
        raise ServerError(f"{command[0]} failed with {result.returncode}:\n{tail}")
