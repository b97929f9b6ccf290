"""A folder of many small files: in by each entrance, out again, beside a loop that copies durably.

The loop is what a user would otherwise write: each file is copied, synced, and renamed into place.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.http import served
from benchmarks.rows import Row
from lineage_registry import connect

FILES = 10_000
BAR = 60.0
_FOLDERS = 100


def measure(files: int = FILES) -> Iterator[Row]:
    """Import and pull one folder by each entrance, each into a registry of its own."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
        root = Path(place)
        source = root / "source"
        _write(source, files)
        copied = _seconds(lambda: _copy(source, root / "copy"))
        shutil.rmtree(root / "copy")
        for way, seconds in _ways(root, source):
            yield {
                "part": "folders",
                "engine": "sqlite",
                "graph": f"{files:,} files",
                "question": way,
                "seconds": seconds,
                "copy": copied,
                "met": seconds <= BAR,
            }


def _ways(root: Path, source: Path) -> Iterator[tuple[str, float]]:
    with connect(root / "by-python") as registry:
        yield "import, Python", _seconds(lambda: registry.register("net", source))
        yield "pull, Python", _seconds(lambda: registry.pull("net:1", root / "pulled"))
        yield "pull again, Python", _seconds(lambda: registry.pull("net:1", root / "pulled"))
    with connect(root / "by-draft") as registry:
        yield "draft, Python", _seconds(lambda: registry.draft("next").add(source))
    program = Path(sys.executable).with_name("lreg")
    command = [program, "register", source, "-n", "net", "--url", root / "by-typing"]
    yield (
        "import, command line",
        _seconds(lambda: subprocess.run(command, check=True, capture_output=True)),
    )
    with served(str(root / "by-http")) as (address, _), connect(address) as registry:
        yield "import, HTTP", _seconds(lambda: registry.register("net", source))
        yield "pull, HTTP", _seconds(lambda: registry.pull("net:1", root / "fetched"))


def _write(folder: Path, files: int) -> None:
    for number in range(_FOLDERS):
        (folder / f"{number:02}").mkdir(parents=True)
    for number in range(files):
        path = folder / f"{number % _FOLDERS:02}" / f"{number}.json"
        path.write_text(f'{{"number": {number}}}\n' * 50)


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(parents=True)
            continue
        partial = place.with_name(f".{place.name}")
        with path.open("rb") as reading, partial.open("xb") as writing:
            shutil.copyfileobj(reading, writing)
            os.fsync(writing.fileno())
        partial.replace(place)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    for row in measure(*map(int, sys.argv[1:])):
        sys.stdout.write(
            f"{row['question']:24} {row['seconds']:8.2f} s  copy {row['copy']:.2f} s\n"
        )
        sys.stdout.flush()
