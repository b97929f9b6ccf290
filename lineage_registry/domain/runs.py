"""Rules of runs: what they read, what they measure, when they end."""

from collections.abc import Generator, Mapping, Sequence
from typing import Literal, NamedTuple

from lineage_registry.domain.acyclicity import closes_cycle, refuse_cycle
from lineage_registry.domain.events import (
    Cause,
    Event,
    InputsAdded,
    MetricPoint,
    MetricsLogged,
    MetricSummary,
    ParamsLogged,
    RunEnded,
    RunStarted,
)
from lineage_registry.domain.graph import REGISTRY, EdgeKind, Scalar
from lineage_registry.domain.names import Metrics, parse_measure
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.errors import AlreadyExistsError, InvalidInputError, RunEndedError

Decision = Generator[Event, int, None]


class Input(NamedTuple):
    """Something that a run read: the node, in which role, and whether only to test on it."""

    node: int
    role: str
    evaluation: bool = False


def start(
    view: GraphView,
    run_id: str,
    *,
    facts: Mapping[str, Scalar],
    params: Mapping[str, Scalar],
    tags: Mapping[str, str],
    inputs: Sequence[Input],
    parent: int | None,
) -> Generator[Event, int, int]:
    """Start a run and return its node; a nested run inherits its parent's inputs as inferred.

    Raises:
        AlreadyExistsError: The id is taken; ids are never used twice.
    """
    key = (REGISTRY, f"run/{run_id}")
    if key in view.values([key]):
        raise AlreadyExistsError(
            f"there is a run {run_id!r} already", hint="choose another id, or leave it out"
        )
    causes = [_cause(input_) for input_ in dict.fromkeys(inputs)]
    if parent is not None:
        causes.append(Cause(kind=EdgeKind.CHILD_OF, target=parent))
        causes.extend(_inherited(view, parent, causes))
    return (
        yield RunStarted(
            run_id=run_id, facts=dict(facts), params=dict(params), tags=dict(tags), causes=causes
        )
    )


def add_inputs(
    view: GraphView, run: int, inputs: Sequence[Input], *, loaded: bool = False
) -> Decision:
    """Record what a running run read.

    What was merely loaded and descends from the run itself is recorded as read back, which is no
    lineage.

    Raises:
        RunEndedError: The run has ended.
        LineageCycleError: A declared input descends from the run.
    """
    edges = view.edges([run], Direction.UPSTREAM, _INPUT_KINDS)
    held = {(edge.kind, edge.target, edge.role) for edge in edges if edge.declared}
    read_back = {edge.target for edge in edges if edge.kind is EdgeKind.READ_BACK}
    causes: list[Cause] = []
    for input_ in dict.fromkeys(inputs):
        cause = _cause(input_)
        if (cause.kind, cause.target, cause.role) in held or (loaded and cause.target in read_back):
            continue
        if loaded and closes_cycle(view, run, cause.target):
            cause = Cause(kind=EdgeKind.READ_BACK, target=cause.target)
        else:
            refuse_cycle(view, run, cause.target)
        causes.append(cause)
    if causes:
        _refuse_ended(view, run)
        yield InputsAdded(run=run, causes=causes)


def log_params(view: GraphView, node: int, params: Mapping[str, Scalar]) -> Decision:
    """Set parameters; a parameter that is set keeps its value.

    Raises:
        RunEndedError: The run has ended.
        InvalidInputError: A parameter has another value already.
    """
    held = view.values([(node, f"param/{key}") for key in params])
    for key, value in params.items():
        before = held.get((node, f"param/{key}"), value)
        if before != value:
            raise InvalidInputError(
                f"parameter {key!r} is {before!r} and does not change",
                hint="start another run for other parameters",
            )
    fresh = {key: value for key, value in params.items() if (node, f"param/{key}") not in held}
    if fresh:
        _refuse_ended(view, node)
        yield ParamsLogged(node=node, params=fresh)


def log_metrics(view: GraphView, node: int, points: Sequence[MetricPoint]) -> Decision:
    """Add measurements and bring the summaries of their metrics up to date.

    Raises:
        RunEndedError: The run has ended.
    """
    if not points:
        return
    _refuse_ended(view, node)
    keys = dict.fromkeys(point.key for point in points)
    wanted = [
        (node, f"metric{part}/{key}") for key in keys for part in ("", ".min", ".max", ".count")
    ]
    held = view.values(wanted)
    summaries = {key: _summary(held, node, key, points) for key in keys}
    yield MetricsLogged(node=node, points=list(points), summaries=summaries)


def end(
    view: GraphView,
    run: int,
    status: Literal["finished", "failed", "killed"],
    message: str | None,
) -> Decision:
    """End a run.

    Raises:
        RunEndedError: It has ended with another status.
    """
    held = view.values([(run, "status"), (run, "ended")])
    if (run, "ended") in held or held[run, "status"] != "running":
        if held[run, "status"] == status:
            return
        raise RunEndedError(f"the run has {held[run, 'status']} already")
    yield RunEnded(run=run, status=status, message=message)


def points_of(metrics: Metrics, step: int, at: int) -> list[MetricPoint]:
    """Return one measurement of each metric, all at the same step and time."""
    return [MetricPoint(key, parse_measure(value), step, at) for key, value in metrics.items()]


_SUMMARY_PARTS = (".min", ".max", ".count")
_INPUT_KINDS = (EdgeKind.USED, EdgeKind.EVALUATED_ON, EdgeKind.READ_BACK)


def _cause(input_: Input) -> Cause:
    kind = EdgeKind.EVALUATED_ON if input_.evaluation else EdgeKind.USED
    return Cause(kind=kind, target=input_.node, role=input_.role)


def _inherited(view: GraphView, parent: int, own: Sequence[Cause]) -> list[Cause]:
    declared = {(cause.kind, cause.target, cause.role) for cause in own}
    edges = view.edges([parent], Direction.UPSTREAM, (EdgeKind.USED,))
    return [
        Cause(kind=edge.kind, target=edge.target, role=edge.role, declared=False)
        for edge in edges
        if (edge.kind, edge.target, edge.role) not in declared
    ]


def _refuse_ended(view: GraphView, node: int) -> None:
    held = view.values([(node, "ended"), (node, "status")])
    if (node, "ended") in held:
        raise RunEndedError(
            f"the run has {held.get((node, 'status'), 'ended')} and takes nothing more",
            hint="start a new run",
        )


def _summary(
    held: Mapping[tuple[int, str], Scalar], node: int, key: str, points: Sequence[MetricPoint]
) -> MetricSummary:
    values = [point.value for point in points if point.key == key]
    finite = [float(value) for value in values if not isinstance(value, str)]
    for part in _SUMMARY_PARTS[:2]:
        before = held.get((node, f"metric{part}/{key}"))
        if before is not None:
            finite.append(float(before))
    count = int(held.get((node, f"metric.count/{key}"), 0)) + len(values)
    return MetricSummary(
        last=values[-1],
        minimum=min(finite, default=None),
        maximum=max(finite, default=None),
        points=count,
    )
