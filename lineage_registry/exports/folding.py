"""Large answers folded: chains of versions and groups of similar nodes become one node each."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.graph import EDGE_RULES, Edge, EdgeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.words import KIND_WORDS, family, plural, stage_words, status_words

LEAST: Final = 5
"""Nodes that are worth folding."""
_ROUNDS: Final = 2
_MADE: Final = EdgeKind.GENERATED_BY
_FAMILIES_NAMED: Final = 3
_QUIET_STAGES: Final = frozenset({None, "Archived"})

_Colours = dict[int, int]
"""A number for each node; nodes of one colour are alike."""
_Groups = dict[int, int]
"""For each node that is folded the first one of its group."""


class Folded(NamedTuple):
    """An answer with fewer nodes.

    Attributes:
        lineage: The answer to draw. A folded node has the id of its first member and the least
            distance of all; its title says what it stands for: `12 versions of clf`.
        members: For each folded node the ids that it stands for, in order.
    """

    lineage: Lineage
    members: Mapping[int, Sequence[int]]


def fold(lineage: Lineage, least: int = LEAST) -> Folded:
    """Return the answer with what is alike in one node; what people look for stays by itself.

    Alike are nodes of one kind, versions of one model or dataset, that see the same over two
    edges. Versions of these that derive from each other fold as a chain, with the runs between
    them; the others as siblings. So do versions that are the only ones of their models here, where
    they and the runs that made them have the same neighbours. Starts, versions in a stage or in
    service, and what failed or is deleted never fold, and no cycle comes of it. In which order the
    nodes and edges come does not matter.

    Args:
        lineage: Any answer.
        least: Nodes that make a group.
    """
    graph = _Graph(lineage)
    groups: _Groups = {}
    colours = graph.colours()
    for chain in graph.chains(colours):
        if len(chain) >= least:
            groups.update(dict.fromkeys(chain, min(chain)))
    for same in _alike(graph.refined(_apart(colours, groups, least))):
        if len(same) >= least and groups.keys().isdisjoint(same):
            groups.update(dict.fromkeys(same, min(same)))
    for twins in graph.lone_twins(groups):
        if len(twins) >= least:
            groups.update(dict.fromkeys(twins, min(twins)))
    _without_cycles(lineage.edges, groups, graph.kept)
    return _folded(lineage, groups)


class _Graph:
    """Who sees what over one edge."""

    def __init__(self, lineage: Lineage) -> None:
        self._nodes = {node.id: node for node in lineage.nodes}
        self._families = {node.id: family(node) for node in lineage.nodes}
        self._derived: dict[int, list[int]] = defaultdict(list)
        self._seen: dict[int, list[tuple[bool, EdgeKind, str, int]]] = defaultdict(list)
        self.kept = {node.id for node in lineage.nodes if _is_marked(node)}
        for edge in lineage.edges:
            self._look(edge)

    def _look(self, edge: Edge) -> None:
        if edge.kind is EdgeKind.SERVES:
            self.kept.add(edge.target)
        if self._is_one_family(edge):  # the place in its own chain does not tell a version apart
            if edge.kind is EdgeKind.DERIVED_FROM:
                self._derived[edge.source].append(edge.target)
                self._derived[edge.target].append(edge.source)
            return
        self._seen[edge.source].append((True, edge.kind, edge.role, edge.target))
        self._seen[edge.target].append((False, edge.kind, edge.role, edge.source))

    def _is_one_family(self, edge: Edge) -> bool:
        one = self._families[edge.source]
        return one is not None and one == self._families[edge.target]

    def colours(self) -> _Colours:
        """Return colours by what the nodes are and see over two edges."""
        colours = _numbered(
            (id_, (id_ if id_ in self.kept else 0, node.kind, self._families[id_], node.stage))
            for id_, node in self._nodes.items()
        )
        for _ in range(_ROUNDS):
            colours = self.refined(colours)
        return colours

    def refined(self, colours: _Colours) -> _Colours:
        """Return colours that also tell apart what the nodes see over one edge."""
        return _numbered(
            (
                id_,
                (
                    colour,
                    frozenset(
                        (effect, kind, role, colours[other])
                        for effect, kind, role, other in self._seen[id_]
                    ),
                ),
            )
            for id_, colour in colours.items()
        )

    def chains(self, colours: _Colours) -> Iterator[Sequence[int]]:
        """Yield versions of one family and colour that derive from each other."""
        done: set[int] = set()
        for id_ in colours:
            if id_ in done or not self._derived[id_]:
                continue
            chain = [id_]
            done.add(id_)
            for version in chain:  # grows while it is read
                near = self._derived[version]
                new = [v for v in near if v not in done and colours[v] == colours[id_]]
                done.update(new)
                chain += dict.fromkeys(new)
            yield chain

    def lone_twins(self, groups: _Groups) -> Iterator[Sequence[int]]:
        """Yield versions of different families with the same neighbours, then their runs."""
        sizes = Counter(self._families.values())
        units: dict[Hashable, list[tuple[int, int | None]]] = {}
        for id_, node in self._nodes.items():
            lone = self._families[id_] is not None and sizes[self._families[id_]] == 1
            if lone and id_ not in groups and id_ not in self.kept:
                run = self._own_run(id_, groups)
                sight = (self._beyond(id_, run, groups), run and self._beyond(run, id_, groups))
                units.setdefault((node.kind, node.stage, sight), []).append((id_, run))
        for unit in units.values():
            yield [version for version, _ in unit]
            if unit[0][1] is not None:
                yield [run for _, run in unit if run is not None]

    def _own_run(self, version: int, groups: _Groups) -> int | None:
        """Return the run that made this version and nothing else."""
        runs = [id_ for effect, kind, _, id_ in self._seen[version] if effect and kind is _MADE]
        if len(runs) != 1 or runs[0] in groups or runs[0] in self.kept:
            return None
        made = [id_ for effect, kind, _, id_ in self._seen[runs[0]] if not effect and kind is _MADE]
        return runs[0] if made == [version] else None

    def _beyond(self, id_: int, other: int | None, groups: _Groups) -> Hashable:
        """Return the neighbours of a node but one."""
        return frozenset(
            (effect, kind, role, groups.get(near, near))
            for effect, kind, role, near in self._seen[id_]
            if near != other
        )


def _is_marked(node: LineageNode) -> bool:
    return (
        node.distance == 0
        or stage_words(node) not in _QUIET_STAGES
        or status_words(node) is not None
    )


def _numbered(looks: Iterable[tuple[int, Hashable]]) -> _Colours:
    numbers: dict[Hashable, int] = {}
    return {id_: numbers.setdefault(look, len(numbers)) for id_, look in looks}


def _alike(colours: _Colours) -> Collection[Sequence[int]]:
    found: dict[int, list[int]] = {}
    for id_, colour in colours.items():
        found.setdefault(colour, []).append(id_)
    return found.values()


def _apart(colours: _Colours, groups: _Groups, least: int) -> _Colours:
    """Give each chain, and each node of a rare colour, a colour of its own."""
    common = Counter(colours.values())
    return _numbered(
        (id_, ("chain", groups[id_]) if id_ in groups else (common[c] < least and id_, c))
        for id_, c in colours.items()
    )


def _without_cycles(edges: Sequence[Edge], groups: _Groups, kept: Collection[int]) -> None:
    """Let groups that come from each other be one, as versions and the runs between them.

    Where something that never folds lies between their members, they are no groups.
    """
    followed = [edge for edge in edges if EDGE_RULES[edge.kind].lineage]
    while True:
        apart: set[int] = set()
        for cycle in _cycles(followed, groups):
            if cycle.isdisjoint(kept):
                first = min(cycle)
                groups.update({id_: first for id_, group in groups.items() if group in cycle})
                groups.update(dict.fromkeys(cycle, first))
            else:
                apart |= cycle
        loose = [id_ for id_, group in groups.items() if group in apart]
        if not loose:
            return
        for id_ in loose:
            del groups[id_]


def _cycles(edges: Sequence[Edge], groups: _Groups) -> list[set[int]]:
    import networkx as nx  # noqa: PLC0415 - light import

    ends = {(groups.get(e.source, e.source), groups.get(e.target, e.target)) for e in edges}
    graph: nx.DiGraph[int] = nx.DiGraph(sorted(ends))
    return [set(cycle) for cycle in nx.strongly_connected_components(graph) if len(cycle) > 1]


def _folded(lineage: Lineage, groups: _Groups) -> Folded:
    members: dict[int, list[LineageNode]] = {}
    for node in sorted(lineage.nodes, key=lambda node: node.id):
        members.setdefault(groups.get(node.id, node.id), []).append(node)
    nodes = [_node(same) for same in members.values()]
    edges: dict[tuple[object, ...], Edge] = {}
    for edge in sorted(lineage.edges):
        source, target = (groups.get(end, end) for end in (edge.source, edge.target))
        if source != target or edge.source == edge.target:
            moved = edge._replace(source=source, target=target)
            edges.setdefault((source, edge.kind, target, edge.role), moved)
    changes = {
        "nodes": sorted(nodes, key=lambda node: (node.distance, node.id)),
        "edges": sorted(edges.values()),
    }
    ids = {first: [node.id for node in same] for first, same in members.items() if len(same) > 1}
    return Folded(lineage.model_copy(update=changes), ids)


def _node(same: Sequence[LineageNode]) -> LineageNode:
    first = same[0]
    if len(same) == 1:
        return first
    # A chain is about its versions; the runs between them come along.
    leading = next((node for node in same if family(node)), first)
    return leading._replace(
        reference=family(leading) or leading.reference,
        id=min(node.id for node in same),
        distance=min(node.distance for node in same),
        stage=leading.stage if len({node.stage for node in same}) == 1 else None,
        title=_title(same),
    )


def _title(same: Sequence[LineageNode]) -> str:
    """Return what a folded node stands for: `12 versions of clf, 12 runs`."""
    named = len({family(node) for node in same}) <= _FAMILIES_NAMED
    counts = Counter(((named and family(node)) or "", KIND_WORDS[node.kind]) for node in same)
    said = [
        f"{count:,} versions of {one.partition(':/')[2]}" if one else plural(count, kind)
        for (one, kind), count in sorted(counts.items(), key=lambda item: (not item[0][0], item))
    ]
    return ", ".join(said)
