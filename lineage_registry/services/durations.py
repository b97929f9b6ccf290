"""How long runs took."""

from collections.abc import Sequence
from typing import Final

from lineage_registry.domain.view import GraphView
from lineage_registry.ports.graph import from_microseconds

_MOST: Final = 500


def durations(view: GraphView, runs: Sequence[int]) -> dict[int, float]:
    """Return how many seconds each run took, from its start to its end.

    Runs that have not ended are left out, and those behind the first 500: each is read by itself.
    """
    found: dict[int, float] = {}
    first = runs[:_MOST]
    ended = view.values([(id_, "ended") for id_ in first])
    for id_, node in view.nodes([id_ for id_ in first if (id_, "ended") in ended], ()).items():
        end = view.at(view.history(id_, "ended")[-1].since)
        if end is not None:
            begun = from_microseconds(int(node.facts["created_at"]))
            found[id_] = (end - begun).total_seconds()
    return found
