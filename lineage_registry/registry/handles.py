"""Answers that one can ask further: versions, models and lineage with methods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from pydantic import BaseModel, PrivateAttr

from lineage_registry import exports
from lineage_registry.domain.lineage import Lineage
from lineage_registry.ports.commands import (
    AuditReport,
    Family,
    Files,
    History,
    Impact,
    Rollback,
    Siblings,
    Version,
)

if TYPE_CHECKING:
    import networkx as nx

    from lineage_registry.registry.facade import Registry
    from lineage_registry.registry.sending import How
    from lineage_registry.registry.transfers import Progress


class _Handle(BaseModel):
    _registry: Registry = PrivateAttr()

    @classmethod
    def of(cls, answer: BaseModel, registry: Registry) -> Self:
        """Tie an answer to the registry that gave it."""
        handle: Self = cls.model_construct(**dict(answer))  # type: ignore[assignment]
        handle._registry = registry
        return handle


class LineageHandle(Lineage, _Handle):
    """Nodes and edges around some starts, which can be drawn and written."""

    def tree(self) -> str:
        """Draw the answer as indented text."""
        return exports.export(self, "tree").decode()

    def export(self, path: str | Path, format: str | None = None) -> Path:  # noqa: A002
        """Write the answer to a file; the suffix says how, unless `format` does.

        Raises:
            InvalidQueryError: There is no such format.
        """
        target = Path(path)
        target.write_bytes(exports.export(self, format or exports.format_of(target)))
        return target

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """Return the answer as a graph of networkx; edges point from effect to cause."""
        import networkx as nx  # noqa: PLC0415 - light import

        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        for node in self.nodes:
            graph.add_node(node.id, **node._asdict())
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, key=(edge.kind, edge.role), kind=edge.kind)
        return graph

    def _repr_html_(self) -> str:
        return exports.export(self, "svg").decode()


class VersionHandle(Version, _Handle):
    """A version of a model or dataset, and what one can ask of it."""

    def upstream(self, **options: Any) -> LineageHandle:
        """Return what it comes from; options as `Registry.lineage`."""
        return self._registry.ancestors(self.reference, **options)

    def downstream(self, **options: Any) -> LineageHandle:
        """Return what comes from it; options as `Registry.lineage`."""
        return self._registry.descendants(self.reference, **options)

    def lineage(self, **options: Any) -> LineageHandle:
        """Return both; options as `Registry.lineage`."""
        return self._registry.lineage(self.reference, direction="both", **options)

    def impact(self, **options: Any) -> Impact:
        """Return what is affected if it breaks or is withdrawn."""
        return self._registry.impact(self.reference, **options)

    def siblings(self, **options: Any) -> Siblings:
        """Return the versions that share a direct cause with it."""
        return self._registry.siblings(self.reference, **options)

    def files(self) -> Files:
        """Return its files: paths, digests and sizes."""
        return self._registry.files(self.reference)

    def load(self, **options: Any) -> Any:
        """Load it, verified; options go to its format handler."""
        return self._registry.load(self.reference, **options)

    def download(self, folder: str | Path, progress: Progress | None = None) -> Path:
        """Write verified copies of its files into a folder."""
        return self._registry.download(self.reference, folder, progress=progress)

    def promote(self, stage: str, *, archive: bool = True, **how: Unpack[How]) -> VersionHandle:
        """Bring it into a stage."""
        return self._registry.promote(self.reference, stage, archive=archive, **how)

    def set_alias(self, alias: str, **how: Unpack[How]) -> FamilyHandle:
        """Let an alias name it."""
        return self._registry.set_alias(self.reference, alias, **how)

    def tag(self, **tags: str | None) -> VersionHandle:
        """Set tags; None takes one away."""
        return self._registry.update_version(self.reference, tags=tags)

    def audit_report(self, *, verify: bool = True) -> AuditReport:
        """Return what to hand the auditor about it."""
        return self._registry.audit_report(self.reference, verify=verify)

    def delete(self, *, force: bool = False, **how: Unpack[How]) -> VersionHandle:
        """Put it out of sight; nothing is destroyed."""
        return self._registry.delete_version(self.reference, force=force, **how)


class FamilyHandle(Family, _Handle):
    """A model or dataset, and what one can ask of it."""

    def __getitem__(self, version: int | str) -> VersionHandle:
        text = str(version)
        separator = "" if text.startswith("@") else "/"
        return self._registry.version(f"{self.reference}{separator}{text}")

    def versions(self, **options: Any) -> Iterator[VersionHandle]:
        """Yield its versions, newest first."""
        return self._registry.versions(self.reference, **options)

    def history(self, **options: Any) -> History:
        """Return the moves of its stages and aliases, newest first."""
        return self._registry.history(self.reference, **options)

    def rollback(self, **options: Any) -> Rollback:
        """Let a stage or alias name again what it named before; as `Registry.rollback`."""
        return self._registry.rollback(self.name, **options)
