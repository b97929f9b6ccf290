"""Stages, aliases and deployments: what names a version, named one before, or serves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from lineage_registry.ports import commands as c
from lineage_registry.registry.addressing import family_asked, model_of
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.rows import Rows
from lineage_registry.registry.sending import How


class LifecycleCommands(Asker):
    """What a registry does and answers about stages, aliases and deployments."""

    def rollback(
        self,
        name: str,
        *,
        stage: str | None = None,
        alias: str | None = None,
        dry_run: bool = False,
        force: bool = False,
        **how: Unpack[How],
    ) -> c.Rollback:
        """Let a stage (Production) or an alias name again what it named before.

        Raises:
            NothingToRollBackToError: It named nothing before.
            TaintedError: A critical taint reaches what it named before; `force` with a reason
                overrides.
        """
        return self.sender.write(
            c.RollBack,
            how,
            name=model_of(name),
            stage=stage,
            alias=alias,
            dry_run=dry_run,
            force=force,
        )

    def rollback_candidates(
        self,
        name: str,
        *,
        stage: str | None = None,
        alias: str | None = None,
        metric: str | None = None,
        lower_is_better: bool = False,
        verify: bool = False,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> c.RollbackCandidates:
        """Return what a stage (Production) or an alias named before, last named first.

        Each comes with what speaks for and against it: taints, conflicts of licences, whether its
        files are there (read again with `verify`), whether it is like the current version, its
        rank by `metric`, and what would move.

        Raises:
            StageNotFoundError: There is no such stage.
        """
        return self.sender.ask(
            c.GetRollbackCandidates,
            name=model_of(name),
            stage=stage,
            alias=alias,
            metric=metric,
            lower_is_better=lower_is_better,
            verify=verify,
            limit=limit,
            as_of=as_of,
        )

    def history(
        self,
        reference: str,
        *,
        stage: str | None = None,
        alias: str | None = None,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> c.History:
        """Return who moved a model's stages and aliases, when, why, from where to where.

        The newest moves come first, `limit` (100) of them.
        """
        asked = family_asked(reference, as_of)
        return self.sender.ask(c.GetHistory, **asked, stage=stage, alias=alias, limit=limit)

    def stages(self, *, as_of: AsOf = None) -> list[str]:
        """Return the stages that versions can be in."""
        return self.sender.ask(c.GetStages, as_of=as_of).stages

    def configure_stages(
        self, stages: Sequence[str], *, guarded: Sequence[str] | None = None, **how: Unpack[How]
    ) -> list[str]:
        """Set the stages that versions can be in; those `guarded` take nothing tainted."""
        return self.sender.write(
            c.ConfigureStages,
            how,
            stages=list(stages),
            guarded=guarded,
        ).stages

    def deploy(
        self,
        name: str,
        version: str,
        *,
        environment: str | None = None,
        owner: str | None = None,
        force: bool = False,
        **how: Unpack[How],
    ) -> c.Deployment:
        """Let a deployment serve a model version; it is created if there is none of this name.

        Raises:
            TaintedError: A critical taint reaches the version; `force` with a reason overrides.
        """
        return self.sender.write(
            c.Deploy,
            how,
            name=name,
            version=version,
            environment=environment,
            owner=owner,
            force=force,
        )

    def deployment(self, name: str, *, as_of: AsOf = None) -> c.Deployment:
        """Return a deployment."""
        return self.sender.ask(c.GetDeployment, name=name, as_of=as_of)

    def deployments(self, **filters: Any) -> Rows[c.Deployment]:
        """Return deployments, oldest first; filters: deleted, as_of."""
        return self.sender.rows(c.ListDeployments, **filters)

    def delete_deployment(self, name: str, **how: Unpack[How]) -> c.Deployment:
        """Put a deployment out of sight: it serves no more."""
        return self.sender.write(c.DeleteDeployment, how, name=name)
