"""Deployments: where versions serve."""

from collections.abc import Generator

from lineage_registry.domain import catalog, deployments
from lineage_registry.domain.events import Event
from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.registration import check_ends
from lineage_registry.domain.resolution import resolve, resolve_version
from lineage_registry.domain.view import GraphView, Selection
from lineage_registry.ports.commands import (
    Context,
    DeleteDeployment,
    Deploy,
    Deployment,
    GetDeployment,
    ListDeployments,
    Page,
)
from lineage_registry.ports.graph import Commit
from lineage_registry.services import describing
from lineage_registry.services.paging import listed
from lineage_registry.services.workplace import Workplace, demand_unchanged, read_now


def deploy(work: Workplace, command: Deploy, context: Context) -> Deployment:
    """Let a deployment serve a version."""
    reference = read_now(command.version)

    def decide(view: GraphView) -> Generator[Event, int, None]:
        version = resolve_version(view, reference)
        check_ends(EdgeKind.SERVES, NodeKind.DEPLOYMENT, version.kind)
        if context.if_match is not None:
            held = resolve(view, Reference(Space.DEPLOYMENTS, command.name))
            demand_unchanged(view, held.node, context)
        yield from deployments.deploy(
            view,
            command.name,
            version,
            environment=command.environment,
            owner=command.owner,
            force=command.force,
            reason=command.reason,
        )

    return _answer(work, command.name, work.write(decide, command, context))


def get_deployment(work: Workplace, command: GetDeployment, _: Context) -> Deployment:
    """Return a deployment."""
    reference = Reference(Space.DEPLOYMENTS, command.name)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve(view, reference)
        return describing.deployments(view, [found.node])[0]


def list_deployments(work: Workplace, command: ListDeployments, _: Context) -> Page[Deployment]:
    """List deployments, oldest first."""
    selection = Selection(NodeKind.DEPLOYMENT, deleted=command.deleted)
    return listed(work, command, lambda _: selection, describing.deployments)


def delete_deployment(work: Workplace, command: DeleteDeployment, context: Context) -> Deployment:
    """Put a deployment out of sight."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, Reference(Space.DEPLOYMENTS, command.name), deleted=True)
        demand_unchanged(view, found.node, context)
        yield from catalog.delete(view, found, force=False, reason=command.reason)

    return _answer(work, command.name, work.write(decide, command, context))


def _answer(work: Workplace, name: str, commit: Commit) -> Deployment:
    with work.after(commit) as view:
        found = resolve(view, Reference(Space.DEPLOYMENTS, name), deleted=True)
        return describing.deployments(view, [found.node])[0]
