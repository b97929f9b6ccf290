"""Short ways to write to a store under test, and the small family that many rules look at."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from lineage_registry.domain.events import (
    Cause,
    DatasetCreated,
    DependencyAdded,
    DependencyRemoved,
    DeploymentCreated,
    DetailsChanged,
    Event,
    InputsAdded,
    ModelCreated,
    NodeDeleted,
    NodeRestored,
    ParamsLogged,
    RunStarted,
    VersionRegistered,
)
from lineage_registry.domain.graph import EdgeKind, NodeKind, Scalar
from lineage_registry.domain.view import GraphView
from lineage_registry.ports.graph import MAX_EVENTS, Commit, Decide, GraphStore, Request, record

ADA = Request("ada")


def yielding(*events: Event) -> Decide:
    """Return a decision that yields these events whatever it sees."""

    def decide(_view: GraphView) -> Generator[Event, int, None]:
        for event in events:  # noqa: UP028 - what is sent back has no taker in a tuple
            yield event

    return decide


def write(store: GraphStore, *events: Event, request: Request = ADA) -> list[int]:
    """Commit the events together and return their positions."""
    return [recorded.position for recorded in commit(store, *events, request=request).events]


def commit(store: GraphStore, *events: Event, request: Request = ADA) -> Commit:
    """Commit the events together."""
    return store.transact(yielding(*events), request)


def write_all(store: GraphStore, events: Iterable[Event]) -> None:
    """Commit any number of events, in as few commits as a store takes."""
    left = iter(events)
    while part := list(islice(left, MAX_EVENTS)):
        commit(store, *part)


def fill(store: GraphStore, events: Iterable[Event], *, size: int = 1000) -> None:
    """Make these events the whole log, `size` a commit: the fast way to a large graph."""
    store.rebuild(
        record(event, position, position // size + 1, position // size + 1, ADA)
        for position, event in enumerate(events, 1)
    )


def model(name: str, *, last_number: int = 0) -> ModelCreated:
    """Say that a model got its name."""
    return ModelCreated(name=name, key=name.casefold(), last_number=last_number)


def dataset(name: str) -> DatasetCreated:
    """Say that a dataset got its name."""
    return DatasetCreated(name=name, key=name.casefold())


def cause(kind: EdgeKind, target: int, role: str = "", *, inferred: bool = False) -> Cause:
    """Return an edge to a cause."""
    return Cause(kind=kind, target=target, role=role, declared=not inferred)


def derived(target: int, role: str = "finetune") -> Cause:
    """Return an edge to a parent."""
    return cause(EdgeKind.DERIVED_FROM, target, role)


def version(
    owner: int,
    number: int,
    *causes: Cause,
    params: Mapping[str, Scalar] | None = None,
    tags: Mapping[str, str] | None = None,
) -> VersionRegistered:
    """Say that a model has a version."""
    return VersionRegistered(
        kind=NodeKind.MODEL_VERSION,
        owner=owner,
        number=number,
        causes=list(causes),
        params=dict(params or {}),
        tags=dict(tags or {}),
    )


def data_version(owner: int, number: int, *causes: Cause) -> VersionRegistered:
    """Say that a dataset has a version."""
    return VersionRegistered(
        kind=NodeKind.DATASET_VERSION, owner=owner, number=number, causes=list(causes)
    )


def run(run_id: str, *causes: Cause, params: Mapping[str, Scalar] | None = None) -> RunStarted:
    """Say that a run began."""
    return RunStarted(run_id=run_id, causes=list(causes), params=dict(params or {}))


def deployment(name: str, serves: int) -> DeploymentCreated:
    """Say that a version serves somewhere."""
    return DeploymentCreated(name=name, key=name.casefold(), version=serves)


def tie(node: int, *causes: Cause) -> InputsAdded:
    """Say that a node has more causes."""
    return InputsAdded(run=node, causes=list(causes))


def depend(source: int, target: int, role: str = "tokenizer") -> DependencyAdded:
    """Say that a version depends on another."""
    return DependencyAdded(source=source, target=target, role=role)


def undepend(source: int, target: int, role: str = "tokenizer") -> DependencyRemoved:
    """Say that a version no longer depends on another."""
    return DependencyRemoved(source=source, target=target, role=role)


def put(node: int, **values: Scalar) -> ParamsLogged:
    """Set values; the key of each is `param/<name>`."""
    return ParamsLogged(node=node, params=values)


def details(node: int, **values: str | None) -> DetailsChanged:
    """Set or end values of exactly these keys."""
    return DetailsChanged(node=node, values=values, before={})


def end(node: int, *keys: str) -> DetailsChanged:
    """End values of exactly these keys."""
    return DetailsChanged(node=node, values=dict.fromkeys(keys), before={})


def delete(node: int) -> NodeDeleted:
    """Say that a node is out of sight."""
    return NodeDeleted(node=node)


def restore(node: int) -> NodeRestored:
    """Say that a node is back."""
    return NodeRestored(node=node)


class Family(NamedTuple):
    """Nodes of the small family; `top` comes down to `base` by two ways: a diamond.

    ```
    service -SERVES-> top -merged-> left, right -> base -GENERATED_BY-> job -USED-> clean -> raw
                                    left -DEPENDS_ON(tokenizer)-> raw
    exam -EVALUATED_ON-> raw        exam -USED-> top      exam -CHILD_OF-> job
    ```
    """

    data: int
    raw: int
    clean: int
    model: int
    job: int
    base: int
    left: int
    right: int
    top: int
    service: int
    exam: int


def family_events(first: int) -> Sequence[Event]:
    """Return the events of a family whose first node gets the id `first`."""
    f = Family(*range(first, first + len(Family._fields)))
    data = EdgeKind.USED
    return (
        dataset(f"data {first}"),
        data_version(f.data, 1),
        data_version(f.data, 2, derived(f.raw, "other")),
        model(f"model {first}"),
        run(f"job-{first}", cause(data, f.clean, "train")),
        version(f.model, 1, cause(EdgeKind.GENERATED_BY, f.job)),
        version(f.model, 2, derived(f.base), cause(EdgeKind.DEPENDS_ON, f.raw, "tokenizer")),
        version(f.model, 3, derived(f.base, "quantized")),
        version(f.model, 4, derived(f.left, "merged"), derived(f.right, "merged")),
        deployment(f"service {first}", f.top),
        run(
            f"exam-{first}",
            cause(EdgeKind.EVALUATED_ON, f.raw),
            cause(data, f.top, "base"),
            cause(EdgeKind.CHILD_OF, f.job),
        ),
    )


def write_family(store: GraphStore) -> Family:
    """Write the family in one commit and return its nodes."""
    return Family(*write(store, *family_events(store.head().size + 1)))
