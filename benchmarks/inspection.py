"""Looking into files of a gigabyte: how long it takes, and what it costs in memory.

    python -m benchmarks.inspection [--rounds 5]

Each look is a process of its own, so that its peak memory is its own; what the interpreter and the
registry take before is measured there, too. The files are holes but for their headers. Bars: 50 ms
and 30 MiB over the interpreter with the registry's handlers.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.corpus.large_files import SPARSE

BAR_MS, BAR_MIB = 50, 30
LOOK = """
import json, sys, time
from pathlib import Path
# What getrusage says as a peak may be that of the process that started this one.
def peak(): return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
bare = peak()
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.filesets import LocalFiles
registry = handlers()
before, started = peak(), time.perf_counter()
found = registry.inspect(LocalFiles(sys.argv[1]))
first = time.perf_counter() - started
started = time.perf_counter()
registry.inspect(LocalFiles(sys.argv[1]))
again = time.perf_counter() - started
said = [found.verdict.value, found.parameters, first * 1000, again * 1000, peak() - before]
print(json.dumps([*said, before - bare]))
"""


def look(path: Path) -> list:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, path], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    missed = 0
    print("| format | first look | again | memory | the registry's own |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in SPARSE.items():
            path = Path(folder, name)
            make(path)
            looks = [look(path) for _ in range(rounds)]
            assert all(one[:2] == ["safe", 1 << 28] for one in looks), looks
            first, again, memory, own = (
                statistics.median(one[at] for one in looks) for at in range(2, 6)
            )
            missed += again > BAR_MS or memory > BAR_MIB
            print(
                f"| {name} | {first:.1f} ms | {again:.1f} ms | {memory:.1f} MiB | {own:.1f} MiB |"
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
