"""Graph stores that are broken on purpose, each in one way that engines were seen to break."""

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import networkx as nx

from lineage_registry.domain.graph import LINEAGE, EdgeKind, Interval, NodeKind
from lineage_registry.domain.view import Census, Comparison, Direction, Walk
from lineage_registry.errors import BackendError, InvalidQueryError
from lineage_registry.ports.graph import Head, Recorded, leaf_hash
from lineage_registry.testing import reference_graph as reference
from lineage_registry.testing import reference_graph_store as reference_store
from lineage_registry.testing.reference_graph import ReferenceGraph, ReferenceView, Tie
from lineage_registry.testing.reference_graph_store import (
    ReferenceGraphStore,
    ReferenceTransaction,
    State,
)

SABOTEURS: dict[str, type[ReferenceGraphStore]] = {}


def view(cls):
    """Register a store with this view."""
    SABOTEURS[cls.__name__] = type(cls.__name__, (ReferenceGraphStore,), {"view_type": cls})
    return cls


def graph(cls):
    """Register a store with this graph."""
    SABOTEURS[cls.__name__] = type(cls.__name__, (ReferenceGraphStore,), {"graph_type": cls})
    return cls


def transaction(cls):
    """Register a store with this transaction."""
    SABOTEURS[cls.__name__] = type(cls.__name__, (ReferenceGraphStore,), {"transaction_type": cls})
    return cls


def store(cls):
    """Register this store."""
    SABOTEURS[cls.__name__] = cls
    return cls


# -- walks -----------------------------------------------------------------------------------------


@view
class OneLevelOnly(ReferenceView):
    def distances(self, starts, walk):
        return {n: d for n, d in super().distances(starts, walk).items() if d <= 1}


@view
class LongestWay(ReferenceView):
    def distances(self, starts, walk):
        ways = self.ways(starts, walk)
        if not nx.is_directed_acyclic_graph(ways):
            return super().distances(starts, walk)
        found = dict.fromkeys(starts, 0)
        for here in nx.topological_sort(ways):
            for there in ways[here] if here in found else ():
                if there not in starts:
                    found[there] = max(found.get(there, 0), found[here] + 1)
        return found


@view
class EdgesOncePerWay(ReferenceView):
    def induced(self, reported, walk):
        found = super().induced(reported, walk)
        return sorted([*found, *(e for e in found if e.target in [f.target for f in found[:1]])])


@view
class CountsOncePerWay(ReferenceView):
    def census(self, starts, walk):
        found = super().census(starts, walk)
        ways = self.ways(starts, replace(walk, limit=None))
        many = any(ways.in_degree(node) > 1 for node in ways)
        return Census({k: n + many for k, n in found.counts.items()}, found.owners)


@view
class EnumeratesPaths(ReferenceView):
    def distances(self, starts, walk):
        ways, steps, found = self.ways(starts, walk), 0, {}
        paths = [(start,) for start in starts]
        while paths:
            path = paths.pop()
            steps += 1
            if steps > 5_000:
                raise BackendError("out of memory")
            found[path[-1]] = min(found.get(path[-1], len(path)), len(path) - 1)
            paths += [(*path, n) for n in ways[path[-1]] if n not in path]
        return found


@view
class TooManyParameters(ReferenceView):
    def edges(self, ids, direction, kinds):
        if len(ids) > 999:
            raise BackendError("too many SQL variables")
        return super().edges(ids, direction, kinds)

    def values(self, wanted):
        if len(wanted) > 999:
            raise BackendError("too many SQL variables")
        return super().values(wanted)


@view
class Recursive(ReferenceView):
    def distances(self, starts, walk):
        found = super().distances(starts, walk)
        if max(found.values(), default=0) > 1000:
            raise RecursionError
        return found


@view
class ForgetsTombstones(ReferenceView):
    def is_deleted(self, node):
        return False


@view
class DeletedStartsAreNothing(ReferenceView):
    def distances(self, starts, walk):
        alive = [s for s in starts if walk.deleted or not self.is_deleted(s)]
        return super().distances(alive, walk)


