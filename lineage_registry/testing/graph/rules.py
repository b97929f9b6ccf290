"""What every group of rules has: a fresh store and its back door."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph.back_door import RawGraph

Rule = TypeVar("Rule", bound=Callable[..., None])


def large(rule: Rule) -> Rule:
    """Mark a rule that needs seconds even on a good store."""
    rule.__dict__["large"] = True
    return rule


class Rules(ABC):
    """Rules about a graph store, one test for each."""

    @abstractmethod
    def store(self) -> GraphStore:
        """Fixture: an empty store."""

    @abstractmethod
    def raw(self, store: GraphStore) -> RawGraph:
        """Fixture: the back door of `store`."""
