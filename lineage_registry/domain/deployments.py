"""Rules of deployments: where a version serves."""

from collections.abc import Generator

from lineage_registry.domain.catalog import change_details
from lineage_registry.domain.events import DeploymentCreated, DeploymentMoved, Event
from lineage_registry.domain.graph import REGISTRY, EdgeKind
from lineage_registry.domain.names import name_key
from lineage_registry.domain.resolution import Found
from lineage_registry.domain.view import Direction, GraphView


def deploy(
    view: GraphView, name: str, version: Found, *, environment: str | None, owner: str | None
) -> Generator[Event, int, None]:
    """Let a deployment serve a version; it is created if there is none of this name.

    Environment and owner stay what they are where they are left out.
    """
    key = (REGISTRY, f"deployment/{name_key(name)}")
    held = view.values([key]).get(key)
    gone = held is not None and (held, "deleted") in view.values([(int(held), "deleted")])
    if held is None or gone:
        yield DeploymentCreated(
            name=name,
            key=name_key(name),
            version=version.node,
            environment=environment,
            owner=owner,
        )
        return
    before = serving(view, int(held))
    if before != version.node:
        yield DeploymentMoved(deployment=int(held), before=before, version=version.node)
    details = {"environment": environment, "owner": owner}
    given = {key: value for key, value in details.items() if value is not None}
    yield from change_details(view, int(held), given)


def serving(view: GraphView, deployment: int) -> int | None:
    """Return the version that a deployment serves."""
    edges = view.edges([deployment], Direction.UPSTREAM, [EdgeKind.SERVES])
    return edges[0].target if edges else None