@view
class DeletedOnlyHidden(ReferenceView):
    """Goes through deleted nodes and leaves them out of the answer."""

    def may_enter(self, node, walk):
        return super().may_enter(node, replace(walk, deleted=True))

    def is_reported(self, node, walk):
        return super().is_reported(node, walk) and (walk.deleted or not self.is_deleted(node))


@view
class UndirectedWalk(ReferenceView):
    def ways(self, starts, walk):
        return super().ways(starts, walk).to_undirected().to_directed()


def walk_with(name, **changes):
    class Careless(ReferenceView):
        def walk(self, starts, walk):
            return super().walk(starts, replace(walk, **changes))

        def census(self, starts, walk):
            return super().census(starts, replace(walk, **changes))

    Careless.__name__ = name
    return view(Careless)


walk_with("IgnoresStops", stop_at=frozenset())
walk_with("IgnoresThrough", through=None)
walk_with("IgnoresReport", report=None)
walk_with("IgnoresHaving", having=())
walk_with("IgnoresInferred", inferred=True)
walk_with("IgnoresDepth", depth=None)
walk_with("IgnoresLimit", limit=None)
walk_with("AlwaysWithEdges", edges=True)
walk_with("NeverWithEdges", edges=False)
walk_with("AlwaysUpstream", direction=Direction.UPSTREAM)


@view
class EmptyMeansAll(ReferenceView):
    def walk(self, starts, walk):
        return super().walk(starts, replace(walk, kinds=walk.kinds or frozenset(EdgeKind)))

    def edges(self, ids, direction, kinds):
        return super().edges(ids, direction, kinds or frozenset(EdgeKind))

    def path(self, source, target, kinds):
        return super().path(source, target, kinds or frozenset(EdgeKind))


@view
class AllKindsAlways(ReferenceView):
    def walk(self, starts, walk):
        return super().walk(starts, replace(walk, kinds=frozenset(EdgeKind)))


@view
class ReadsBeyondTheLimit(ReferenceView):
    def walk(self, starts, walk):
        found = super().walk(starts, walk)
        if walk.columns is None:
            return found
        whole = super().walk(starts, replace(walk, limit=None))
        return found._replace(table=self.table(whole.distances, walk.columns))


@view
class SilentlyTruncated(ReferenceView):
    def walk(self, starts, walk):
        return super().walk(starts, walk)._replace(truncated=False)


@view
class TruncatedByGuess(ReferenceView):
    def walk(self, starts, walk):
        found = super().walk(starts, walk)
        full = walk.limit is not None and len(found.distances) - len(set(starts)) == walk.limit
        return found._replace(truncated=full or found.depth_reached == walk.depth)


@view
class LimitCountsStarts(ReferenceView):
    def walk(self, starts, walk):
        if walk.limit is None:
            return super().walk(starts, walk)
        less = max(walk.limit - len(set(starts)), 0)
        return super().walk(starts, replace(walk, limit=less))


@view
class StopsAreNotReached(ReferenceView):
    def may_enter(self, node, walk):
        return super().may_enter(node, walk) and node not in walk.stop_at


@view
class OnlyWalkedEdges(ReferenceView):
    def walk(self, starts, walk):
        found = super().walk(starts, walk)
        edges = [e for e in found.edges if found.distances[e.source] != found.distances[e.target]]
        return found._replace(edges=tuple(edges))


@view
class ByIdNotByDistance(ReferenceView):
    def walk(self, starts, walk):
        found = super().walk(starts, walk)
        return found._replace(distances=dict(sorted(found.distances.items())))


@view
class StartsReportedOnce(ReferenceView):
    """Walks from each start on its own and keeps the first distance."""

    def distances(self, starts, walk):
        found = {}
        for start in starts:
            for node, distance in super().distances([start], walk).items():
                found.setdefault(node, distance)
        return found


@view
class NoStartsIsAnError(ReferenceView):
    def walk(self, starts, walk):
        if not starts:
            raise BackendError("empty list")
        return super().walk(starts, walk)


@view
class OwnersAreLineage(ReferenceView):
    """Takes the membership of a version for an edge, as a store may that draws it as one."""

    def distances(self, starts, walk):
        found = super().distances(starts, walk)
        if walk.kinds == frozenset(EdgeKind):
            for node in list(found):
                for member in self.graph.nodes.values():
                    if member.owner == node and self.exists(member.id):
                        found.setdefault(member.id, found[node] + 1)
        return found


