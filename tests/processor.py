"""What work costs the processor."""

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work answers, and the least CPU seconds it took of three times.

    Other work on the machine, and what other tests left for the collector of garbage to go
    through, only add to what it takes; so the least is what the work itself takes.
    """
    gc.collect()
    gc.freeze()
    try:
        took = []
        for _ in range(3):
            begun = time.thread_time()
            answer = work()
            took.append(time.thread_time() - begun)
        return answer, min(took)
    finally:
        gc.unfreeze()
