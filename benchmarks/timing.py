"""Times of calls, and how two ways compare when they take turns."""

import gc
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Times(NamedTuple):
    """Seconds, sorted."""

    seconds: tuple[float, ...]

    def quantile(self, share: float) -> float:
        """Return the time that `share` of the calls did not exceed, in milliseconds."""
        place = min(int(share * len(self.seconds)), len(self.seconds) - 1)
        return self.seconds[place] * 1e3

    @property
    def p50(self) -> float:
        """The median in milliseconds."""
        return self.quantile(0.5)

    @property
    def p95(self) -> float:
        """The 95th percentile in milliseconds."""
        return self.quantile(0.95)

    @property
    def p99(self) -> float:
        """The 99th percentile in milliseconds."""
        return self.quantile(0.99)


def in_turns(*ways: Sequence[Callable[[], object]], warm: int = 1) -> list[Times]:
    """Time calls of several ways, the first of each, then the second of each, and so on.

    Each way begins as many of these turns as any other: who reads some rows second finds them in
    the processor's cache.

    What is in memory before is left out of garbage collection, for every way alike: a process
    that answers questions does not hold a benchmark's lists.
    """
    for _ in range(warm):
        for calls in ways:
            for call in calls:
                call()
    gc.collect()
    gc.freeze()
    seconds: list[list[float]] = [[] for _ in ways]
    for number, turn in enumerate(zip(*ways, strict=True)):
        for place in range(number, number + len(ways)):
            call, taken = turn[place % len(ways)], seconds[place % len(ways)]
            begun = time.perf_counter()
            call()
            taken.append(time.perf_counter() - begun)
    gc.unfreeze()
    return [Times(tuple(sorted(taken))) for taken in seconds]
