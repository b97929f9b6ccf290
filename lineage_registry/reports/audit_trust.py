"""Sections of the audit report about trust: taints that reach the version."""

from lineage_registry.ports.commands import AuditReport
from lineage_registry.reports.markup import Html, Row, code, element, joined, moment, table

_LOOKS = {"critical": "bad", "warning": "warn"}


def taints(report: AuditReport) -> Html:
    """Return the taints that reach the version, each with a shortest way to where it begins."""
    rows: list[Row] = [
        [
            one.id,
            one.kind,
            element("span", one.severity.value, f"badge {_LOOKS.get(one.severity.value, 'plain')}"),
            code(one.origin),
            one.reason,
            joined([moment(one.raised_at), f" by {one.raised_by}"]),
            " <- ".join(one.witness),
        ]
        for one in report.version.taints or ()
    ]
    if not rows:
        return element("p", "No taint reaches this version.")
    said = "What this version comes from, or is, was marked as not to be trusted."
    heads = ["Taint", "Kind", "Severity", "Begins at", "Reason", "Raised", "Way"]
    return joined([element("p", said), table(heads, rows)])
