"""Deletion looked at before it is done: the rule that refuses it, asked without doing it."""

from lineage_registry.domain.catalog import Deletion, plan_delete
from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.resolution import Found, references_of, resolve
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import InvalidReferenceError
from lineage_registry.ports.commands import Context, DeletionPreview, GetDeletionPreview, Impact
from lineage_registry.services.impact import impact_of_nodes
from lineage_registry.services.workplace import Workplace, read

_NOTHING = Deletion([], [], [], [])


def get_deletion_preview(
    work: Workplace, command: GetDeletionPreview, _: Context
) -> DeletionPreview:
    """Return what a delete would do, and what would refuse it."""
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve(view, reference, deleted=True)
        if found.kind is NodeKind.RUN:
            raise InvalidReferenceError(
                f"{reference} is a run, and runs are not deleted",
                hint="ask about a version, model, dataset or deployment",
                reference=str(reference),
            )
        plan = plan_delete(view, found)
        going = [found.node, *(plan.members if plan else ())]
        hit = impact_of_nodes(view, going, [str(reference)], limit=command.limit)
        return _preview(view, found, plan, hit, command.limit)


def _preview(
    view: GraphView, found: Found, plan: Deletion | None, hit: Impact, limit: int
) -> DeletionPreview:
    known = _NOTHING if plan is None else plan
    members, relying = known.members[:limit], known.relying[:limit]
    named = references_of(view, {found.node, *members, *relying})
    lists = (known.members, known.relying)
    return DeletionPreview(
        reference=named[found.node],
        deleted=plan is None,
        blocked=known.blocked,
        versions=[named[id_] for id_ in members],
        blocked_by=[named[id_] for id_ in relying],
        blockers=len(known.relying),
        holds=known.holding,
        ends=known.pointers,
        stranded=[node for node in hit.closest if node.distance],
        counts=hit.counts,
        total=hit.total,
        deployments=hit.deployments,
        production=hit.production,
        owners=hit.owners,
        truncated=hit.truncated or any(len(each) > limit for each in lists),
        revision=view.revision,
        as_of=view.at(view.revision),
    )
