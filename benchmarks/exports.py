"""How long and how large the exports of large answers are: `python -m benchmarks.exports`."""

import time

from lineage_registry.errors import InputTooLargeError
from lineage_registry.exports import FORMATS, export
from tests.golden import lineages

ANSWERS = {
    "pipeline": lineages.pipeline,
    "chain of 2,000": lambda: lineages.chain(2_000),
    "chain of 10,000": lambda: lineages.chain(10_000),
    "5,000 versions and runs": lambda: lineages.chain_with_runs(2_500),
    "star of 1,000": lambda: lineages.star(1_000),
    "star of 5,000": lambda: lineages.star(4_999),
    "lattice 60 x 3": lambda: lineages.lattice(60),
}


def main() -> None:
    print(f"{'':26}" + "".join(f"{name:>18}" for name in FORMATS))
    for name, make in ANSWERS.items():
        answer = make()
        cells = [measured(answer, format_) for format_ in FORMATS]
        print(f"{name:26}" + "".join(f"{cell:>18}" for cell in cells))


def measured(answer, format_: str) -> str:
    begin = time.process_time()
    try:
        size = len(export(answer, format_))
    except InputTooLargeError:
        return "refused"
    return f"{(time.process_time() - begin) * 1000:.0f} ms {size / 1000:.0f} kB"


if __name__ == "__main__":
    main()
