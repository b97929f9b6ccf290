"""Work done by this process while the server does its own."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")


def one_ahead(items: Iterable[_Item]) -> Iterator[_Item]:
    """Yield the items; the next one is made in a thread while the caller is busy with this one.

    Whatever making an item raises is raised here when its turn comes.
    """
    coming = iter(items)
    with ThreadPoolExecutor(1, "lineage-ahead") as pool:
        made = pool.submit(next, coming, None)
        while (item := made.result()) is not None:
            made = pool.submit(next, coming, None)
            yield item
