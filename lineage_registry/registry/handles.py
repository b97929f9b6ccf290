"""Answers that one can ask further: versions and models with methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from pydantic import BaseModel, PrivateAttr

from lineage_registry.ports.commands import (
    AuditReport,
    Family,
    Files,
    History,
    Impact,
    Rollback,
    Siblings,
    Version,
    VersionCheck,
)
from lineage_registry.registry.lineage_handle import LineageHandle

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry
    from lineage_registry.registry.pulling import Pulled
    from lineage_registry.registry.rows import Rows
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

    def pull(self, folder: str | Path, *paths: str, **options: Any) -> Pulled:
        """Bring a folder to what it holds; as `Registry.pull`."""
        return self._registry.pull(self.reference, folder, *paths, **options)

    def verify(self, *, read: bool = True) -> VersionCheck:
        """Check its files against what was registered."""
        return next(self._registry.verify(self.reference, read=read, deleted=True))

    def promote(
        self, stage: str, *, archive: bool = True, force: bool = False, **how: Unpack[How]
    ) -> VersionHandle:
        """Bring it into a stage."""
        return self._registry.promote(self.reference, stage, archive=archive, force=force, **how)

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

    def versions(self, **options: Any) -> Rows[VersionHandle]:
        """Return its versions, newest first."""
        return self._registry.versions(self.reference, **options)

    def history(self, **options: Any) -> History:
        """Return the moves of its stages and aliases, newest first."""
        return self._registry.history(self.reference, **options)

    def rollback(self, **options: Any) -> Rollback:
        """Let a stage or alias name again what it named before; as `Registry.rollback`."""
        return self._registry.rollback(self.name, **options)
