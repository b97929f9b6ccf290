"""Rules of registering versions: the next number, the label, and where a version comes from."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, NamedTuple

from lineage_registry.domain.acyclicity import refuse_cycle
from lineage_registry.domain.catalog import create_family
from lineage_registry.domain.events import (
    Cause,
    DependencyAdded,
    DependencyRemoved,
    Event,
    RunStarted,
    SiblingDeclared,
    VerdictReached,
    VersionRegistered,
)
from lineage_registry.domain.graph import (
    EDGE_RULES,
    REGISTRY,
    EdgeKind,
    NodeKind,
    Scalar,
)
from lineage_registry.domain.names import name_key
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.resolution import FAMILY_KINDS, Found, resolve_all
from lineage_registry.domain.runs import Input, add_inputs
from lineage_registry.domain.verdicts import shortened
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.errors import (
    AlreadyExistsError,
    DeletedError,
    InvalidReferenceError,
    NotFoundError,
)

Decision = Generator[Event, int, None]


class Link(NamedTuple):
    """Another version or run that the new version comes from, and in which role."""

    reference: Reference
    role: str = ""


@dataclass(frozen=True)
class NewVersion:
    """What is to be registered.

    Attributes:
        create: Whether the model or dataset is created if there is none.
        reasons: Why the verdict on its files is what it is.
        parents: Versions of the same kind that it derives from; the role says how.
        dependencies: Versions that it needs to work: a tokenizer, members of an ensemble.
        inputs: Versions that the run which made it read; without `run` one is recorded for them.
        tested_on: Dataset versions that it was evaluated on in that run.
        siblings: Variants of it that have no registered parent in common with it.
    """

    space: Space
    name: str
    create: bool = True
    label: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Scalar] = field(default_factory=dict)
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    facts: Mapping[str, Scalar] = field(default_factory=dict)
    manifest: str | None = None
    files: Sequence[str] = ()
    reasons: Sequence[str] = ()
    weights: str | None = None
    run: Reference | None = None
    parents: Sequence[Link] = ()
    dependencies: Sequence[Link] = ()
    inputs: Sequence[Link] = ()
    tested_on: Sequence[Link] = ()
    siblings: Sequence[Link] = ()


class _Origins(NamedTuple):
    run: int | None
    parents: list[Found]
    dependencies: list[Found]
    inputs: list[Found]
    tested_on: list[Found]
    siblings: list[Found]


def register(view: GraphView, new: NewVersion) -> Generator[Event, int, int]:
    """Register the next version of a model or dataset and return its node.

    Raises:
        NotFoundError: The model, or something it comes from, is not there.
        AlreadyExistsError: The label is taken.
        InvalidReferenceError: Something it comes from is of a kind that cannot be that.
        RunEndedError: Its run has ended, without having read `inputs`.
        LineageCycleError: An input of its run descends from that run.
    """
    origins = _find(view, new)
    family = yield from _family(view, new)
    held = view.values([(family, "last_number"), _label_key(family, new.label)])
    if new.label is not None and _label_key(family, new.label) in held:
        raise AlreadyExistsError(
            f"{new.name!r} has a version {new.label!r} already", hint="choose the next label"
        )
    number = int(held[family, "last_number"]) + 1
    run = yield from _run(view, new, origins, f"register-{family}-{number}")
    kind: Literal[NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION] = (
        NodeKind.MODEL_VERSION if new.space is Space.MODELS else NodeKind.DATASET_VERSION
    )
    node = yield VersionRegistered(
        kind=kind,
        owner=family,
        number=number,
        label=new.label,
        manifest=new.manifest,
        files=list(new.files),
        weights=new.weights,
        facts=dict(new.facts),
        description=new.description,
        tags=dict(new.tags),
        params=dict(new.params),
        metrics=dict(new.metrics),
        causes=_causes(new, origins, run),
    )
    if "verdict" in new.facts:
        yield _verdict(node, new)
    for sibling in dict.fromkeys(origins.siblings):
        yield SiblingDeclared(source=node, target=sibling.node)
    return node


def _verdict(node: int, new: NewVersion) -> VerdictReached:
    told = {key: str(new.facts[key]) for key in ("format", "verdict", "policy")}
    return VerdictReached(node=node, **told, reasons=shortened(new.reasons))


def add_dependency(view: GraphView, source: Found, target: Found, role: str) -> Decision:
    """Record a dependency that was not known when the version was registered.

    Raises:
        InvalidReferenceError: Versions of these kinds do not depend on each other.
        LineageCycleError: The other one comes from this one.
    """
    check_ends(EdgeKind.DEPENDS_ON, source.kind, target.kind)
    if not _depends(view, source, target, role):
        refuse_cycle(view, source.node, target.node)
        yield DependencyAdded(source=source.node, target=target.node, role=role)


def remove_dependency(view: GraphView, source: Found, target: Found, role: str) -> Decision:
    """End a dependency; it stays visible as of earlier revisions.

    Raises:
        NotFoundError: There is none of this role.
    """
    if not _depends(view, source, target, role):
        raise NotFoundError("there is no such dependency", hint="its role counts, too")
    yield DependencyRemoved(source=source.node, target=target.node, role=role)


def check_ends(edge: EdgeKind, source: NodeKind, target: NodeKind) -> None:
    """Check that an edge of this kind may join nodes of these kinds.

    Raises:
        InvalidReferenceError: It may not.
    """
    if (source, target) not in EDGE_RULES[edge].ends:
        raise InvalidReferenceError(
            f"a {source} has no {edge} edge to a {target}".replace("_version", " version"),
            hint=f"{edge} joins "
            + ", ".join(sorted(f"{a} to {b}" for a, b in EDGE_RULES[edge].ends)),
        )


def _find(view: GraphView, new: NewVersion) -> _Origins:
    groups = (new.parents, new.dependencies, new.inputs, new.tested_on, new.siblings)
    links = [link.reference for group in groups for link in group]
    runs = [] if new.run is None else [new.run]
    for reference in runs:
        if reference.space is not Space.RUNS:
            raise InvalidReferenceError(f"{reference} is not a run", hint="write runs:/ID")
    found = resolve_all(view, [*runs, *links]) if runs or links else []
    for reference, one in zip(links, found[len(runs) :], strict=True):
        if one.kind not in {NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION}:
            raise InvalidReferenceError(
                f"{reference} is no version",
                hint=f"add one, like {reference.name}:latest",
                reference=str(reference),
            )
    rest = iter(found[len(runs) :])
    parts = [[next(rest) for _ in group] for group in groups]
    return _Origins(found[0].node if runs else None, *parts)


def _family(view: GraphView, new: NewVersion) -> Generator[Event, int, int]:
    reference = Reference(new.space, new.name)
    if not new.create:
        return resolve_all(view, [reference])[0].node
    key = (REGISTRY, f"{FAMILY_KINDS[new.space]}/{name_key(new.name)}")
    held = view.values([key]).get(key)
    if held is None:
        return (yield from create_family(view, new.space, new.name))
    if (held, "deleted") in view.values([(int(held), "deleted")]):
        raise DeletedError(
            f"{reference} was deleted",
            hint="restore it, or create it anew first",
            reference=str(reference),
        )
    return int(held)


def _run(
    view: GraphView, new: NewVersion, origins: _Origins, run_id: str
) -> Generator[Event, int, int | None]:
    inputs = [
        Input(found.node, link.role or "train")
        for link, found in zip(new.inputs, origins.inputs, strict=True)
    ]
    for link, found in zip(new.tested_on, origins.tested_on, strict=True):
        check_ends(EdgeKind.EVALUATED_ON, NodeKind.RUN, found.kind)
        inputs.append(Input(found.node, link.role or "test", evaluation=True))
    if origins.run is not None:
        yield from add_inputs(view, origins.run, inputs)
        return origins.run
    if not inputs:
        return None
    causes = [
        Cause(
            kind=EdgeKind.EVALUATED_ON if one.evaluation else EdgeKind.USED,
            target=one.node,
            role=one.role,
        )
        for one in dict.fromkeys(inputs)
    ]
    free = _free_run_id(view, run_id)
    return (
        yield RunStarted(
            run_id=free, facts={"name": "registration"}, causes=causes, status="finished"
        )
    )


def _free_run_id(view: GraphView, wanted: str) -> str:
    """Return the id, with a number behind it if somebody named a run so."""
    for turn in count(1):
        run_id = wanted if turn == 1 else f"{wanted}-{turn}"
        key = (REGISTRY, f"run/{run_id}")
        if key not in view.values([key]):
            break
    return run_id


def _causes(new: NewVersion, origins: _Origins, run: int | None) -> list[Cause]:
    kind = NodeKind.MODEL_VERSION if new.space is Space.MODELS else NodeKind.DATASET_VERSION
    causes: dict[Cause, None] = {}
    for edge, links, found, default in (
        (EdgeKind.DERIVED_FROM, new.parents, origins.parents, "other"),
        (EdgeKind.DEPENDS_ON, new.dependencies, origins.dependencies, ""),
    ):
        for link, one in zip(links, found, strict=True):
            check_ends(edge, kind, one.kind)
            causes[Cause(kind=edge, target=one.node, role=link.role or default)] = None
    for sibling in origins.siblings:
        check_ends(EdgeKind.SIBLING_OF, kind, sibling.kind)
    if run is not None:
        causes[Cause(kind=EdgeKind.GENERATED_BY, target=run)] = None
    return list(causes)


def _depends(view: GraphView, source: Found, target: Found, role: str) -> bool:
    edges = view.edges([source.node], Direction.UPSTREAM, (EdgeKind.DEPENDS_ON,))
    return any(edge.target == target.node and edge.role == role for edge in edges)


def _label_key(family: int, label: str | None) -> tuple[int, str]:
    return REGISTRY, f"label/{family}/{label}"