@view
class CensusWithStarts(ReferenceView):
    def census(self, starts, walk):
        found = super().census(starts, walk)
        counts = dict(found.counts)
        for start in starts:
            kind = self.graph.nodes[start].kind
            counts[0, kind] = counts.get((0, kind), 0) + 1
        owners = {self.graph.nodes[s].owner for s in starts} - {0}
        return Census(counts, {**found.owners, **dict.fromkeys(owners, 1)})


@view
class CensusWithLimit(ReferenceView):
    def census(self, starts, walk):
        kept = self.walk(starts, walk).distances
        found = super().census(starts, walk)
        if walk.limit is None or len(kept) > walk.limit + len(set(starts)):
            return found
        return found if walk.limit > 99 else Census({(1, NodeKind.RUN): walk.limit}, found.owners)


@view
class CausesStopAtDeleted(ReferenceView):
    def comes_from(self, starts, nodes, kinds):
        walk = Walk(kinds=frozenset(kinds), edges=False)
        return set(nodes) & self.walk(starts, walk).distances.keys()


@view
class PrefixIgnoresCase(ReferenceView):
    def values_under(self, node, prefix):
        keys = [key for owner, key in self.graph.values if owner == node]
        found = {
            key: self.value(node, key) for key in keys if key.lower().startswith(prefix.lower())
        }
        return {key: value for key, value in found.items() if value is not None}


@view
class PathStopsAtDeleted(ReferenceView):
    def path(self, source, target, kinds):
        found = super().path(source, target, kinds)
        return None if found and any(map(self.is_deleted, found[1:-1])) else found


@view
class PathOfAllKinds(ReferenceView):
    def path(self, source, target, kinds):
        return super().path(source, target, frozenset(EdgeKind) if kinds else ())


@view
class NoPathToItself(ReferenceView):
    def path(self, source, target, kinds):
        return None if source == target else super().path(source, target, kinds)


@view
class PathBackwardsToo(ReferenceView):
    def path(self, source, target, kinds):
        return super().path(source, target, kinds) or super().path(target, source, kinds)


@view
class LongPath(ReferenceView):
    def path(self, source, target, kinds):
        found = super().path(source, target, kinds)
        if found is None or source == target:
            return found
        drawn = nx.DiGraph((e.source, e.target) for e in self.live() if e.kind in kinds)
        longest = found
        for step, _ in zip(nx.all_simple_paths(drawn, source, target), range(50), strict=False):
            longest = max(longest, step, key=len)
        return longest


# -- time ------------------------------------------------------------------------------------------


@view
class IgnoresUntil(ReferenceView):
    """Shows as of the past only what still holds."""

    def holds(self, since, until):
        return since <= self.revision and until is None


@view
class EndedIsThere(ReferenceView):
    def live(self):
        keys = {}
        for edge in super().live():
            keys[edge[:4]] = edge
        for key, ties in self.graph.ties.items():
            for tie in ties:
                if tie.since <= self.revision:
                    keys.setdefault(key, reference.Edge(*key, tie.since, tie.declared))
        return list(keys.values())


@view
class UntilIncluded(ReferenceView):
    def value(self, node, key):
        for interval in self.graph.values.get((node, key), ()):
            if interval.since <= self.revision <= (interval.until or self.revision):
                return interval.value
        return None


@view
class HistoryKnowsTheFuture(ReferenceView):
    def history(self, node, key):
        return list(self.graph.values.get((node, key), ()))


@view
class HistoryOfNow(ReferenceView):
    def history(self, node, key):
        return super().history(node, key)[-1:]


@view
class NodesFromTheFuture(ReferenceView):
    def exists(self, node):
        return node in self.graph.nodes


@view
class NodesInTheirOwnOrder(ReferenceView):
    def nodes(self, ids, keys=None):
        return dict(sorted(super().nodes(ids, keys).items()))


@view
class AllValuesAlways(ReferenceView):
    def nodes(self, ids, keys=None):
        return super().nodes(ids, None)


