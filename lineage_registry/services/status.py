"""What answers here."""

from importlib.metadata import version

from lineage_registry.ports.commands import Context, GetStatus, Status
from lineage_registry.services.workplace import Workplace


def get_status(work: Workplace, _: GetStatus, __: Context) -> Status:
    """Ask the graph store and the artifact store, and say what they are."""
    head = work.graph.head()
    work.artifacts.check()
    return Status(
        version=version("lineage-registry"),
        graph=work.graph.name,
        artifacts=type(work.artifacts).__name__.removesuffix("ArtifactStore").lower(),
        revision=head.revision,
        events=head.size,
    )
