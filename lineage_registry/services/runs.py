"""Runs: start, feed, measure, end, find."""

import uuid
from collections.abc import Callable, Generator, Sequence

from lineage_registry.domain import catalog, runs
from lineage_registry.domain.events import Event, MetricsLogged
from lineage_registry.domain.graph import EdgeKind, NodeKind, Scalar
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.registration import Link, check_ends
from lineage_registry.domain.resolution import Found, resolve, resolve_all
from lineage_registry.domain.view import Comparison, Filter, GraphView, Selection
from lineage_registry.ports.commands import (
    AddInputs,
    Context,
    EndRun,
    GetMetricHistory,
    GetRun,
    ListRuns,
    LogMetrics,
    LogParams,
    Measurement,
    MetricHistory,
    Page,
    Run,
    StartRun,
    UpdateRun,
    Write,
)
from lineage_registry.ports.graph import EventFilter, from_microseconds, to_microseconds
from lineage_registry.services import describing
from lineage_registry.services.clock import now
from lineage_registry.services.events import events_until
from lineage_registry.services.filtering import tag_filters, value_filters
from lineage_registry.services.paging import listed
from lineage_registry.services.versions import inputs_of
from lineage_registry.services.workplace import Workplace, demand_unchanged, read_now

RunRule = Callable[[GraphView, Found], Generator[Event, int, None]]


def start_run(work: Workplace, command: StartRun, context: Context) -> Run:
    """Start a run, under an id of its own if none is given."""
    run_id = command.run_id or uuid.uuid4().hex
    facts: dict[str, Scalar] = {
        f"environment/{key}": value for key, value in command.environment.items()
    }
    for key in ("name", "code_commit"):
        value: str | None = getattr(command, key)
        if value is not None:
            facts[key] = value
    used, tested = inputs_of(command.inputs), inputs_of(command.tested_on)
    parent = None if command.parent is None else read_now(command.parent, Space.RUNS)

    def decide(view: GraphView) -> Generator[Event, int, None]:
        above = None
        if parent is not None:
            found = resolve(view, parent)
            check_ends(EdgeKind.CHILD_OF, NodeKind.RUN, found.kind)
            above = found.node
        yield from runs.start(
            view,
            run_id,
            facts=facts,
            params=command.params,
            tags=command.tags,
            inputs=_found(view, used, tested),
            parent=above,
        )

    commit = work.write(decide, command, context)
    with work.after(commit) as view:
        return describing.runs(view, [commit.events[0].position])[0]


def get_run(work: Workplace, command: GetRun, _: Context) -> Run:
    """Return a run."""
    reference = Reference(Space.RUNS, command.run_id)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve(view, reference)
        return describing.runs(view, [found.node])[0]


def list_runs(work: Workplace, command: ListRuns, _: Context) -> Page[Run]:
    """List or find runs, newest first."""
    filters = [
        *tag_filters(command.tag),
        *value_filters("metric", command.metric),
        *value_filters("param", command.param),
    ]
    if command.status is not None:
        filters.append(Filter("status", Comparison.EQUAL, command.status))
    selection = Selection(NodeKind.RUN, filters=tuple(filters), newest_first=True)
    return listed(work, command, lambda _: selection, describing.runs)


def update_run(work: Workplace, command: UpdateRun, context: Context) -> Run:
    """Describe or tag a run."""
    values: dict[str, str | None] = {f"tag/{key}": value for key, value in command.tags.items()}
    if "description" in command.model_fields_set:
        values["description"] = command.description
    return _change(
        work,
        command.run_id,
        lambda view, found: catalog.change_details(view, found.node, values),
        command,
        context,
    )


def log_params(work: Workplace, command: LogParams, context: Context) -> Run:
    """Set parameters of a run."""
    return _change(
        work,
        command.run_id,
        lambda view, found: runs.log_params(view, found.node, command.params),
        command,
        context,
    )


def log_metrics(work: Workplace, command: LogMetrics, context: Context) -> Run:
    """Add measurements to a run."""
    points = runs.points_of(command.metrics, command.step, to_microseconds(now()))
    return _change(
        work,
        command.run_id,
        lambda view, found: runs.log_metrics(view, found.node, points),
        command,
        context,
    )


def add_inputs(work: Workplace, command: AddInputs, context: Context) -> Run:
    """Record what a run read."""
    used, tested = inputs_of(command.inputs), inputs_of(command.tested_on)
    return _change(
        work,
        command.run_id,
        lambda view, found: runs.add_inputs(
            view, found.node, _found(view, used, tested), loaded=command.loaded
        ),
        command,
        context,
    )


def end_run(work: Workplace, command: EndRun, context: Context) -> Run:
    """End a run."""
    return _change(
        work,
        command.run_id,
        lambda view, found: runs.end(view, found.node, command.status, command.message),
        command,
        context,
    )


def get_metric_history(work: Workplace, command: GetMetricHistory, _: Context) -> MetricHistory:
    """Return all values of one metric, read from the log."""
    reference = Reference(Space.RUNS, command.run_id)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve(view, reference)
        revision = view.revision
    where = EventFilter(nodes=frozenset({found.node}), types=frozenset({MetricsLogged.type}))
    points = [
        Measurement(value=point.value, step=point.step, at=from_microseconds(point.at))
        for recorded in events_until(work, where, revision)
        if isinstance(recorded.event, MetricsLogged)
        for point in recorded.event.points
        if point.key == command.key
    ]
    return MetricHistory(reference=f"runs:/{command.run_id}", key=command.key, points=points)


def _change(
    work: Workplace, run_id: str, rule: RunRule, command: Write[Run], context: Context
) -> Run:
    reference = Reference(Space.RUNS, run_id)

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, reference)
        demand_unchanged(view, found.node, context)
        yield from rule(view, found)

    commit = work.write(decide, command, context)
    with work.after(commit) as view:
        return describing.runs(view, [resolve(view, reference).node])[0]


def _found(view: GraphView, used: Sequence[Link], tested: Sequence[Link]) -> list[runs.Input]:
    links = [*used, *tested]
    found = resolve_all(view, [link.reference for link in links], versions=True) if links else []
    inputs = []
    for place, (link, one) in enumerate(zip(links, found, strict=True)):
        evaluation = place >= len(used)
        check_ends(EdgeKind.EVALUATED_ON if evaluation else EdgeKind.USED, NodeKind.RUN, one.kind)
        role = link.role or ("test" if evaluation else "train")
        inputs.append(runs.Input(one.node, role, evaluation))
    return inputs