@view
class DeletedNodesAreGone(ReferenceView):
    def nodes(self, ids, keys=None):
        return {i: n for i, n in super().nodes(ids, keys).items() if not self.is_deleted(i)}

    def edges(self, ids, direction, kinds):
        found = super().edges(ids, direction, kinds)
        return [e for e in found if not self.is_deleted(e.target)]


@view
class ChangedMeansSet(ReferenceView):
    def changed(self, ids):
        found = {i: self.graph.nodes[i].since for i in ids if self.exists(i)}
        for (node, _), intervals in self.graph.values.items():
            for interval in intervals if node in found else ():
                if interval.since <= self.revision:
                    found[node] = max(found[node], interval.since)
        return found


@view
class TableWithoutOwners(ReferenceView):
    def table(self, ids, columns):
        return [
            (kind, tuple(None if isinstance(cell, str) else cell for cell in row))
            for kind, row in super().table(ids, columns)
        ]


@view
class DegreesCountEdges(ReferenceView):
    def degrees(self, ids, direction, kinds=LINEAGE, *, deleted=False, inferred=True):
        found = super().degrees(ids, direction, kinds, deleted=deleted, inferred=inferred)
        return {i: max(n, len(self.edges([i], direction, kinds))) for i, n in found.items()}


def degrees_with(name, **changes):
    """Register a store that counts neighbours in this way, whatever it is asked."""

    class Changed(ReferenceView):
        def degrees(self, ids, direction, kinds=LINEAGE, **options):
            asked = {"direction": direction, "kinds": kinds, **options, **changes}
            return super().degrees(ids, **asked)

    view(type(name, (Changed,), {}))


degrees_with("DegreesUpstreamOnly", direction=Direction.UPSTREAM)
degrees_with("DegreesOfAllKinds", kinds=frozenset(EdgeKind))
degrees_with("DegreesCountDeleted", deleted=True)
degrees_with("DegreesIgnoreInferred", inferred=True)


@view
class BusiestFirstMade(ReferenceView):
    def busiest(self, node_kinds, direction, kinds=LINEAGE, *, limit, deleted=False):
        found = super().busiest(node_kinds, direction, kinds, limit=99, deleted=deleted)
        return sorted(found)[:limit]


@view
class BusiestLastMade(ReferenceView):
    def busiest(self, node_kinds, direction, kinds=LINEAGE, *, limit, deleted=False):
        found = super().busiest(node_kinds, direction, kinds, limit=99, deleted=deleted)
        return sorted(found, key=lambda one: (-one[1], -one[0]))[:limit]


def busiest_with(name, **changes):
    """Register a store that lists the busiest nodes in this way, whatever it is asked."""

    class Changed(ReferenceView):
        def busiest(self, node_kinds, direction, kinds=LINEAGE, **options):
            asked = {"node_kinds": node_kinds, "kinds": kinds, **options, **changes}
            return super().busiest(direction=direction, **asked)

    view(type(name, (Changed,), {}))


busiest_with("BusiestWithoutEnd", limit=99)
busiest_with("BusiestOfAllKinds", node_kinds=frozenset(NodeKind))
busiest_with("BusiestListsDeleted", deleted=True)


@view
class LocatesNothingBehindTheFirst(ReferenceView):
    def locate(self, addresses):
        found = super().locate(addresses)
        return {address: one._replace(second=None) for address, one in found.items()}


@view
class NoTimes(ReferenceView):
    def at(self, revision):
        found = super().at(revision)
        return found and found + timedelta(microseconds=1)


@view
class EdgesUnsorted(ReferenceView):
    def edges(self, ids, direction, kinds):
        return super().edges(ids, direction, kinds)[::-1]


# -- lists -----------------------------------------------------------------------------------------


def list_with(name, **changes):
    class Careless(ReferenceView):
        def select(self, selection, after, limit):
            return super().select(replace(selection, **changes), after, limit)

    Careless.__name__ = name
    return view(Careless)


list_with("ListsEveryOwner", owner=None)
list_with("ListsDeleted", deleted=True)
list_with("ListsOldestFirst", newest_first=False)
list_with("ListsUnfiltered", filters=())


@view
class ListsEveryKind(ReferenceView):
    def select(self, selection, after, limit):
        ask = super().select
        every = [i for k in NodeKind for i in ask(replace(selection, kind=k), after, limit)]
        return sorted(every, reverse=selection.newest_first)[:limit]


