"""A registry here: every command is done by one function."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar, cast

from lineage_registry.ports import commands as c
from lineage_registry.ports.log_copies import LogCopy, Progress
from lineage_registry.services import (
    audit,
    batch,
    catalog,
    common_ancestors,
    comparison,
    deletion,
    deployments,
    drafts,
    ends,
    exposure,
    garbage,
    hot_list,
    impact,
    inspection,
    integrity,
    licences,
    lifecycle,
    lineage,
    lineage_history,
    log_copies,
    neighbours,
    order,
    paths,
    rebuild,
    recall,
    reproducibility,
    rollback,
    rows,
    runs,
    same_weights,
    selectors,
    siblings,
    staleness,
    statistics,
    status,
    subgraph,
    taints,
    unlinked,
    validation,
    versions,
)
from lineage_registry.services.workplace import Workplace

A = TypeVar("A")
Handler = Callable[[Workplace, Any, c.Context], Any]

HANDLERS: Final[Mapping[type[c.Command[Any]], Handler]] = {
    c.CreateFamily: catalog.create_family,
    c.GetFamily: catalog.get_family,
    c.ListFamilies: catalog.list_families,
    c.UpdateFamily: catalog.update_family,
    c.DeleteFamily: catalog.delete_family,
    c.RestoreFamily: catalog.restore_family,
    c.RegisterVersion: versions.register_version,
    c.GetVersion: versions.get_version,
    c.ListVersions: versions.list_versions,
    c.SearchVersions: versions.search_versions,
    c.InspectVersion: inspection.inspect_version,
    c.GrantTrust: inspection.grant_trust,
    c.UpdateVersion: versions.update_version,
    c.DeleteVersion: versions.delete_version,
    c.RestoreVersion: versions.restore_version,
    c.RegisterVersions: batch.register_versions,
    c.DeleteVersions: batch.delete_versions,
    c.VerifyBatch: batch.verify_batch,
    c.GetFiles: versions.get_files,
    c.AddToDraft: drafts.add_to_draft,
    c.RemoveFromDraft: drafts.remove_from_draft,
    c.GetDraft: drafts.get_draft,
    c.InspectDraft: drafts.inspect_draft,
    c.ListDrafts: drafts.list_drafts,
    c.DiscardDraft: drafts.discard_draft,
    c.AddDependency: versions.add_dependency,
    c.RemoveDependency: versions.remove_dependency,
    c.LogVersionMetrics: versions.log_version_metrics,
    c.StartRun: runs.start_run,
    c.GetRun: runs.get_run,
    c.ListRuns: runs.list_runs,
    c.UpdateRun: runs.update_run,
    c.LogParams: runs.log_params,
    c.LogMetrics: runs.log_metrics,
    c.AddInputs: runs.add_inputs,
    c.EndRun: runs.end_run,
    c.GetMetricHistory: runs.get_metric_history,
    c.MoveStage: lifecycle.move_stage,
    c.SetAlias: lifecycle.set_alias,
    c.RemoveAlias: lifecycle.remove_alias,
    c.RollBack: lifecycle.roll_back,
    c.GetRollbackCandidates: rollback.get_rollback_candidates,
    c.GetHistory: lifecycle.get_history,
    c.GetStages: lifecycle.get_stages,
    c.ConfigureStages: lifecycle.configure_stages,
    c.Deploy: deployments.deploy,
    c.GetDeployment: deployments.get_deployment,
    c.ListDeployments: deployments.list_deployments,
    c.DeleteDeployment: deployments.delete_deployment,
    c.GetLineage: lineage.get_lineage,
    c.GetImpact: impact.get_impact,
    c.GetRecall: recall.get_recall,
    c.GetExposure: exposure.get_exposure,
    c.GetSiblings: siblings.get_siblings,
    c.GetNeighbours: neighbours.get_neighbours,
    c.GetSameWeights: same_weights.get_same_weights,
    c.RaiseTaint: taints.raise_taint,
    c.LiftTaint: taints.lift_taint,
    c.GetTaints: taints.get_taints,
    c.ListTainted: taints.list_tainted,
    c.GetPaths: paths.get_paths,
    c.GetCommonAncestors: common_ancestors.get_common_ancestors,
    c.GetRoots: ends.get_roots,
    c.GetLeaves: ends.get_leaves,
    c.GetOrder: order.get_order,
    c.GetSubgraph: subgraph.get_subgraph,
    c.GetDiff: comparison.get_diff,
    c.GetStaleness: staleness.get_staleness,
    c.GetLineageHistory: lineage_history.get_lineage_history,
    c.GetReproducibility: reproducibility.get_reproducibility,
    c.GetDeletionPreview: deletion.get_deletion_preview,
    c.GetRebuildPlan: rebuild.get_rebuild_plan,
    c.GetHotList: hot_list.get_hot_list,
    c.ListOrphans: unlinked.list_orphans,
    c.ListUnused: unlinked.list_unused,
    c.DeclareLicence: licences.declare_licence,
    c.DefineLicence: licences.define_licence,
    c.StopObligations: licences.stop_obligations,
    c.GetLicences: licences.get_licences,
    c.SelectNodes: selectors.select_nodes,
    c.ImportRows: rows.import_rows,
    c.ListEvents: audit.list_events,
    c.GetAuditReport: audit.get_audit_report,
    c.Validate: validation.validate,
    c.CollectGarbage: garbage.collect_garbage,
    c.VerifyVersions: integrity.verify_versions,
    c.GetStatistics: statistics.get_statistics,
    c.GetStatus: status.get_status,
}
"""Which function does which command."""


STREAMED: Final[Mapping[type[c.Command[Any]], Handler]] = {c.GetLineage: lineage.stream_lineage}
"""Which function answers without holding a large answer, where there is one."""


class LocalCommands(c.Commands):
    """Commands done in this process, on a graph store and an artifact store."""

    def __init__(self, work: Workplace) -> None:
        self.work = work

    def run(self, command: c.Command[A], context: c.Context) -> A:
        """Do or answer a command.

        Raises:
            RegistryError: The subclass says what failed; nothing is half-done.
        """
        return cast("A", HANDLERS[type(command)](self.work, command, context))

    def export_log(self, command: c.ExportLog) -> Iterator[bytes]:
        """Yield a copy of the log."""
        return log_copies.export_log(self.work, command)

    def import_log(self, copy: LogCopy, progress: Progress | None = None) -> c.LogImport:
        """Append what a copy holds behind the end of this log.

        Raises:
            LogCopyDamagedError: The copy is not as it was written.
            LogDivergedError: The log is not the beginning of the copy.
        """
        return log_copies.import_log(self.work, copy, progress)

    def stream(self, command: c.Command[A], context: c.Context) -> A:
        """Answer; parts of a large answer are read from the store when they are walked over.

        Raises:
            RegistryError: The subclass says what failed.
        """
        handler = STREAMED.get(type(command), HANDLERS[type(command)])
        return cast("A", handler(self.work, command, context))

    def close(self) -> None:
        """Let go of connections and files."""
        self.work.graph.close()
        self.work.artifacts.close()
