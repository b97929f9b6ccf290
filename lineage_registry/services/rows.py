"""Rows from elsewhere: the rules of many commands, decided one after the other in one commit."""

from collections.abc import Generator, Mapping
from typing import Any, Final

from lineage_registry.domain.events import Event
from lineage_registry.domain.references import Space
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import InvalidInputError, RegistryError
from lineage_registry.ports import commands as c
from lineage_registry.services import (
    catalog,
    deployments,
    licences,
    lifecycle,
    runs,
    versions,
)
from lineage_registry.services.planning import Plan, planning
from lineage_registry.services.workplace import Rule, Workplace

_MODELS: Final = {"space": Space.MODELS}
_DATASETS: Final = {"space": Space.DATASETS}
_NOTHING: Final[Mapping[str, Any]] = {}
_KINDS: Final[Mapping[str, tuple[type[c.Write[Any]], Any, Mapping[str, Any]]]] = {
    "model": (c.CreateFamily, catalog.create_family, _MODELS),
    "dataset": (c.CreateFamily, catalog.create_family, _DATASETS),
    "version": (c.RegisterVersion, versions.register_version, _MODELS),
    "dataset_version": (c.RegisterVersion, versions.register_version, _DATASETS),
    "dependency": (c.AddDependency, versions.add_dependency, _NOTHING),
    "run": (c.StartRun, runs.start_run, _NOTHING),
    "inputs": (c.AddInputs, runs.add_inputs, _NOTHING),
    "params": (c.LogParams, runs.log_params, _NOTHING),
    "metrics": (c.LogMetrics, runs.log_metrics, _NOTHING),
    "end": (c.EndRun, runs.end_run, _NOTHING),
    "stage": (c.MoveStage, lifecycle.move_stage, _NOTHING),
    "alias": (c.SetAlias, lifecycle.set_alias, _MODELS),
    "deployment": (c.Deploy, deployments.deploy, _NOTHING),
    "licence": (c.DeclareLicence, licences.declare_licence, _NOTHING),
}
"""What a row can be about: the command, the function that does it, and what needs no saying."""


def import_rows(work: Workplace, command: c.ImportRows, context: c.Context) -> c.ImportedRows:
    """Do what the rows say, all of them or none.

    Raises:
        RegistryError: What is wrong with a row; the message and `context["row"]` say which.
    """
    plain = c.Context(context.actor)
    with planning(work) as plan:
        rules = [
            _plan(plan, row, number, plain)
            for number, row in enumerate(command.rows, start=command.first)
        ]

        def decide(view: GraphView) -> Generator[Event, int, None]:
            for number, rule in enumerate(rules, start=command.first):
                try:
                    yield from rule(view)
                except RegistryError as error:
                    raise _of_row(error, number) from error

        commit = work.write(decide, command, context)
    return c.ImportedRows(
        rows=len(command.rows), events=len(commit.events), revision=commit.revision
    )


def _plan(
    plan: Plan, row: Mapping[str, Mapping[str, Any]], number: int, context: c.Context
) -> Rule:
    """Return what the service decides for a row."""
    try:
        command, service = _read(row)
        return plan(service, command, context)
    except RegistryError as error:
        raise _of_row(error, number) from error


def _read(row: Mapping[str, Mapping[str, Any]]) -> tuple[c.Write[Any], Any]:
    if len(row) != 1 or not _KINDS.keys() >= row.keys():
        raise InvalidInputError(
            f"a row has one member, not {', '.join(map(ascii, row)) or 'none'}"[:200],
            hint=f"name it {', '.join(_KINDS)}",
        )
    ((name, fields),) = row.items()
    kind, service, fixed = _KINDS[name]
    if "reason" in fields:
        raise InvalidInputError("a row has no reason", hint="give one for the whole import")
    return c.build(kind, {**fields, **fixed}), service


def _of_row(error: RegistryError, number: int) -> RegistryError:
    context = {**error.context, "row": number}
    return type(error)(f"row {number}: {error.message}", hint=error.hint, **context)
