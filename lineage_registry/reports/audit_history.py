"""Sections of the audit report about what happened: runs, moves, events, the log, and the gaps."""

import json
from datetime import datetime
from typing import Final

from lineage_registry.domain.graph import NodeKind
from lineage_registry.ports.commands import AuditEvent, AuditReport, Move, Run, RunInput
from lineage_registry.reports.markup import (
    Html,
    Row,
    amount,
    code,
    cut_note,
    element,
    facts,
    joined,
    known,
    listed,
    mapping,
    moment,
    table,
    text,
    wanted,
)

MAX_RUNS: Final = 50
"""Runs that are told in full; each takes half a page."""

_MAX_DATA: Final = 300


def runs(report: AuditReport) -> Html:
    """Return the runs behind the version: code, parameters, results, surroundings."""
    total = sum(node.kind is NodeKind.RUN for node in report.ancestry.nodes)
    if not total:
        return element("p", "No run stands behind this version.")
    told = [_run(run) for run in report.runs[:MAX_RUNS]]
    said = f"{amount(total, 'run')} made this version and what it comes from, the closest first."
    return joined([element("p", said), *told, cut_note(len(told), total)])


def lifecycle(report: AuditReport) -> Html:
    """Return every move of a stage or alias: who, when, why, from where to where."""
    if not report.moves:
        return element("p", "No stage or alias ever named this version.")
    heads = ["When and who", "What", "From", "To", "Why", "Revision"]
    return table(heads, [_move(move) for move in report.moves])


def trail(report: AuditReport) -> Html:
    """Return every event about the version, as the log has it."""
    said = (
        f"{amount(len(report.events), 'event')} of the log "
        f"{'is' if len(report.events) == 1 else 'are'} about this version. "
        "Long data is cut here; the JSON report has it whole."
    )
    heads = ["Position", "When and who", "Event", "About, and what it says"]
    return joined([element("p", said), table(heads, [_event(one) for one in report.events])])


def log(report: AuditReport) -> Html:
    """Return the state of the log, what it proves and what it does not."""
    proves = (
        "Each event is a leaf of a Merkle tree (RFC 9162), hashed over its stored bytes. Somebody "
        "who kept this size and root can later tell whether any event up to here was changed, "
        "removed, added or moved."
    )
    not_proved = (
        "By itself this root proves nothing about the past. Whoever controls the database can "
        "rewrite the whole log, and compute a new root that fits. Only a root that was kept "
        "outside, out of that person's reach, shows it: keep this report, or the two values "
        "below, elsewhere. Nor does the log show that what people entered is true, or that what "
        "happened outside the registry was entered at all."
    )
    return joined(
        [
            facts(
                [
                    ("Events in the log", report.log.size),
                    ("Root of its tree", code(report.log.root)),
                    ("Revision", report.revision),
                ]
            ),
            element("h3", "What this proves"),
            element("p", proves),
            element("h3", "What it does not prove"),
            element("p", not_proved, "verdict warn"),
        ]
    )


def missing(report: AuditReport) -> Html:
    """Return what a complete report would hold: what is absent, what only a person can supply."""
    absent = [[one.item, one.clause] for one in report.missing if one.status == "absent"]
    person = [[one.item, one.clause] for one in report.missing if one.status == "person"]
    heads = ["Item", "Clause"]
    parts: list[Html] = [
        element(
            "p",
            "Clauses are those of Regulation (EU) 2024/1689 (the AI Act). This report is material "
            "for technical documentation, not that documentation, and claims no conformity.",
        ),
        element("h3", "Absent from the registry"),
        table(heads, absent) if absent else element("p", "Nothing that it looks for is absent."),
        element("h3", "For a person to supply"),
        element("p", "No registry can derive these, so this one does not try."),
        table(heads, person),
    ]
    return joined(parts)


def _run(run: Run) -> Html:
    name = text(run.name or run.run_id)
    bad = run.status in {"failed", "killed"}
    badge = element("span", run.status, f"badge {'bad' if bad else 'plain'}")
    made = joined([moment(run.created_at), Html(" to "), moment(run.ended_at)])
    return Html(
        f'<article class="run">\n<h3>{name} {badge}</h3>\n'
        + facts(
            [
                ("Reference", code(run.reference)),
                ("When", made),
                ("Who", run.created_by),
                *known([("Message", run.message), ("Part of", run.parent)]),
                ("Code commit", wanted(run.code_commit)),
                ("Inputs", listed(_input(one) for one in run.inputs)),
                ("Outputs", listed(map(code, run.outputs))),
                *known([("Parameters", mapping(run.params)), ("Metrics", mapping(run.metrics))]),
                ("Environment", mapping(run.environment)),
                *known([("Tags", mapping(run.tags))]),
            ]
        )
        + "\n</article>"
    )


def _input(one: RunInput) -> Html:
    said = {"EVALUATED_ON": "evaluated on", "READ_BACK": "read back"}.get(one.edge, "")
    words = ", ".join(word for word in (said, one.role, "" if one.declared else "inferred") if word)
    return joined([code(one.reference), f" ({words})" if words else Html("")])


def _move(move: Move) -> Row:
    what = f"stage {move.stage}" if move.stage is not None else f"alias {move.alias}"
    rolled_back = "rolled back" in move.event.replace("_", " ")
    return [
        _signed(move.at, move.actor),
        joined([what, Html("<br>rolled back")]) if rolled_back else what,
        code(move.before),
        code(move.after),
        move.reason,
        move.revision,
    ]


def _event(event: AuditEvent) -> Row:
    data = json.dumps(event.data, ensure_ascii=False, sort_keys=True)
    if len(data) > _MAX_DATA:
        data = f"{data[:_MAX_DATA]} \N{HORIZONTAL ELLIPSIS}"
    about = Html(", ").join(map(code, event.subjects))
    why = [Html("<br>"), element("q", event.reason)] if event.reason else []
    return [
        event.position,
        _signed(event.at, event.actor),
        joined([element("span", event.type, "type"), *why]),
        Html(f"{about}<br>{element('code', data, 'data')}<br>{_leaf(event)}"),
    ]


def _leaf(event: AuditEvent) -> Html:
    return joined([Html("leaf "), element("code", event.leaf, "data")])


def _signed(at: datetime, actor: str) -> Html:
    return joined([moment(at), Html("<br>"), actor])
