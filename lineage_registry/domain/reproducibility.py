"""How much of what it takes to make something again is known."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from lineage_registry.domain.graph import Node, NodeKind

_SEEDS: Final = ("seed", "random_state")
# It orders sets and dictionaries; what a model is made of does not follow from it.
_NO_SEEDS: Final = ("hashseed",)
_DIRTY: Final = "+dirty"


class Item(StrEnum):
    """Something that has to be known to make a thing again."""

    CODE = "code"
    DATA = "data"
    PARAMETERS = "parameters"
    ENVIRONMENT = "environment"
    SEED = "seed"
    RUN = "run"
    FILES = "files"


class Knowledge(NamedTuple):
    """What of a node is known, and what is not, with the reason why not.

    Attributes:
        score: Known items by items that matter for this node; 1 if none does.
    """

    known: list[Item]
    missing: dict[Item, str]

    @property
    def score(self) -> float:
        """Known items by items that matter for this node; 1 if none does."""
        return score(len(self.known), len(self.missing))


def score(known: int, missing: int) -> float:
    """Return the share that is known; 1 if nothing matters."""
    return known / (known + missing) if known or missing else 1.0


def know(
    node: Node, *, asked: bool, reads: bool, made: Collection[Node], causes: int, has_run: bool
) -> Knowledge:
    """Return what is known of one node of an ancestry.

    - A run needs its code (a commit without uncommitted changes), its data (something it read) and
      its environment; one that made a model version also parameters, its own or those of what it
      made, and a seed among these or in its environment.
    - A version needs its files by digest, and the run that made it. One without any cause is a
      source, for which the files do; but the version that is asked about always needs its run.
    - Deployments need nothing.

    Args:
        node: The node with all its values.
        asked: Whether the question is about this very node.
        reads: Whether it is a run that read something.
        made: What a run made, with all values.
        causes: How many causes a version has.
        has_run: Whether a version was made by a known run.
    """
    if node.kind is NodeKind.RUN:
        return _sorted(_of_run(node, reads=reads, made=made))
    if node.kind in {NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION}:
        needs = {Item.FILES: None if "manifest" in node.facts else "no files are registered"}
        if asked or causes:
            needs[Item.RUN] = None if has_run else "no run is known that made it"
        return _sorted(needs)
    return Knowledge([], {})


def _of_run(node: Node, *, reads: bool, made: Collection[Node]) -> dict[Item, str | None]:
    commit = node.facts.get("code_commit")
    code = None if commit else "no commit is recorded"
    if commit and str(commit).endswith(_DIRTY):
        code = "the commit had uncommitted changes"
    environment = _named("environment/", node.facts)
    needs: dict[Item, str | None] = {
        Item.CODE: code,
        Item.DATA: None if reads else "nothing it read is recorded",
        Item.ENVIRONMENT: None if environment else "no environment is recorded",
    }
    if any(one.kind is NodeKind.MODEL_VERSION for one in made):
        names = [name for one in (node, *made) for name in _named("param/", one.values)]
        needs[Item.PARAMETERS] = None if names else "no parameters are recorded"
        seeded = any(_is_seed(name) for name in (*names, *environment))
        needs[Item.SEED] = None if seeded else "no parameter is a seed, nor is one in environment"
    return needs


def _named(group: str, keys: Collection[str]) -> list[str]:
    return [key.removeprefix(group) for key in keys if key.startswith(group)]


def _is_seed(name: str) -> bool:
    """Tell whether something is called like a seed: `seed`, `torch.seed`, `random_state`."""
    known = name.casefold()
    return known.endswith(_SEEDS) and not known.endswith(_NO_SEEDS)


def _sorted(needs: Mapping[Item, str | None]) -> Knowledge:
    return Knowledge(
        [item for item, why in needs.items() if why is None],
        {item: why for item, why in needs.items() if why is not None},
    )
