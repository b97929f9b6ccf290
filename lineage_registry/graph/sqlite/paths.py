"""The shortest way between two nodes, searched from both ends."""

from collections.abc import Collection
from typing import Final

from lineage_registry.domain.graph import EdgeKind
from lineage_registry.domain.view import Direction
from lineage_registry.graph.sqlite import statements
from lineage_registry.graph.sqlite.codes import Row, edge_mask
from lineage_registry.graph.sqlite.connection import Rows

# Causes are few, effects may be many: so many edges per node of the other side are looked at
# before the search from the target leaves the next step to the search from the source.
_PATIENCE: Final = 4
_LEAST_PATIENCE: Final = 64


class _Side:
    """The search from one end.

    Attributes:
        came_from: Node to the one before it, seen from this end; the end itself has none.
        frontier: What was reached last.
    """

    def __init__(self, end: int, direction: Direction, rows: Rows, taken: tuple[int, int]) -> None:
        self.came_from: dict[int, int | None] = {end: None}
        self.frontier = [end]
        self._rows = rows
        self._taken = taken
        self._from, self._to = (0, 2) if direction is Direction.UPSTREAM else (2, 0)
        self._statement = statements.expand(direction, deleted=True, through=False, whole=True)

    def step(self, most: int | None = None) -> bool:
        """Go one step; False, and nothing is done, if that takes more than `most` edges."""
        rows: list[Row] = []
        for row in self._rows(self._statement, (str(self.frontier), *self._taken, 0)):
            rows.append(row)
            if most is not None and len(rows) > most:
                return False
        fresh: dict[int, int | None] = {}
        for row in rows:
            before, node = row[self._from], row[self._to]
            if node not in self.came_from and before < (fresh.get(node) or before + 1):
                fresh[node] = before
        self.came_from |= fresh
        self.frontier = sorted(fresh)
        return True

    def way(self, node: int) -> list[int]:
        """Return the way from a node back to this end, without the node."""
        found = []
        before = self.came_from[node]
        while before is not None:
            found.append(before)
            before = self.came_from[before]
        return found


def shortest(
    rows: Rows, revision: int, source: int, target: int, kinds: Collection[EdgeKind]
) -> list[int] | None:
    """Return one shortest way along the edges, always the same one; None if there is none."""
    if source == target:
        return [source]
    taken = edge_mask(kinds), revision
    here = _Side(source, Direction.UPSTREAM, rows, taken)
    there = _Side(target, Direction.DOWNSTREAM, rows, taken)
    while here.frontier and there.frontier:
        last, other = _step(here, there)
        meetings = [node for node in last.frontier if node in other.came_from]
        if meetings:
            return _joined(here, there, meetings)
    return None


def _step(here: _Side, there: _Side) -> tuple[_Side, _Side]:
    most = _PATIENCE * len(here.frontier) + _LEAST_PATIENCE
    if len(there.frontier) < len(here.frontier) and there.step(most):
        return there, here
    here.step()
    return here, there


def _joined(here: _Side, there: _Side, meetings: list[int]) -> list[int]:
    # The last step met the other side's last one, so all meetings are equally far.
    node = meetings[0]
    return [*reversed(here.way(node)), node, *there.way(node)]
