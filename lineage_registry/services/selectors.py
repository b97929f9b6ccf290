"""Selectors: sets of nodes, written in a line, and the graph among them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from lineage_registry.domain.graph import Node, NodeKind
from lineage_registry.domain.lifecycle import demand_stages
from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.selectors import (
    Around,
    Both,
    Either,
    Field,
    Fitting,
    Named,
    Selector,
    distances_from_effects,
    leaves,
    parse_selectors,
)
from lineage_registry.domain.view import Comparison, Direction, Filter, GraphView, Selection
from lineage_registry.errors import InvalidQueryError
from lineage_registry.ports.commands import Context, RunStatus, SelectNodes
from lineage_registry.services.filtering import in_stage, tag_filters, value_filters
from lineage_registry.services.lineage_nodes import describe_nodes, graph_of
from lineage_registry.services.scope import batches, beyond, count_kinds, edges_among, walk_in
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace

_FAMILIES: Final = (NodeKind.MODEL, NodeKind.DATASET)
_VERSIONS: Final = {
    NodeKind.MODEL: NodeKind.MODEL_VERSION,
    NodeKind.DATASET: NodeKind.DATASET_VERSION,
}
_EVERY: Final = tuple(NodeKind)
# `kind:dataset` is what people call a dataset: itself, and each state of it.
_KINDS: Final[Mapping[str, tuple[NodeKind, ...]]] = {
    **{kind.value: (kind,) for kind in NodeKind},
    **{family.value: (family, version) for family, version in _VERSIONS.items()},
}


def select_nodes(work: Workplace, command: SelectNodes, _: Context) -> Lineage:
    """Return the nodes that a selector means, and the lineage edges among them.

    Raises:
        StageNotFoundError: It names a stage that there is not.
    """
    selector = parse_selectors(command.selector)
    references = [one.reference for one in leaves(selector) if isinstance(one, Named)]
    tests = {one: _test(one) for one in leaves(selector) if isinstance(one, Fitting)}
    with work.ask(command.as_of, references) as view:
        if staged := [one.value for one in tests if one.field is Field.STAGE]:
            demand_stages(view, staged)
        sets = _Sets(view, tests, command)
        found = sorted(sets.members(selector))
        kept = found[: command.limit]
        edges = list(edges_among(view, command, kept))
        distances = distances_from_effects(kept, edges)
        nodes = describe_nodes(view, distances)
        return graph_of(
            view,
            [command.selector],
            nodes,
            edges,
            truncated=len(found) > len(kept),
            omitted=count_kinds(view, found[command.limit :]),
            has_more=beyond(view, command, [node.id for node in nodes], edges),
        )


class _Test(NamedTuple):
    """What a node must be to fit.

    Attributes:
        kinds: Kinds of nodes that can fit.
        own: One of these must hold for the node itself; none at all if there are no filters.
        inherited: Or one of these for the model or dataset that it is a version of.
    """

    kinds: Sequence[NodeKind]
    own: tuple[Filter, ...] = ()
    inherited: tuple[Filter, ...] = ()


def _test(one: Fitting) -> _Test:
    try:
        return _READ[one.field](one.value)
    except InvalidQueryError as error:
        raise InvalidQueryError(
            f"at character {one.position + 1} of the selector: {error.message}",
            hint=error.hint,
            position=one.position,
        ) from error


def _kind(value: str) -> _Test:
    kinds = _KINDS.get(value.lower().replace("-", "_"))
    if kinds is None:
        raise InvalidQueryError(f"no such kind: {value[:60]!a}", hint=f"one of {', '.join(_KINDS)}")
    return _Test(kinds)


def _status(value: str) -> _Test:
    states = get_args(RunStatus)
    if value not in states:
        raise InvalidQueryError(
            f"no such state of a run: {value[:60]!a}", hint=f"one of {', '.join(states)}"
        )
    return _Test((NodeKind.RUN,), (Filter("status", Comparison.EQUAL, value),))


def _tag(value: str) -> _Test:
    filters = tuple(tag_filters([value]))
    return _Test(_EVERY, filters, filters)


def _owner(value: str) -> _Test:
    filters = (Filter("owner", Comparison.EQUAL, value),)
    return _Test((*_FAMILIES, *_VERSIONS.values(), NodeKind.DEPLOYMENT), filters, filters)


def _text(value: str) -> _Test:
    name = Filter("name", Comparison.CONTAINS, value)
    return _Test(_EVERY, (name, Filter("description", Comparison.CONTAINS, value)), (name,))


_MEASURED: Final = (NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION, NodeKind.RUN)
_READ: Final[Mapping[Field, Callable[[str], _Test]]] = {
    Field.KIND: _kind,
    Field.TAG: _tag,
    Field.OWNER: _owner,
    Field.TEXT: _text,
    Field.STAGE: lambda value: _Test((NodeKind.MODEL_VERSION,), (in_stage(value),)),
    Field.STATUS: _status,
    Field.METRIC: lambda value: _Test(_MEASURED, tuple(value_filters("metric", [value]))),
    Field.PARAM: lambda value: _Test(_MEASURED, tuple(value_filters("param", [value]))),
}


class _Sets:
    """Finds the nodes of selectors in one view.

    What lies around a reference is found by walking. A filter beside it only looks at what was
    found; a filter alone looks through the registry.
    """

    def __init__(
        self, view: GraphView, tests: Mapping[Fitting, _Test], command: SelectNodes
    ) -> None:
        self._view = view
        self._tests = tests
        self._command = command
        self._deleted = command.deleted

    def members(self, one: Selector) -> set[int]:
        """Return all nodes of a selector."""
        if isinstance(one, Named):
            return set(nodes_of(self._view, [one.reference], deleted=self._deleted))
        if isinstance(one, Fitting):
            return self._all_fitting(self._tests[one])
        if isinstance(one, Around):
            return self._around(one)
        if isinstance(one, Either):
            return self.members(one.left) | self.members(one.right)
        if isinstance(one, Both):
            first, second = sorted((one.left, one.right), key=self._width)
            return self._among(self.members(first), second)
        left = self.members(one.left)
        return left - self._among(left, one.right)

    def _among(self, ids: set[int], one: Selector) -> set[int]:
        """Return those of the nodes that are in a selector, too."""
        if not ids:
            return ids
        if isinstance(one, Fitting):
            return self._fitting_among(ids, self._tests[one])
        if isinstance(one, Either):
            left = self._among(ids, one.left)
            return left | self._among(ids - left, one.right)
        if isinstance(one, Named | Around):
            return ids & self.members(one)
        left = self._among(ids, one.left)
        if isinstance(one, Both):
            return self._among(left, one.right)
        return left - self._among(left, one.right)

    def _width(self, one: Selector) -> int:
        """Guess how much there is to look through: the least is asked first."""
        if isinstance(one, Fitting):
            return 1 if self._tests[one].own else 2
        if isinstance(one, Both):
            return min(self._width(one.left), self._width(one.right))
        if isinstance(one, Either):
            return max(self._width(one.left), self._width(one.right))
        return 0 if isinstance(one, Named | Around) else self._width(one.left)

    def _around(self, one: Around) -> set[int]:
        found = self.members(one.inner)
        starts = sorted(found)
        for direction, depth in ((Direction.UPSTREAM, one.up), (Direction.DOWNSTREAM, one.down)):
            if depth == 0 or not starts:
                continue
            walk = walk_in(self._command, direction, depth=depth, limit=None, edges=False)
            found |= self._view.walk(starts, walk).distances.keys()
        return found

    def _all_fitting(self, test: _Test) -> set[int]:
        found: set[int] = set()
        for kind in test.kinds:
            for number in range(max(len(test.own), 1)):
                filters = test.own[number : number + 1]
                found.update(
                    self._view.select_all(Selection(kind, filters=filters, deleted=self._deleted))
                )
        for family in _FAMILIES:
            for one in test.inherited:
                # A deleted family may have versions that are looked for as they are.
                for owner in self._view.select_all(Selection(family, filters=(one,), deleted=True)):
                    versions = Selection(_VERSIONS[family], owner, deleted=self._deleted)
                    found.update(self._view.select_all(versions))
        return found

    def _fitting_among(self, ids: Collection[int], test: _Test) -> set[int]:
        keys = {one.key for one in (*test.own, *test.inherited)}
        found: set[int] = set()
        for chunk in batches(ids):
            nodes = self._view.nodes(chunk, keys)
            owners = {node.owner for node in nodes.values() if node.owner} if test.inherited else ()
            families = self._view.nodes(owners, keys) if owners else {}
            found.update(id_ for id_, node in nodes.items() if _fits(node, test, families))
        return found


def _fits(node: Node, test: _Test, families: Mapping[int, Node]) -> bool:
    if node.kind not in test.kinds:
        return False
    if not test.own or any(one.fits(node.values.get(one.key)) for one in test.own):
        return True
    family = families.get(node.owner)
    return family is not None and any(
        one.fits(family.values.get(one.key)) for one in test.inherited
    )