@view
class ListsFromAfterOn(ReferenceView):
    def select(self, selection, after, limit):
        return super().select(selection, after and after - 1, limit)


@view
class ListsTooMany(ReferenceView):
    def select(self, selection, after, limit):
        return super().select(selection, after, limit + 1)


def comparing(name, fits):
    class Careless(ReferenceView):
        def passes(self, node, filters):
            return all(fits(self.value(node, f.key), f) for f in filters)

    Careless.__name__ = name
    return view(Careless)


def _booleans_as_numbers(value, wanted):
    wanted = wanted._replace(value=_number(wanted.value))
    return wanted.fits(_number(value))


def _number(value):
    return int(value) if isinstance(value, bool) else value


def _any_type(value, wanted):
    if value is None:
        return False
    return wanted._replace(value=str(wanted.value)).fits(str(value))


def _as_float(value, wanted):
    def lossy(it):
        return it if isinstance(it, bool | str) or it is None else float(it)

    return wanted._replace(value=lossy(wanted.value)).fits(lossy(value))


def _exact_case(value, wanted):
    if wanted.comparison is Comparison.CONTAINS and isinstance(value, str):
        return isinstance(wanted.value, str) and wanted.value in value
    return wanted.fits(value)


def _wildcards(value, wanted):
    if wanted.comparison is Comparison.CONTAINS and wanted.value in {"%", "_", "*"}:
        return isinstance(value, str) and bool(value)
    return wanted.fits(value)


def _missing_fits(value, wanted):
    return value is None or wanted.fits(value)


def _any_case(value, wanted):
    def folded(it):
        return it.casefold() if isinstance(it, str) else it

    return wanted._replace(value=folded(wanted.value)).fits(folded(value))


comparing("BooleansAreNumbers", _booleans_as_numbers)
comparing("EverythingIsText", _any_type)
comparing("NumbersAreFloats", _as_float)
comparing("ContainsMindsCase", _exact_case)
comparing("ContainsHasWildcards", _wildcards)
comparing("MissingFits", _missing_fits)
comparing("TextIgnoresCase", _any_case)


# -- the four changes ------------------------------------------------------------------------------


@graph
class BooleansBecomeNumbers(ReferenceGraph):
    def set_value(self, revision, change):
        super().set_value(revision, change._replace(value=_number(change.value)))


@graph
class FactsBecomeText(ReferenceGraph):
    def add_node(self, revision, change):
        facts = {key: str(value) for key, value in change.facts.items()}
        super().add_node(revision, change._replace(facts=facts))


@graph
class NumbersItsNodes(ReferenceGraph):
    """Gives nodes ids of its own, one after the other."""

    def add_node(self, revision, change):
        super().add_node(revision, change._replace(id=len(self.nodes) + 1))


@graph
class LongTextIsCut(ReferenceGraph):
    def set_value(self, revision, change):
        value = change.value[:1000] if isinstance(change.value, str) else change.value
        super().set_value(revision, change._replace(value=value))


@graph
class KeysIgnoreCase(ReferenceGraph):
    def set_value(self, revision, change):
        super().set_value(revision, change._replace(key=change.key.strip()))


@graph
class RegistryHasNoValues(ReferenceGraph):
    def set_value(self, revision, change):
        if change.node:
            super().set_value(revision, change)


@graph
class SameValueIsNoChange(ReferenceGraph):
    def set_value(self, revision, change):
        held = self.values.get((change.node, change.key), [])
        if not held or held[-1].until is not None or held[-1].value != change.value:
            super().set_value(revision, change)


@graph
class EveryWordIsKept(ReferenceGraph):
    """Keeps intervals that begin and end in one commit."""

    def set_value(self, revision, change):
        intervals = self.values.setdefault((change.node, change.key), [])
        if intervals and intervals[-1].until is None:
            intervals[-1] = intervals[-1]._replace(until=revision)
        if change.value is not None:
            intervals.append(Interval(revision, None, change.value))


@graph
class FirstWordHolds(ReferenceGraph):
    def set_value(self, revision, change):
        held = self.values.get((change.node, change.key), [])
        if change.value is None or not held or held[-1].since < revision:
            super().set_value(revision, change)


