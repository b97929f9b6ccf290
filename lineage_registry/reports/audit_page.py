"""The audit report as one page: no script, nothing from elsewhere, fit for screen and paper."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Final

from lineage_registry.ports.commands import AuditReport
from lineage_registry.reports import audit_history, audit_subject, audit_trust
from lineage_registry.reports.audit_json import audit_json
from lineage_registry.reports.markup import Html, element, moment, text

_SECTIONS: Final[Sequence[tuple[str, str, Callable[[AuditReport], Html]]]] = (
    ("identity", "Identity", audit_subject.identity),
    ("integrity", "Integrity", audit_subject.integrity),
    ("ancestry", "Ancestry", audit_subject.ancestry),
    ("sources", "Sources", audit_subject.sources),
    ("taints", "Taints", audit_trust.taints),
    ("licences", "Licences", audit_trust.licences),
    ("runs", "Runs", audit_history.runs),
    ("lifecycle", "Lifecycle", audit_history.lifecycle),
    ("impact", "Impact", audit_subject.impact),
    ("trail", "Audit trail", audit_history.trail),
    ("log", "The log and what it proves", audit_history.log),
    ("missing", "What is missing", audit_history.missing),
)


def audit_html(report: AuditReport) -> str:
    """Return the report as one HTML page, to read or to print.

    The page has no script and loads nothing; its policy forbids both. Every name is escaped. Long
    tables are cut and say so; a picture of the ancestry is left out where it could not be read.
    It names the SHA-256 of `audit_json` of the same report, so that the two can be told to agree.
    """
    body = _body(report)
    style = files(__package__).joinpath("static/audit.css").read_text("utf-8")
    styles = [style, *re.findall(r"<style>(.*?)</style>", body, re.DOTALL)]
    allowed = " ".join(sorted({f"'sha256-{_hash(one)}'" for one in styles}))
    policy = f"default-src 'none'; style-src {allowed}; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>Audit report of {text(report.version.reference)}</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def _body(report: AuditReport) -> str:
    links = "".join(f'<li><a href="#{key}">{text(title)}</a></li>' for key, title, _ in _SECTIONS)
    sections = "\n".join(
        f'<section id="{key}">\n<h2>{text(title)}</h2>\n{draw(report)}\n</section>'
        for key, title, draw in _SECTIONS
    )
    return (
        f"<header>\n{_header(report)}\n</header>\n"
        f'<nav aria-label="Sections"><ol>{links}</ol></nav>\n'
        f"<main>\n{sections}\n</main>\n<footer>\n{_footer(report)}\n</footer>\n"
    )


def _header(report: AuditReport) -> Html:
    version = report.version
    made = Html(
        f"State of revision {report.revision}, {moment(report.as_of)}. "
        f"Made {moment(report.generated_at)} by {text(report.generated_by)}."
    )
    return Html(
        f'<p class="kind">Audit report</p>\n<h1>{text(version.name)} '
        f'<span class="number">version {version.number}</span>{_badges(report)}</h1>\n'
        f'<p class="made">{made}</p>\n{audit_subject.summary(report)}'
    )


def _badges(report: AuditReport) -> str:
    version = report.version
    marks = []
    if version.stage and version.stage != "None":
        known = {"Production": "good", "Staging": "warn"}.get(version.stage, "plain")
        marks.append(element("span", version.stage, f"badge {known}"))
    if version.status != "active":
        marks.append(element("span", version.status.replace("_", " "), "badge bad"))
    return "".join(f" {mark}" for mark in marks)


def _footer(report: AuditReport) -> Html:
    digest = hashlib.sha256(audit_json(report).encode()).hexdigest()
    return Html(
        f"<p>The same report for programs ({text(report.report_schema)}) has SHA-256 "
        f"<code>{digest}</code>. Times are UTC. This page runs no script and loads nothing.</p>"
    )


def _hash(style: str) -> str:
    return b64encode(hashlib.sha256(style.encode()).digest()).decode()
