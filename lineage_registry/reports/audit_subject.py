"""Sections of the audit report about the version: what it is, comes from, and is used for."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

from lineage_registry import exports
from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.lineage import LineageNode
from lineage_registry.exports.words import EDGE_WORDS, KIND_WORDS
from lineage_registry.ports.commands import AuditReport, LinkedVersion, Version
from lineage_registry.reports.markup import (
    Html,
    Row,
    amount,
    code,
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

MAX_DRAWN: Final = 300
"""Nodes of a picture that can still be read."""

_MAX_WAYS: Final = 3
_KINDS: Final = (NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION, NodeKind.RUN)


def summary(report: AuditReport) -> Html:
    """Return the four answers that most readers came for."""
    verdict, look = _verdict(report)
    kinds = Counter(node.kind for node in report.ancestry.nodes if node.distance)
    behind = ", ".join(amount(kinds[kind], KIND_WORDS[kind]) for kind in _KINDS if kinds[kind])
    affected = report.impact
    relies = (
        f"{amount(len(affected.production), 'Production version')}, "
        f"{amount(len(affected.deployments), 'deployment')}"
    )
    absent = sum(item.status == "absent" for item in report.missing)
    persons = len(report.missing) - absent
    cards = (
        ("Integrity", verdict, look),
        ("Comes from", behind or "nothing registered", "plain"),
        ("Relied on by", relies, "plain"),
        ("Missing", f"{absent} absent, {persons} for a person", "warn" if absent else "plain"),
    )
    drawn = "".join(
        f'<div class="card {look}"><h3>{text(name)}</h3><p>{text(said)}</p></div>'
        for name, said, look in cards
    )
    return Html(f'<div class="cards">{drawn}</div>')


def identity(report: AuditReport) -> Html:
    """Return what the version is, and the digest that fixes it."""
    version = report.version
    made = joined([moment(version.created_at), Html(" by "), version.created_by])
    return facts(
        [
            ("Reference", code(version.reference)),
            *known([("Label", version.label)]),
            ("Manifest digest", wanted(version.manifest)),
            ("Owner of the model", wanted(report.model_owner, "span")),
            ("Description of the model", wanted(report.model_description, "span")),
            *known([("Description of the version", version.description)]),
            ("Registered", made),
            ("Made by run", wanted(version.run)),
            ("Derived from", _links(version.parents)),
            ("Depends on", _links(version.dependencies)),
            ("Stage", version.stage),
            *known([("Aliases", listed(version.aliases))]),
            ("Status", version.status.replace("_", " ")),
            *known([("Why it was rolled back", version.rolled_back)]),
            ("Format", version.format),
            *known(
                [
                    ("Content", mapping(version.facts)),
                    ("Parameters", mapping(version.params)),
                    ("Metrics", mapping(version.metrics)),
                    ("Tags", mapping(version.tags)),
                ]
            ),
        ]
    )


def integrity(report: AuditReport) -> Html:
    """Return whether the stored bytes are what was registered, file by file."""
    verdict, look = _verdict(report)
    rows = [
        [check.file.path, f"{check.file.size:,}", code(check.file.digest), _state(check.state)]
        for check in report.files
    ]
    said = element("p", verdict + ".", f"verdict {look}")
    if not rows:
        return said
    meaning = (
        "Every file was read again in full for this report, and its SHA-256 compared."
        if report.verified
        else "Only the presence of the files was checked for this report; no byte was read."
    )
    return joined([said, element("p", meaning), table(["File", "Bytes", "Digest", "State"], rows)])


def ancestry(report: AuditReport) -> Html:
    """Return everything the version comes from: a picture where one can be read, and a table."""
    found = report.ancestry
    parts = [element("p", _extent(report))]
    if len(found.nodes) > MAX_DRAWN:
        said = (
            f"A picture of {len(found.nodes)} nodes could not be read ({MAX_DRAWN} can): left out."
        )
        parts.append(element("p", said, "cut"))
    else:
        drawn = exports.export(found, "svg").decode()
        parts.append(
            Html(f'<figure class="wide" tabindex="0" aria-label="Ancestry">{drawn}</figure>')
        )
    ways = _ways(report)
    rows: list[Row] = [
        [
            node.distance,
            _named(node),
            KIND_WORDS[node.kind],
            listed(ways[node.id]) if node.distance else "the subject of this report",
        ]
        for node in found.nodes
    ]
    heads = ["Distance", "Reference", "Kind", "Leads here because"]
    return joined([*parts, table(heads, rows)])


def sources(report: AuditReport) -> Html:
    """Return where the ancestry begins: what comes from nothing registered, with its terms."""
    rows = [
        [
            code(one.reference),
            KIND_WORDS[NodeKind(one.kind)],
            _licence(one),
            one.description,
            code(one.manifest),
            joined([moment(one.created_at), Html("<br>by "), one.created_by]),
        ]
        for one in report.sources
    ]
    if not rows:
        return element("p", "No version upstream is without a cause of its own.")
    said = "What everything goes back to. Nothing registered stands before these."
    heads = ["Reference", "Kind", "Licence", "Description", "Manifest digest", "Registered"]
    return joined([element("p", said), table(heads, rows)])


def impact(report: AuditReport) -> Html:
    """Return what relies on the version, and who is to be told."""
    found = report.impact
    if not found.total:
        return element("p", "Nothing registered comes from this version or serves it.")
    kinds: Counter[NodeKind] = Counter()
    for count in found.counts:
        kinds[count.kind] += count.nodes
    listing = ", ".join(amount(kinds[kind], KIND_WORDS[kind]) for kind in NodeKind if kinds[kind])
    cut = " The names below are cut; the counts are complete." if found.truncated else ""
    rows: list[Row] = [
        [node.distance, _named(node), KIND_WORDS[node.kind]] for node in found.closest
    ]
    return joined(
        [
            element("p", f"{amount(found.total, 'node')} downstream: {listing}.{cut}"),
            facts(
                [
                    ("Production versions", listed(map(code, found.production))),
                    ("Deployments", listed(map(code, found.deployments))),
                    ("Owners to tell", listed(found.owners)),
                ]
            ),
            table(["Distance", "Reference", "Kind"], rows, total=found.total),
        ]
    )


def _verdict(report: AuditReport) -> tuple[str, str]:
    """Return the verdict on the files, and how good it is."""
    states = Counter(check.state for check in report.files)
    total = len(report.files)
    if not total:
        return "No files: there is nothing to verify", "warn"
    if broken := states["missing"] + states["different"]:
        return f"Broken: {broken} of {amount(total, 'file')} missing or different", "bad"
    if states["not checked"]:
        return f"{amount(total, 'file')} present, not read again", "warn"
    return f"{amount(total, 'file')} verified, each byte as registered", "good"


def _state(state: str) -> Html:
    look = {"verified": "good", "not checked": "warn"}.get(state, "bad")
    return element("span", state, f"badge {look}")


def _extent(report: AuditReport) -> str:
    found = report.ancestry
    nodes = amount(len(found.nodes) - 1, "node")
    edges = amount(len(found.edges), "edge")
    cut = " It is not complete: a limit cut it." if found.truncated else ""
    return f"{nodes} upstream, joined by {edges}, at most {found.depth_reached} steps away.{cut}"


def _ways(report: AuditReport) -> Mapping[int, list[str]]:
    """Return for each node the edges that lead to it, in words, the first few."""
    named = {node.id: node.reference for node in report.ancestry.nodes}
    ways: defaultdict[int, list[str]] = defaultdict(list)
    for edge in report.ancestry.edges:
        role = f" ({edge.role})" if edge.role else ""
        inferred = "" if edge.declared else ", inferred"
        ways[edge.target].append(
            f"{named[edge.source]} {EDGE_WORDS[edge.kind].up} it{role}{inferred}"
        )
    for node, said in ways.items():
        if len(said) > _MAX_WAYS:
            ways[node] = [*said[:_MAX_WAYS], f"and {len(said) - _MAX_WAYS} more"]
    return ways


def _named(node: LineageNode) -> Html:
    """Return a node's reference with its title and what is worth a mark."""
    parts = [code(node.reference)]
    if node.title:
        parts.append(joined([Html(" "), node.title]))
    if node.stage and node.stage != "None":
        look = "good" if node.stage == "Production" else "plain"
        parts.append(joined([Html(" "), element("span", node.stage, f"badge {look}")]))
    if node.status and node.status not in {"active", "finished"}:
        said = node.status.replace("_", " ")
        parts.append(joined([Html(" "), element("span", said, "badge bad")]))
    return joined(parts)


def _licence(version: Version) -> Html:
    tags = version.tags
    named = version.licence or tags.get("licence") or tags.get("license")
    return text(named) if named else element("span", "not stated", "badge warn")


def _links(links: list[LinkedVersion]) -> Html:
    return listed(
        joined([code(link.reference), f" ({link.role})" if link.role else Html("")])
        for link in links
    )
