"""What people hold in their hands: one class, the same for a registry here and far away."""

from lineage_registry.registry.facade import Registry
from lineage_registry.registry.handles import FamilyHandle, VersionHandle
from lineage_registry.registry.lineage_handle import LineageHandle
from lineage_registry.registry.runs import RunHandle

__all__ = ["FamilyHandle", "LineageHandle", "Registry", "RunHandle", "VersionHandle"]
