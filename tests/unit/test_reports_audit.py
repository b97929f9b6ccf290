"""The audit report as page and as JSON: complete, equal, escaped, and honest about its limits."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import numpy as np
import pytest

import lineage_registry
from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import LineageNode
from lineage_registry.reports import audit_html, audit_json
from lineage_registry.reports.audit_subject import MAX_DRAWN
from lineage_registry.reports.markup import MAX_ROWS

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202egnp.exe"
VOID = {"meta", "br", "link", "img", "input"}


class Page(HTMLParser):
    """What a browser would make of the page: elements, attributes and the text people see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.styles: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.styles if self.open and self.open[-1] == "style" else self.words).append(data)


@pytest.fixture(scope="module")
def report():
    with lineage_registry.connect("memory://", actor="mira") as registry:
        registry.create_model("digits", owner="vision team", description=HOSTILE)
        registry.register_dataset("raw", {"x": np.zeros(3)}, tags={"licence": "CC-BY-4.0"})
        registry.register_dataset("exam", {"x": np.ones(3)}, description="kept apart")
        with registry.run(HOSTILE, run_id="train", params={"rate": 0.1}) as run:
            registry.load("datasets:/raw/1")
            run.test_on("datasets:/exam/1")
            run.log_metrics({"accuracy": 0.9375}, step=3)
            run.log({"w": np.ones(4, np.float32)}, "digits", tags={"note": HOSTILE})
        registry.register("digits", parents=[("digits:1", "finetune")])
        registry.promote("digits:1", "Production", reason=HOSTILE)
        registry.deploy("api", "digits:1", owner="platform team")
        yield registry.audit_report("digits:1")


@pytest.fixture(scope="module")
def page(report):
    return Page(audit_html(report))


def test_json_is_the_whole_report_and_always_the_same(report):
    told = json.loads(audit_json(report))
    assert told == report.model_dump(mode="json")
    assert told["report_schema"] == "lineage-registry/audit-report/1"
    assert audit_json(report) == audit_json(report.model_copy())
    assert list(told) == sorted(told)


def test_the_page_names_the_digest_of_the_json_of_the_same_report(report, page):
    assert hashlib.sha256(audit_json(report).encode()).hexdigest() in page.text


def test_page_and_json_tell_the_same(report, page):
    told = json.loads(audit_json(report))
    run = told["runs"][0]
    expected = [
        told["version"]["manifest"],
        told["files"][0]["file"]["digest"],
        told["log"]["root"],
        str(told["log"]["size"]),
        str(run["metrics"]["accuracy"]),
        str(run["params"]["rate"]),
        *run["environment"].values(),
        *(event["leaf"] for event in told["events"]),
        *(event["type"] for event in told["events"]),
        *(node["reference"] for node in told["ancestry"]["nodes"]),
        *(node.reference for node in report.impact.closest),
        *told["impact"]["owners"],
        *told["impact"]["deployments"],
        *(item["item"] for item in told["missing"]),
        *(item["clause"] for item in told["missing"]),
        told["model_owner"],
        "1 file verified",
        "CC-BY-4.0",
    ]
    assert [value for value in expected if value not in page.text] == []


def test_no_name_becomes_markup(report, page):
    assert audit_html(report).count("alert(1)") > 3
    assert not {"script", "img", "iframe", "object", "link"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.open == []
    assert "</style><script>alert(1)</script>" in page.text
    assert "\u202e" not in page.text


def test_the_page_loads_nothing_and_allows_only_its_own_styles(page):
    policy = next(v for k, v in page.attributes if k == "content" and "default-src" in v)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    hashes = {
        f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in page.styles
    }
    assert len(hashes) == 2
    assert all(one in policy for one in hashes)
    assert "style" not in {name for name, _ in page.attributes}
    outside = [v for k, v in page.attributes if k in {"href", "src"} and not v.startswith("#")]
    assert outside == []


def test_the_log_section_says_what_it_does_not_prove(page):
    assert "Whoever controls the database can rewrite the whole log" in page.text


def test_broken_bytes_are_the_first_thing_seen(report):
    broken = report.files[0].model_copy(update={"state": "different"})
    page = Page(audit_html(report.model_copy(update={"files": [broken]})))
    assert "Broken: 1 of 1 file missing or different" in page.text


def test_bytes_that_were_not_read_are_not_called_verified(report):
    unread = report.files[0].model_copy(update={"state": "not checked"})
    page = Page(audit_html(report.model_copy(update={"files": [unread], "verified": False})))
    assert "present, not read again" in page.text
    assert "verified" not in page.text


def chain(report, length):
    nodes = [
        LineageNode(1_000 + i, f"models:/chain/{i}", NodeKind.MODEL_VERSION, i)
        for i in range(length)
    ]
    edges = [
        Edge(1_000 + i, EdgeKind.DERIVED_FROM, 1_001 + i, "retrained", 1, declared=True)
        for i in range(length - 1)
    ]
    changed = {"nodes": nodes, "edges": edges, "depth_reached": length - 1}
    return report.model_copy(update={"ancestry": report.ancestry.model_copy(update=changed)})


def test_a_long_ancestry_is_cut_and_says_so(report):
    text = audit_html(chain(report, 10_000))
    page = Page(text)
    assert f"Showing {MAX_ROWS} of 10000" in page.text
    assert "9999 nodes upstream" in page.text
    assert "svg" not in page.tags
    assert f"A picture of 10000 nodes could not be read ({MAX_DRAWN} can): left out." in page.text
    assert len(text) < 300_000


def test_the_largest_picture_is_still_there(report):
    assert "svg" in Page(audit_html(chain(report, MAX_DRAWN))).tags
    assert "svg" not in Page(audit_html(chain(report, MAX_DRAWN + 1))).tags


def test_runs_that_are_not_told_are_counted(report):
    many = [LineageNode(i, f"runs:/r{i}", NodeKind.RUN, 1) for i in range(1, 121)]
    more = report.ancestry.model_copy(update={"nodes": [*report.ancestry.nodes, *many]})
    page = Page(audit_html(report.model_copy(update={"ancestry": more})))
    assert "Showing 1 of 121" in page.text


def test_a_version_without_anything_has_a_report_that_says_so():
    with lineage_registry.connect("memory://", actor="mira") as registry:
        registry.register("bare")
        page = Page(audit_html(registry.audit_report("bare:1")))
    assert "No files: there is nothing to verify" in page.text
    assert "No stage or alias ever named this version." in page.text
    assert "owner of the model" in page.text
    assert page.tags.count("svg") == 1
