"""Looking into files of a gigabyte: how long it takes, and what it costs in memory.

Each look is a process of its own, so that its peak memory is its own. The files are holes but for
their headers.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows import Row
from tests.corpus.large_files import SPARSE

BAR_MS, BAR_MIB = 50, 30
_ROUNDS = 5
_LOOK = """
import json, sys, time
from pathlib import Path
# What getrusage says as a peak may be that of the process that started this one.
def peak(): return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
bare = peak()
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.filesets import LocalFiles
registry = handlers()
started = time.perf_counter()
found = registry.inspect(LocalFiles(sys.argv[1]))
first = time.perf_counter() - started
started = time.perf_counter()
registry.inspect(LocalFiles(sys.argv[1]))
again = time.perf_counter() - started
said = [found.verdict.value, found.parameters]
print(json.dumps([*said, first * 1000, again * 1000, peak() - bare]))
"""


def measure(rounds: int = _ROUNDS) -> Iterator[Row]:
    """Look into one sparse file of each format."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for name, make in SPARSE.items():
            path = Path(folder, name)
            make(path)
            looks = [_look(path) for _ in range(rounds)]
            assert all(look[:2] == ["safe", 1 << 28] for look in looks), looks
            first, again, memory = (
                statistics.median(look[at] for look in looks) for at in (2, 3, 4)
            )
            yield {
                "part": "inspection",
                "engine": "",
                "graph": "1 GiB",
                "question": name,
                "first": first,
                "again": again,
                "memory": memory,
                "met": first <= BAR_MS and memory <= BAR_MIB,
            }


def _look(path: Path) -> list:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, path], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    for row in measure():
        sys.stdout.write(
            f"{row['question']:12} {row['first']:6.1f} ms, again {row['again']:6.1f} ms, "
            f"{row['memory']:5.1f} MiB\n"
        )