@graph
class EndingWhatIsNotThereFails(ReferenceGraph):
    def set_value(self, revision, change):
        if change.value is None and not self.values.get((change.node, change.key)):
            raise BackendError("no such row")
        super().set_value(revision, change)


@graph
class AgainIsAnew(ReferenceGraph):
    """An edge that is added again gets a new beginning."""

    def add_edge(self, revision, change):
        key = (change.source, change.kind, change.target, change.role)
        self.ties.setdefault(key, [])
        self.ties[key] = [t for t in self.ties[key] if t.until is not None]
        self.ties[key].append(Tie(revision, None, change.declared))


@graph
class EdgesDoNotReturn(ReferenceGraph):
    """An edge that ended once cannot begin again."""

    def add_edge(self, revision, change):
        if not self.ties.get((change.source, change.kind, change.target, change.role)):
            super().add_edge(revision, change)


@graph
class EdgesDoNotEnd(ReferenceGraph):
    def end_edge(self, revision, change):
        pass


@graph
class EveryEdgeIsDeclared(ReferenceGraph):
    def add_edge(self, revision, change):
        super().add_edge(revision, change._replace(declared=True))


@graph
class OneEdgeForAllRoles(ReferenceGraph):
    def add_edge(self, revision, change):
        drawn = [key for key, ties in self.ties.items() if ties and ties[-1].until is None]
        if change[:3] not in [key[:3] for key in drawn]:
            super().add_edge(revision, change)


# -- transactions ----------------------------------------------------------------------------------


@store
class KeepsHalfACommit(ReferenceGraphStore):
    def _write(self, work):
        transaction = self.transaction_type(self, self.state)
        try:
            return work(transaction)
        finally:
            self.state = State(transaction.head, tuple(transaction.log), transaction.graph)


@store
class WrapsWhatTheCallerRaises(ReferenceGraphStore):
    def _write(self, work):
        try:
            return super()._write(work)
        except Exception as error:
            raise BackendError(str(error)) from error


@transaction
class ForgetsKeys(ReferenceTransaction):
    def earlier(self, key):
        return []


@transaction
class KeysIgnoreCaseToo(ReferenceTransaction):
    def earlier(self, key):
        return [r for r in self.log if r.key and r.key.casefold().strip() == key.casefold().strip()]


@transaction
class FirstEventOfAKey(ReferenceTransaction):
    def earlier(self, key):
        return super().earlier(key)[:1]


@transaction
class ReadsBeforeItsWrites(ReferenceTransaction):
    """Shows the decision the head, without what it yielded."""

    def __init__(self, store, state):
        super().__init__(store, state)
        self.view = store.view_type(state.graph, state.head.revision)


@transaction
class NumbersAgain(ReferenceTransaction):
    """Loses count of the events."""

    def move_head(self, head):
        self.head = head._replace(size=self.head.size + 1)


@transaction
class SkipsRevisions(ReferenceTransaction):
    def move_head(self, head):
        self.head = head._replace(revision=head.revision + 1)


@transaction
class StandingClock(ReferenceTransaction):
    def now(self):
        return 1

    def move_head(self, head):
        self.head = head._replace(at=0)


@transaction
class HashesLater(ReferenceTransaction):
    def apply(self, recorded, changes):
        super().apply(recorded._replace(leaf=leaf_hash(recorded.body + b" ")), changes)


@transaction
class WritesForNothing(ReferenceTransaction):
    """Counts a commit without events."""

    def __init__(self, store, state):
        super().__init__(store, state)
        self.head = state.head._replace(at=state.head.at + 1)


@transaction
class LeavesOutReasons(ReferenceTransaction):
    def apply(self, recorded, changes):
        super().apply(recorded._replace(reason=None), changes)


@transaction
class LeaksForeignErrors(ReferenceTransaction):
    def apply(self, recorded, changes):
        try:
            super().apply(recorded, changes)
        except ValueError as error:
            raise OverflowError from error


@transaction
class TakesAThousand(ReferenceTransaction):
    def apply(self, recorded, changes):
        if len(self.log) - self.head.size >= 1000:
            raise BackendError("transaction too large")
        super().apply(recorded, changes)


