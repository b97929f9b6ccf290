"""Paths between two nodes."""

from lineage_registry.domain.graph import LINEAGE
from lineage_registry.domain.resolution import resolve_all, write_references
from lineage_registry.ports.commands import Context, GetPath, Path
from lineage_registry.services.workplace import Workplace, read


def get_path(work: Workplace, command: GetPath, _: Context) -> Path:
    """Return one shortest way from a thing to something it comes from."""
    references = [read(command.source), read(command.target)]
    with work.ask(command.as_of, references) as view:
        source, target = (found.node for found in resolve_all(view, references))
        path = view.path(source, target, LINEAGE) or []
        named = write_references(view, view.nodes(path, ("name",))) if path else {}
        return Path(
            nodes=[named[id_] for id_ in path],
            revision=view.revision,
            as_of=view.at(view.revision),
        )
