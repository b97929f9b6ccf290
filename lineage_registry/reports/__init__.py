"""Reports: what a registry hands to people who were not there."""

from lineage_registry.reports.audit_json import audit_json
from lineage_registry.reports.audit_page import audit_html

__all__ = ["audit_html", "audit_json"]