class WithoutALock(ReferenceGraphStore):
    """Two writers read the same head."""

    def _write(self, work):
        transaction = self.transaction_type(self, self.state)
        time.sleep(0.001)
        commit = work(transaction)
        self.state = State(transaction.head, tuple(transaction.log), transaction.graph)
        return commit


# -- log and events --------------------------------------------------------------------------------


@store
class HashesWhenRead(ReferenceGraphStore):
    """Hides what happened to the stored bytes."""

    def log(self, after=0):
        for recorded in super().log(after):
            yield recorded._replace(leaf=leaf_hash(recorded.body))


@store
class WritesEventsAnew(ReferenceGraphStore):
    """Gives out what it makes of the stored bytes instead of them."""

    def rebuild(self, log):
        return super().rebuild(r._replace(body=r.body.replace(b'"v":1,', b'"v": 1,')) for r in log)


@store
class LogFromTheStart(ReferenceGraphStore):
    def log(self, after=0):
        return super().log(max(after - 1, 0))


@store
class BrittleStreams(ReferenceGraphStore):
    """A stream breaks when somebody writes."""

    def log(self, after=0):
        head = self.head()
        for recorded in super().log(after):
            if self.head() != head:
                raise BackendError("the cursor is gone")
            yield recorded


@store
class StreamsHoldTheLock(ReferenceGraphStore):
    def __init__(self):
        super().__init__()
        self.streams = 0

    def log(self, after=0):
        self.streams += 1
        yield from super().log(after)
        self.streams -= 1

    def _write(self, work):
        if self.streams:
            raise BackendError("the database is locked")
        return super()._write(work)


def events_with(name, change):
    class Careless(ReferenceGraphStore):
        def events(self, where, limit):
            return super().events(change(where), limit)

    Careless.__name__ = name
    return store(Careless)


events_with("EventsOldestFirst", lambda where: where._replace(newest_first=False))
events_with("EventsOfEverybody", lambda where: where._replace(actor=None))
events_with("EventsOfEveryTime", lambda where: where._replace(since=None, until=None))
events_with("EmptyTypesMeanAll", lambda where: where._replace(types=where.types or None))
events_with("EventsUntilIncluded", lambda w: w._replace(until=w.until and w.until + 1))
events_with("EventsFromAfterOn", lambda w: w._replace(after=w.after and w.after - 1))


@store
class EventsWithoutLimit(ReferenceGraphStore):
    def events(self, where, limit):
        return super().events(where, 1000)


@store
class EventsOfTheirSubjectOnly(ReferenceGraphStore):
    """Finds events by the first node they speak of, not by all."""

    def events(self, where, limit):
        found = super().events(where, limit)
        if where.nodes is None:
            return found
        return [r for r in found if reference_store.subjects(r.changes())[0] in where.nodes]


@store
class EventsOncePerNode(ReferenceGraphStore):
    def events(self, where, limit):
        found = super().events(where, limit)
        return found if where.nodes is None or len(where.nodes) < 2 else found + found[:1]


# -- views -----------------------------------------------------------------------------------------


@store
class AcceptsTheFuture(ReferenceGraphStore):
    def revision_at(self, state, as_of):
        if isinstance(as_of, int):
            return min(as_of, state.head.revision)
        return super().revision_at(state, as_of)


@store
class AcceptsNaiveTimes(ReferenceGraphStore):
    def revision_at(self, state, as_of):
        if getattr(as_of, "tzinfo", self) is None:
            as_of = as_of.astimezone()
        return super().revision_at(state, as_of)


@store
class TimesBefore(ReferenceGraphStore):
    """Takes a time for the revision before it."""

    def revision_at(self, state, as_of):
        if hasattr(as_of, "tzinfo") and as_of.tzinfo:
            as_of -= timedelta(microseconds=1)
        return super().revision_at(state, as_of)


@store
class RefusesTimesToCome(ReferenceGraphStore):
    def revision_at(self, state, as_of):
        if hasattr(as_of, "tzinfo") and as_of.timestamp() > time.time() + 60:
            raise InvalidQueryError("not yet")
        return super().revision_at(state, as_of)


@store
class AlwaysNow(ReferenceGraphStore):
    def revision_at(self, state, as_of):
        super().revision_at(state, as_of)
        return state.head.revision


