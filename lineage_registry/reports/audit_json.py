"""The audit report for programs."""

import json

from lineage_registry.ports.commands import AuditReport


def audit_json(report: AuditReport) -> str:
    """Return the report as JSON: every field, keys sorted, the same bytes for the same report.

    `report_schema` names the form; fields may be added to it, none changes its meaning.
    """
    told = report.model_dump(mode="json")
    return json.dumps(told, sort_keys=True, indent=2, allow_nan=False) + "\n"
