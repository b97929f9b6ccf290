"""When something was in an ancestry whose edges came and went."""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple


class Span(NamedTuple):
    """An edge and the revisions it held for; `until` is the one that ended it, None: still."""

    source: int
    target: int
    since: int
    until: int | None


Times = dict[int, list[tuple[int, int]]]
"""Node to the revisions that it was there: from the first one up to the second, without that."""


def presence(start: int, born: int, now: int, spans: Iterable[Span]) -> Times:
    """Return when each node was something that `start` comes from; `start` always was.

    Between two ends of edges, edges only come: there a node is reached from the least revision at
    which one way to it is complete, which is found as a shortest path is, with the latest edge of a
    way as its length.
    """
    edges: defaultdict[int, list[Span]] = defaultdict(list)
    cuts = {born, now + 1}
    for span in spans:
        edges[span.source].append(span)
        if span.until is not None and born < span.until <= now:
            cuts.add(span.until)
    times: Times = {}
    for low, high in pairwise(sorted(cuts)):
        for node, entry in _entries(start, low, high, edges).items():
            known = times.setdefault(node, [])
            if known and known[-1][1] == entry:
                known[-1] = (known[-1][0], high)
            else:
                known.append((entry, high))
    return times


def there(times: Times, node: int, revision: int) -> bool:
    """Tell whether a node was there at a revision."""
    return any(low <= revision < high for low, high in times.get(node, ()))


def _entries(start: int, low: int, high: int, edges: dict[int, list[Span]]) -> dict[int, int]:
    entries: dict[int, int] = {}
    waiting = [(low, start)]
    while waiting:
        entry, node = heapq.heappop(waiting)
        if node in entries:
            continue
        entries[node] = entry
        for span in edges.get(node, ()):
            holds = span.since < high and (span.until is None or span.until > low)
            if holds and span.target not in entries:
                heapq.heappush(waiting, (max(entry, span.since), span.target))
    return entries