class _MovingView(ReferenceView):
    store = None

    @property
    def graph(self):
        return self.store.state.graph

    @graph.setter
    def graph(self, _):
        pass

    @property
    def revision(self):
        return self.store.head().revision

    @revision.setter
    def revision(self, _):
        pass


@store
class ViewsMove(ReferenceGraphStore):
    """A view of now is always of now."""

    @contextmanager
    def _view(self, as_of):
        if as_of is not None:
            with super()._view(as_of) as found:
                yield found
            return
        self.head()
        moving = type("Moving", (_MovingView,), {"store": self})
        yield moving(None, 0)


@store
class OneViewAtATime(ReferenceGraphStore):
    def __init__(self):
        super().__init__()
        self.open = 0

    @contextmanager
    def _view(self, as_of):
        if self.open:
            raise BackendError("the connection is busy")
        self.open += 1
        try:
            with super()._view(as_of) as found:
                yield found
        finally:
            self.open -= 1


# -- replay and end --------------------------------------------------------------------------------


@store
class ReplayOnTop(ReferenceGraphStore):
    """Replays without taking away what was there."""

    def rebuild(self, log):
        old = self.state.graph
        head = super().rebuild(log)
        for key, ties in old.ties.items():
            self.state.graph.ties.setdefault(key, ties)
        for key, held in old.values.items():
            self.state.graph.values.setdefault(key, held)
        return head


@store
class ReplayForgetsKeys(ReferenceGraphStore):
    def rebuild(self, log):
        head = super().rebuild(log)
        self.state = self.state._replace(log=tuple(r._replace(key=None) for r in self.state.log))
        return head


@store
class ReplayForgetsTheHead(ReferenceGraphStore):
    def rebuild(self, log):
        head = super().rebuild(log)
        self.state = self.state._replace(head=Head(0, 0, 0))
        return head


@store
class ReplayForgetsHistory(ReferenceGraphStore):
    """Replays into today's graph only."""

    def rebuild(self, log):
        head = super().rebuild(log)
        for held in self.state.graph.values.values():
            del held[:-1]
        return head


@store
class ReplayHalfWay(ReferenceGraphStore):
    """Leaves what it read when the log turns out to be broken."""

    def rebuild(self, log):
        self.state = self.empty()
        kept = []
        for recorded in log:
            kept.append(recorded)
            super().rebuild(kept)
        return super().rebuild(kept)


@store
class ReplayOfAnything(ReferenceGraphStore):
    def rebuild(self, log):
        found = {}
        for recorded in log:
            try:
                recorded.event  # noqa: B018 - it may not be readable
            except reference_store.LogCorruptError:
                continue
            found.setdefault(recorded.position, recorded)
        kept = [r._replace(position=i) for i, r in enumerate(found.values(), 1)]
        return super().rebuild(kept)


@store
class ReplayByLargeBatches(ReferenceGraphStore):
    """Cannot go on with a commit that began in the batch before."""

    def rebuild(self, log):
        kept = list(log)
        for last, first in zip(kept[499::500], kept[500::500], strict=False):
            if last.revision == first.revision:
                raise BackendError("UNIQUE constraint failed")
        return super().rebuild(kept)


@store
class UpgradeDoesNothing(ReferenceGraphStore):
    def upgrade(self):
        return self.head()


@store
class UpgradeStartsAnew(ReferenceGraphStore):
    def upgrade(self):
        return self.rebuild([])


@store
class ClosedIsAnAccident(ReferenceGraphStore):
    @property
    def state(self):
        return State(*self._state)

    @state.setter
    def state(self, state):
        self._state = state


@store
class ClosesOnce(ReferenceGraphStore):
    def close(self):
        if self._state is None:
            raise BackendError("closed already")
        super().close()


@store
class StartsWithAnEvent(ReferenceGraphStore):
    """Calls the empty registry revision 1."""

    def empty(self):
        return super().empty()._replace(head=Head(1, 0, 0))


@store
class BodiesCannotBeRead(ReferenceGraphStore):
    def log(self, after=0):
        for recorded in super().log(after):
            yield Recorded(*recorded[:8], recorded.body.replace(b'"data"', b'"date"'), recorded[9])
