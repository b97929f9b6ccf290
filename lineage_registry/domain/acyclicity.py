"""The rule that lineage is a DAG, checked where an older node gets a new edge."""

from lineage_registry.domain.graph import LINEAGE
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import LineageCycleError


def closes_cycle(view: GraphView, source: int, target: int) -> bool:
    """Tell whether an edge from `source` to `target` would close a cycle."""
    return view.path(target, source, LINEAGE) is not None


def refuse_cycle(view: GraphView, source: int, target: int) -> None:
    """Check an edge from `source` to `target`.

    Raises:
        LineageCycleError: It would close a cycle; `context["path"]` is the cycle's references.
    """
    path = view.path(target, source, LINEAGE)
    if path is None:
        return
    names = references_of(view, path)
    cycle = [names[source], *(names[id_] for id_ in path)]
    raise LineageCycleError(
        f"{names[source]} cannot come from {names[target]}, which comes from it",
        hint="lineage has no cycles; register a new version instead",
        path=cycle,
    )
