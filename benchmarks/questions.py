"""The questions about lineage, each as it is asked of a registry and of a graph in memory."""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.memory import Memory
from lineage_registry.domain.graph import NodeKind
from lineage_registry.registry import Registry

_MODEL, _DATA = NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION
_ALL = 1_000_000


class Question(NamedTuple):
    """One question.

    Attributes:
        of: Kind of the nodes it is asked of.
        ask: Asks a registry, given references.
        size: How large an answer is.
        memory: Asks a graph in memory, given nodes; None where that has no answer.
        pair: Whether it is about two versions of the same model.
    """

    of: NodeKind
    ask: Callable[..., Any]
    size: Callable[[Any], int]
    memory: Callable[..., object] | None
    pair: bool = False


def _nodes(answer: Any) -> int:
    return len(answer.nodes)


def _total(answer: Any) -> int:
    return int(answer.total)


def _ancestors(registry: Registry, one: str) -> Any:
    return registry.ancestors(one, limit=_ALL)


def _descendants(registry: Registry, one: str) -> Any:
    return registry.descendants(one, limit=_ALL)


def _select(registry: Registry, one: str) -> Any:
    return registry.select(f"+{one} & kind:dataset")


QUESTIONS: dict[str, Question] = {
    "version": Question(_MODEL, Registry.version, lambda _: 1, None),
    "ancestors": Question(_MODEL, _ancestors, _nodes, Memory.ancestors),
    "descendants": Question(_DATA, _descendants, _nodes, Memory.descendants),
    "impact": Question(_DATA, Registry.impact, _total, Memory.impact),
    "recall": Question(_DATA, Registry.recall, _total, Memory.recall),
    "exposure": Question(_MODEL, Registry.exposure, _total, Memory.exposure),
    "siblings": Question(_MODEL, Registry.siblings, lambda a: len(a.siblings), Memory.siblings),
    "diff": Question(
        _MODEL, Registry.diff, lambda a: a.unchanged + len(a.causes), Memory.diff, pair=True
    ),
    "common ancestors": Question(
        _MODEL, Registry.common_ancestors, _total, Memory.common_ancestors, pair=True
    ),
    "staleness": Question(
        _MODEL,
        Registry.staleness,
        lambda a: sum(len(one.causes) for one in a.stale),
        Memory.staleness,
    ),
    "taints": Question(_MODEL, Registry.taints, lambda a: len(a.taints), Memory.taints),
    "select": Question(_MODEL, _select, _nodes, Memory.select),
}


def sample(question: Question, memory: Memory, count: int, seed: int) -> list[tuple[int, ...]]:
    """Pick nodes to ask about, over the whole graph; the same for every engine."""
    chance = random.Random(seed)
    picked = chance.choices(memory.of_kind(question.of), k=count)
    if not question.pair:
        return [(id_,) for id_ in picked]
    return [(id_, chance.choice(_family(memory, id_))) for id_ in picked]


def _family(memory: Memory, id_: int) -> Sequence[int]:
    return memory.versions[memory.nodes[id_].owner]
