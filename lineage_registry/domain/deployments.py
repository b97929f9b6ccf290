"""Rules of deployments: where a version serves."""

from collections.abc import Generator

from lineage_registry.domain.catalog import change_details
from lineage_registry.domain.events import DeploymentCreated, DeploymentMoved, Event
from lineage_registry.domain.graph import REGISTRY, EdgeKind
from lineage_registry.domain.names import name_key
from lineage_registry.domain.resolution import Found
from lineage_registry.domain.taints import pass_gate
from lineage_registry.domain.view import Direction, GraphView

_DOING = "be deployed"


def deploy(
    view: GraphView,
    name: str,
    version: Found,
    *,
    environment: str | None,
    owner: str | None,
    force: bool = False,
    reason: str | None = None,
) -> Generator[Event, int, None]:
    """Let a deployment serve a version; it is created if there is none of this name.

    Environment and owner stay what they are where they are left out.

    Raises:
        TaintedError: A critical taint reaches the version, and it is not forced.
        InvalidInputError: It is forced without a reason.
    """
    key = (REGISTRY, f"deployment/{name_key(name)}")
    held = view.values([key]).get(key)
    gone = held is not None and (held, "deleted") in view.values([(int(held), "deleted")])
    if held is None or gone:
        despite = pass_gate(view, version.node, _DOING, force=force, reason=reason)
        yield DeploymentCreated(
            name=name,
            key=name_key(name),
            version=version.node,
            environment=environment,
            owner=owner,
            despite=despite,
        )
        return
    before = serving(view, int(held))
    if before != version.node:
        despite = pass_gate(view, version.node, _DOING, force=force, reason=reason)
        yield DeploymentMoved(
            deployment=int(held), before=before, version=version.node, despite=despite
        )
    details = {"environment": environment, "owner": owner}
    given = {key: value for key, value in details.items() if value is not None}
    yield from change_details(view, int(held), given)


def serving(view: GraphView, deployment: int) -> int | None:
    """Return the version that a deployment serves."""
    edges = view.edges([deployment], Direction.UPSTREAM, [EdgeKind.SERVES])
    return edges[0].target if edges else None
