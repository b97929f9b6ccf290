"""What was found in one checkpoint file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage_registry.domain.formats import Verdict
from lineage_registry.formats.census import Census
from lineage_registry.formats.pickles.policy import judge


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors, what the pickles ask to import, and what the file says of itself."""

    census: Census
    asked: frozenset[tuple[str, str]]
    notes: dict[str, str]
    decided: tuple[Verdict, tuple[str, ...]] | None = None
    picture: Any = None
    """What the pickle holds, inert."""
    starts: Mapping[str, int] = field(default_factory=dict)
    """Where in the file the bytes of each storage begin."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What else it tells an inspection, by field; `notes` go to its metadata."""

    def verdict(self) -> tuple[Verdict, tuple[str, ...]]:
        """Return the verdict on the file, with its reasons."""
        return self.decided or judge(self.asked)
