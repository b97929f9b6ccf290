"""Evaluations: which versions were tested on data, or on what comes from it."""

from collections.abc import Collection, Sequence

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.view import Closure, Column, Direction, GraphView, Origin
from lineage_registry.ports.commands import Evaluation, GetRecall

_MODELS = frozenset({NodeKind.MODEL_VERSION})
_KNOWN = (
    (Column(Origin.VALUE, "stage", _MODELS),),
    (Column(Origin.VALUE, "deleted", _MODELS),),
)


def evaluations(
    view: GraphView, command: GetRecall, closure: Closure, models_reached: Collection[int]
) -> Sequence[Evaluation]:
    """Return the model versions that a run read which was tested on something in the closure.

    A run that tests a model comes from the model, as it does from the data: no walk in one
    direction leads from the data to the model. A run that made a model version tested that one,
    which the walk has reached, and not those that it began with.
    """
    made = {
        edge.target
        for edge in closure.edges
        if edge.kind is EdgeKind.GENERATED_BY and edge.source in models_reached
    }
    tested = {
        (edge.source, edge.target)
        for edge in closure.edges
        if edge.kind is EdgeKind.EVALUATED_ON and edge.source not in made
    }
    runs = {run for run, _ in tested}
    read = view.edges(runs, Direction.UPSTREAM, (EdgeKind.USED,)) if runs else ()
    models: dict[int, set[int]] = {}
    for edge in read:
        if command.inferred or edge.declared:
            models.setdefault(edge.source, set()).add(edge.target)
    versions = {
        id_: stage
        for kind, (id_, _, stage, deleted) in view.table(
            sorted({id_ for found in models.values() for id_ in found}), _KNOWN
        )
        if kind is NodeKind.MODEL_VERSION and (command.deleted or deleted is None)
    }
    found = sorted(
        (closure.distances[data], data, run, id_)
        for run, data in tested
        for id_ in models.get(run, ())
        if id_ in versions
    )
    named = references_of(view, {id_ for _, *ids in found for id_ in ids}) if found else {}
    return [
        Evaluation(reference=named[id_], stage=versions[id_], run=named[run], data=named[data])
        for _, data, run, id_ in found
    ]
