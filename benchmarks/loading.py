"""Loading a gibibyte of safetensors from the local store, against the bare library.

    python -m benchmarks.loading [--gib 1] [--rounds 5]

Each row is measured in this process, the library and the registry in turn: once as they return
(weights are mapped, hardly a byte is read) and once with every byte touched, as whoever uses them
does. The first load of all reads and hashes the blob; it is told apart.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import lineage_registry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loading-", dir=os.environ.get("BENCH_TMP")) as folder:
        measure(Path(folder), int(given.gib * 2**30), given.rounds)


def measure(folder: Path, size: int, rounds: int) -> None:
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    file = folder / "model.safetensors"
    layers = max(1, size // (64 * 2**20))
    save_file({f"layer.{n}": torch.rand(16, 2**20) for n in range(layers)}, file)
    with lineage_registry.connect(folder / "registry") as registry:
        registry.register("net", file)
        time.sleep(2.5)  # a blob that was just written is hashed each time
        print(f"{file.stat().st_size / 2**30:.2f} GiB in {layers} tensors, median of {rounds}")
        print(f"first load, hashed: {timed(lambda: registry.load('net:1')):.3f} s")
        ways = {"library": lambda: load_file(file), "registry": lambda: registry.load("net:1")}
        for what, use in (("as returned", len), ("every byte touched", touched)):
            seconds = {name: [] for name in ways}
            for _ in range(rounds):
                for name, load in ways.items():
                    seconds[name].append(timed(lambda load=load, use=use: use(load())))
            bare, ours = (statistics.median(seconds[name]) for name in ways)
            print(
                f"{what}: {bare * 1000:.1f} ms bare, {ours * 1000:.1f} ms here, {ours / bare:.2f}x"
            )


def touched(tensors: dict[str, torch.Tensor]) -> float:
    return sum(float(tensor.sum()) for tensor in tensors.values())


def timed(act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
