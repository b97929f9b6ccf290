"""Audit: the trail, the report, the check of everything."""

from __future__ import annotations

from typing import Any

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.rows import Rows


class AuditQuestions(Asker):
    """What a registry answers to auditors and to those who run it."""

    def events(self, **filters: Any) -> Rows[c.AuditEvent]:
        """Return the audit trail, oldest first.

        Filters: subject (a reference), by (who did it), type (a list), since, until, newest_first,
        as_of.
        """
        return self.sender.rows(c.ListEvents, **filters)

    def audit_report(
        self, reference: str, *, verify: bool = True, as_of: AsOf = None
    ) -> c.AuditReport:
        """Return what to hand the auditor about a version; its files are read again if `verify`."""
        return self.sender.ask(c.GetAuditReport, of=reference, verify=verify, as_of=as_of)

    def validate(self, *, bytes: bool = False) -> c.Validation:  # noqa: A002
        """Check the whole registry; with `bytes` every file is read again.

        So are the tensors of large versions, whose digest the client said that registered them.
        """
        return self.sender.ask(c.Validate, bytes=bytes)

    def status(self) -> c.Status:
        """Return what answers here."""
        return self.sender.ask(c.GetStatus)
