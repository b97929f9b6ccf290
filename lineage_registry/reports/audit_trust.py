"""Sections of the audit report about trust: taints and licences that reach the version."""

from lineage_registry.ports.commands import AuditReport, LicenceConflict
from lineage_registry.reports.markup import (
    Html,
    Row,
    code,
    element,
    facts,
    joined,
    listed,
    moment,
    table,
)

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


def licences(report: AuditReport) -> Html:
    """Return the terms that hold for the version, where they come from, and what contradicts."""
    found = report.licences
    rows: list[Row] = [
        [one.obligation.value, one.licence, " <- ".join(one.witness)] for one in found.terms
    ]
    parts = [
        facts(
            [
                ("Declared", found.declared or element("span", "not stated", "badge warn")),
                ("Effective obligations", listed(one.value for one in found.obligations)),
                ("Conflicts", listed(map(_conflict, found.conflicts))),
                (
                    "Stopped by agreement",
                    listed(f"{one.cause} to {one.effect}: {one.evidence}" for one in found.stops),
                ),
            ]
        )
    ]
    if rows:
        parts.append(table(["Obligation", "Licence", "Way"], rows))
    parts.append(element("p", "From a table of marks for well-known licences; no legal advice."))
    return joined(parts)


def _conflict(one: LicenceConflict) -> Html:
    asks = f"{one.inherited} asks for {one.obligation.value}, from {' <- '.join(one.witness)}"
    other = f"declared is {one.against}" if one.declared else f"{one.against} excludes it"
    return element("span", f"{asks}; {other}", "badge bad")
