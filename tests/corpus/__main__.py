"""Look into the whole corpus and print what it took: `python -m tests.corpus`.

It runs in an interpreter that has imported nothing to make the cases with, so that time and memory
are those of looking. Cases are read from a folder that `tests/unit/test_corpus_entrances.py` wrote.
"""

import json
import re
import sys
import time
from pathlib import Path

from lineage_registry.errors import RegistryError
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.filesets import LocalFiles


def main(folder: Path) -> None:
    """Print a line of JSON for each case, and the memory at the end."""
    formats = handlers()
    for case in sorted(folder.iterdir()):
        begun = time.perf_counter()
        try:
            verdict = formats.inspect(LocalFiles(case)).verdict.value
        except RegistryError as error:
            verdict = error.code
        took = time.perf_counter() - begun
        sys.stdout.write(json.dumps([case.name, verdict, took]) + "\n")
    # `ru_maxrss` would be that of whoever started this, if it was larger then.
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    peak = int(line) / 1024
    heavy = {"torch", "numpy", "sklearn", "joblib", "keras", "h5py", "skops", "onnx"}
    sys.stdout.write(json.dumps(["", sorted(heavy & sys.modules.keys()), peak]) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
