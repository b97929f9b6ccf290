"""Taints: what is not to be trusted, and what that reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.sending import How


class TaintQuestions(Asker):
    """What a registry does and answers about taints."""

    def taint(
        self, reference: str, kind: str, *, severity: str = "warning", **how: Unpack[How]
    ) -> c.RaisedTaint:
        """Raise a taint on a thing, which reaches all that comes from it; `reason` is mandatory.

        A model or dataset stands for all its versions, later ones, too. `info` is shown; `warning`
        also spoils candidates of a rollback; `critical` also keeps what it reaches from guarded
        stages and deployments.

        Raises:
            NotFoundError: There is no such thing.
            InvalidInputError: There is no reason.
        """
        return self.sender.write(c.RaiseTaint, how, of=reference, kind=kind, severity=severity)

    def lift_taint(self, taint: int, **how: Unpack[How]) -> c.RaisedTaint:
        """Lift a taint by its number; `reason` is mandatory.

        Raises:
            TaintNotFoundError: None of this number holds.
        """
        return self.sender.write(c.LiftTaint, how, taint=taint)

    def taints(
        self,
        reference: str | None = None,
        *,
        kind: Sequence[str] | None = None,
        severity: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        as_of: AsOf = None,
    ) -> c.Taints:
        """Return every taint that reaches a thing, nearest first, each with a shortest way there.

        Without a reference, all taints that hold. `limit` (100) are told at most; `cursor` is the
        `next_cursor` of the answer before.
        """
        return self.sender.ask(
            c.GetTaints,
            of=reference,
            kind=kind,
            severity=severity,
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )

    def tainted(
        self,
        *,
        taint: int | None = None,
        kind: Sequence[str] | None = None,
        severity: Sequence[str] | None = None,
        stage: str | None = None,
        node_kinds: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        as_of: AsOf = None,
    ) -> c.Tainted:
        """Return what taints reach, nearest first: versions and deployments, deleted ones, too.

        `limit` (100) are told at most; `cursor` is the `next_cursor` of the answer before.

        Raises:
            TaintNotFoundError: A taint of this number was never raised.
        """
        return self.sender.ask(
            c.ListTainted,
            taint=taint,
            kind=kind,
            severity=severity,
            stage=stage,
            node_kinds=node_kinds,
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )
