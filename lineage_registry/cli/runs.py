"""Runs: start, log, use, end, find."""

from typing import Annotated, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.views import Cell, Line
from lineage_registry.errors import InvalidInputError


def start(
    *,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="What it is called.")] = None,
    run_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Its id; made up if left out.")
    ] = None,
    data: a.Data = None,
    uses: a.Uses = None,
    tested_on: a.TestedOn = None,
    param: a.Parameters = None,
    tag: a.Tags = None,
    parent: Annotated[
        str | None, typer.Option(metavar="ID", help="The run that it is a part of.")
    ] = None,
    commit: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Commit of its code; found if left out.")
    ] = None,
    environment: a.Environment = None,
    no_environment: Annotated[
        bool, typer.Option("--no-environment", help="Record nothing about where it runs.")
    ] = False,
) -> None:
    """Start a run and print its id, for scripts: `RUN=$(lreg run start train)`."""
    if environment and no_environment:
        raise InvalidInputError("give --environment or --no-environment, not both")
    recorded = parsing.parameters(environment) if environment or no_environment else None
    with registry() as opened:
        began = opened.run(
            name,
            run_id=run_id,
            inputs=[*parsing.data_links(data), *parsing.model_links(uses)],
            tested_on=parsing.data_links(tested_on),
            params=parsing.parameters(param),
            tags=parsing.pairs(tag, "tag"),
            parent=parsing.run_reference(parent),
            code_commit=commit,
            environment=recorded,
            **how(),
        ).get()
    output.emit(began, lambda: [Line([Cell(began.run_id)])])


def log(
    run: a.RunId, *, metric: a.Metrics = None, param: a.Parameters = None, step: a.Step = 0
) -> None:
    """Log parameters and metrics of a running run."""
    from lineage_registry.cli import run_views as views
    from lineage_registry.ports.commands import LogMetrics, LogParams

    params, metrics = parsing.parameters(param), parsing.metrics(metric)
    if not params and not metrics:
        raise InvalidInputError("there is nothing to log", hint="like -m loss=0.3 or -p lr=3e-4")
    run_id = parsing.run_id(run)
    with registry() as opened:
        if params:
            changed = opened.sender.write(LogParams, how(), run_id=run_id, params=params)
        if metrics:
            changed = opened.sender.write(
                LogMetrics, how(), run_id=run_id, metrics=metrics, step=step
            )
    output.emit(changed, lambda: views.run_line(changed))


def use(
    run: a.RunId,
    *,
    data: a.Data = None,
    uses: a.Uses = None,
    tested_on: a.TestedOn = None,
    loaded: Annotated[
        bool,
        typer.Option("--loaded", help="Record what comes from the run itself as read back."),
    ] = False,
) -> None:
    """Record what a running run reads; what comes from the run itself is refused."""
    from lineage_registry.cli import run_views as views
    from lineage_registry.ports.commands import AddInputs

    inputs = parsing.inputs([*parsing.data_links(data), *parsing.model_links(uses)])
    tested = parsing.inputs(parsing.data_links(tested_on))
    if not inputs and not tested:
        raise InvalidInputError("there is nothing to record", hint="like --data digits:2")
    with registry() as opened:
        changed = opened.sender.write(
            AddInputs,
            how(),
            run_id=parsing.run_id(run),
            inputs=inputs,
            tested_on=tested,
            loaded=loaded,
        )
    output.emit(changed, lambda: views.run_line(changed))


def end(
    run: a.RunId,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="It failed.")] = False,
    killed: Annotated[bool, typer.Option("--killed", help="Somebody stopped it.")] = False,
    message: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What there is to say about it.")
    ] = None,
) -> None:
    """End a run; well, unless told otherwise."""
    from lineage_registry.cli import run_views as views
    from lineage_registry.ports.commands import EndRun

    if failed and killed:
        raise InvalidInputError("give --failed or --killed, not both")
    status = "failed" if failed else "killed" if killed else "finished"
    with registry() as opened:
        ended = opened.sender.write(
            EndRun, how(), run_id=parsing.run_id(run), status=status, message=message
        )
    output.emit(ended, lambda: views.run_line(ended))


def show(run: a.RunId, *, as_of: a.AsOf = None) -> None:
    """Show a run."""
    from lineage_registry.cli import run_views as views

    with registry() as opened:
        found = opened.get_run(run, as_of=as_of)
    output.emit(found, lambda: views.run(found))


@takes("wanted", Wanted)
def list_all(
    *,
    status: Annotated[
        Literal["running", "finished", "failed", "killed"] | None,
        typer.Option(help="Only runs in this state."),
    ] = None,
    tag: a.WithTag = None,
    metric: a.WithMetric = None,
    param: a.WithParameter = None,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """List runs, newest first."""
    from lineage_registry.cli import run_views as views

    with registry() as opened:
        found = opened.runs(status=status, tag=tag, metric=metric, param=param, as_of=as_of)
        emit_rows(found, views.runs, wanted)


def metrics(
    run: a.RunId,
    name: Annotated[str, typer.Argument(metavar="KEY", help="Name of the metric.")],
    *,
    as_of: a.AsOf = None,
) -> None:
    """Show all values of one metric of a run."""
    from lineage_registry.cli import run_views as views

    with registry() as opened:
        found = opened.metric_history(run, name, as_of=as_of)
    output.emit(found, lambda: views.metric_history(found))


def update(
    run: a.RunId,
    *,
    description: a.Description = None,
    tag: a.Tags = None,
    untag: a.Untag = None,
) -> None:
    """Describe or tag a run; what is left out stays."""
    from lineage_registry.cli import run_views as views

    with registry() as opened:
        changed = opened.update_run(
            run, description=description, tags=parsing.tag_changes(tag, untag), **how()
        )
    output.emit(changed, lambda: views.run_line(changed))
