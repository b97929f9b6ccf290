"""Checking the whole registry: the log in itself, the graph against the log, the bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.graph import (
    EDGE_RULES,
    REGISTRY,
    AddEdge,
    AddNode,
    Change,
    EdgeKind,
    EndEdge,
    Node,
    NodeKind,
    Scalar,
    Set,
)
from lineage_registry.domain.merkle import MerkleTree
from lineage_registry.domain.references import write_reference
from lineage_registry.domain.view import Direction, GraphView, Selection
from lineage_registry.errors import IntegrityError, LogCorruptError, NotFoundError
from lineage_registry.ports.commands import Context, Finding, LogProof, Validate, Validation
from lineage_registry.ports.graph import Recorded, leaf_hash
from lineage_registry.services.audit import check_bytes
from lineage_registry.services.content_weights import TOLD_BY, read_weights
from lineage_registry.services.contents import REPAIR_HINT, StoredFiles, read_manifest
from lineage_registry.services.workplace import Workplace

_AT_ONCE = 1_000
_MAX_FINDINGS = 1_000
EdgeKey = tuple[int, EdgeKind, int, str]


@dataclass
class _Expected:
    """The graph that the log says, held in memory."""

    nodes: dict[int, AddNode] = field(default_factory=dict)
    values: dict[int, dict[str, Scalar]] = field(default_factory=dict)
    edges: dict[int, dict[EdgeKey, bool]] = field(default_factory=dict)
    manifests: dict[str, int] = field(default_factory=dict)
    tree: MerkleTree = field(default_factory=MerkleTree)

    def apply(self, change: Change) -> None:
        match change:
            case AddNode():
                self.nodes[change.id] = change
                if "manifest" in change.facts:
                    self.manifests.setdefault(str(change.facts["manifest"]), change.id)
            case Set(node, key, None):
                self.values.get(node, {}).pop(key, None)
            case Set(node, key, value) if value is not None:
                self.values.setdefault(node, {})[key] = value
            case AddEdge(source, kind, target, role, declared):
                out = self.edges.setdefault(source, {})
                out.setdefault((source, kind, target, role), declared)
            case EndEdge(source, kind, target, role):
                self.edges.get(source, {}).pop((source, kind, target, role), None)

    def reference(self, version: int) -> str:
        """Return how people write a version, as the log has it: the graph may be what is wrong."""
        node = self.nodes[version]
        name = self.values.get(node.owner, {}).get("name")
        return write_reference(node.kind, name, node.facts["number"])


def validate(work: Workplace, command: Validate, _: Context) -> Validation:
    """Check the whole registry as it is now; writers are not stopped.

    Holds the graph's current state in memory once: about 1 KiB a node.
    """
    expected = _Expected()
    with work.graph.view() as view:
        findings = _all(work, view, expected, verify=command.bytes)
        kept = list(islice(findings, _MAX_FINDINGS + 1))
    edges = sum(len(out) for out in expected.edges.values())
    return Validation(
        ok=not kept,
        events=expected.tree.size,
        nodes=len(expected.nodes),
        edges=edges,
        blobs=sum(1 for _ in work.artifacts.iter_digests()),
        findings=kept[:_MAX_FINDINGS],
        truncated=len(kept) > _MAX_FINDINGS,
        log=LogProof(size=expected.tree.size, root=expected.tree.root().hex()),
    )


def _all(
    work: Workplace, view: GraphView, expected: _Expected, *, verify: bool
) -> Iterator[Finding]:
    yield from _check_log(work, view.revision, expected)
    yield from _check_nodes(view, expected)
    yield from _check_edges(view, expected)
    yield from _check_cycles(expected)
    yield from _check_files(work, expected, verify=verify)
    if verify:
        yield from _check_weights(work, expected)


def _check_log(work: Workplace, revision: int, expected: _Expected) -> Iterator[Finding]:
    position, head = 0, work.graph.head()
    for recorded in work.graph.log():
        if recorded.revision > revision:
            return
        position += 1
        if recorded.position != position:
            yield Finding(
                kind="log-gap",
                subject=f"event {position}",
                detail=f"the log goes on with {recorded.position}",
            )
            position = recorded.position
        expected.tree.add(recorded.leaf)
        problem = _event_problem(recorded)
        if problem is None:
            for change in recorded.changes():
                expected.apply(change)
        else:
            yield Finding(kind="log-changed", subject=f"event {position}", detail=problem)
    if head.revision == revision and position != head.size:
        yield Finding(
            kind="log-gap",
            subject=f"event {position + 1}",
            detail=f"the log ends at {position}, it had {head.size} events",
        )


def _event_problem(recorded: Recorded) -> str | None:
    if leaf_hash(recorded.body) != recorded.leaf:
        return "its bytes are not the ones that were written"
    try:
        if Recorded.parse(recorded.position, recorded.body) != recorded:
            return "what stands beside its bytes is not what they say"
        recorded.changes()
    except LogCorruptError as error:
        return error.message
    return None


def _check_nodes(view: GraphView, expected: _Expected) -> Iterator[Finding]:
    extra = {
        id_ for kind in NodeKind for id_ in view.select_all(Selection(kind, deleted=True))
    } - expected.nodes.keys()
    for id_ in sorted(extra):
        yield _differs(id_, "the graph has this node, the log does not")
    ids = iter(expected.nodes)
    while batch := list(islice(ids, _AT_ONCE)):
        nodes = view.nodes(batch)
        for id_ in batch:
            problem = _node_problem(expected, id_, nodes.get(id_))
            if problem is not None:
                yield _differs(id_, problem)
    names = expected.values.get(REGISTRY, {})
    held = view.values([(REGISTRY, key) for key in names])
    for key, value in names.items():
        if held.get((REGISTRY, key)) != value:
            yield _differs(REGISTRY, f"{key!r} is not what the log says")


def _node_problem(expected: _Expected, id_: int, node: Node | None) -> str | None:
    wanted, values = expected.nodes[id_], expected.values.get(id_, {})
    if node is None:
        return "the log has this node, the graph does not"
    if (node.kind, node.owner, dict(node.facts)) != (*wanted[1:3], dict(wanted.facts)):
        return "kind, owner or facts are not those of the log"
    if dict(node.values) != values:
        return _value_difference(node.values, values)
    return None


def _check_edges(view: GraphView, expected: _Expected) -> Iterator[Finding]:
    ids = iter(expected.nodes)
    while batch := list(islice(ids, _AT_ONCE)):
        held: dict[EdgeKey, bool] = {
            edge[:4]: edge.declared
            for edge in view.edges(batch, Direction.UPSTREAM, tuple(EdgeKind))
        }
        wanted = {
            key: declared for id_ in batch for key, declared in expected.edges.get(id_, {}).items()
        }
        for key in held.keys() ^ wanted.keys():
            where = "graph" if key in held else "log"
            yield _differs(key[0], f"only the {where} has its {key[1]} edge to node {key[2]}")
        for source, kind, target, _ in held:
            if target not in expected.nodes:
                yield Finding(
                    kind="dangling-edge",
                    subject=f"node {source}",
                    detail=f"its {kind} edge leads to node {target}, which does not exist",
                )


def _check_cycles(expected: _Expected) -> Iterator[Finding]:
    import networkx as nx  # noqa: PLC0415 - takes longer to load than most commands to run

    graph: nx.DiGraph[int] = nx.DiGraph(
        (source, target)
        for out in expected.edges.values()
        for source, kind, target, _ in out
        if EDGE_RULES[kind].lineage
    )
    if not nx.is_directed_acyclic_graph(graph):
        cycle = [source for source, *_ in nx.find_cycle(graph)]
        yield Finding(
            kind="cycle", subject=f"node {cycle[0]}", detail=f"comes from itself by {cycle}"
        )


def _check_files(work: Workplace, expected: _Expected, *, verify: bool) -> Iterator[Finding]:
    seen: set[Digest] = set()
    for manifest, node in expected.manifests.items():
        try:
            entries = read_manifest(work, manifest).files
        except (NotFoundError, IntegrityError) as error:
            missing = isinstance(error, NotFoundError)
            yield _damaged(expected.reference(node), f"file list {manifest}", missing=missing)
            continue
        for entry in entries:
            if entry.digest in seen:
                continue
            seen.add(entry.digest)
            state = check_bytes(work, entry.digest, verify=verify)
            if state in {"missing", "different"}:
                detail = f"{entry.path} ({entry.digest})"
                yield _damaged(expected.reference(node), detail, missing=state == "missing")


def _damaged(subject: str, detail: str, *, missing: bool) -> Finding:
    kind = "missing-bytes" if missing else "different-bytes"
    return Finding(kind=kind, subject=subject, detail=detail, hint=REPAIR_HINT)


def _check_weights(work: Workplace, expected: _Expected) -> Iterator[Finding]:
    """Read the tensors of which a client said the digest; all others the registry read itself."""
    seen: set[tuple[str, str]] = set()
    for id_, node in expected.nodes.items():
        facts = node.facts
        manifest, weights = str(facts.get("manifest")), str(facts.get("weights"))
        if TOLD_BY not in facts or (manifest, weights) in seen:
            continue
        seen.add((manifest, weights))
        try:
            files = StoredFiles(work.artifacts, read_manifest(work, manifest))
            own = read_weights(work, files, str(facts["format"]))
        except (NotFoundError, IntegrityError):
            continue  # that its bytes are not there is a finding already
        if own != weights:
            found = f"they have {own}" if own else "there are none that can be read"
            yield Finding(
                kind="different-weights",
                subject=expected.reference(id_),
                detail=f"its tensors are said to have {weights}, {found}",
            )


def _value_difference(held: Mapping[str, Scalar], wanted: Mapping[str, Scalar]) -> str:
    keys = sorted(key for key in held.keys() | wanted.keys() if held.get(key) != wanted.get(key))
    return f"{', '.join(map(repr, keys[:5]))} is not what the log says"


def _differs(node: int, detail: str) -> Finding:
    return Finding(kind="graph-differs-from-log", subject=f"node {node}", detail=detail)
