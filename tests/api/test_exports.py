"""Lineage and reports in other forms than JSON."""

import pytest

from lineage_registry.api.operations import operations
from lineage_registry.exports import FORMATS, export, formats_of
from lineage_registry.ports.commands import GetLineage, GetNeighbours, GetSiblings
from tests.api.conftest import ADA

PATH = "/api/v1/lineage/export?start=resnet:2"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_lineage_comes_in_every_format(client, parts, resnet, name):
    answer = parts[0].run(GetLineage(start=["resnet:2"]), ADA)
    media_type = FORMATS[name].media_type
    by_name = client.get(f"{PATH}&format={name}")
    by_type = client.get(PATH, headers={"Accept": f"image/x-odd, {media_type};q=0.9"})
    # Where several formats share a media type, it means the first of them.
    first = next(each for each, known in FORMATS.items() if known.media_type == media_type)
    assert by_name.content == export(answer, name)
    assert by_type.content == export(answer, first)
    for given in (by_name, by_type):
        assert given.status_code == 200
        assert given.headers["content-type"].partition(";")[0] == media_type
        assert "sandbox" in given.headers["content-security-policy"]


def test_a_suffix_names_the_format_too(client, resnet):
    answer = client.get(f"{PATH}&format=csv")
    assert answer.content == client.get(f"{PATH}&format=csv-edges").content
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_page_gets_no_origin_and_no_network(client, resnet):
    for path in (
        f"{PATH}&format=html",
        f"{PATH}&format=svg",
        "/api/v1/audit-report/html?of=resnet:2",
    ):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "allow-same-origin" not in policy
        assert "connect-src" not in policy


def test_an_audit_report_comes_as_a_page(client, resnet):
    answer = client.get("/api/v1/audit-report/html?of=resnet:2")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "models:/resnet/2" in answer.text


@pytest.mark.parametrize(
    "query", ["&format=docx", "&format=", "&format=svg&format=dot", "&colour=red"]
)
def test_an_unknown_format_is_refused(client, resnet, query):
    answer = client.get(PATH + query)
    assert answer.status_code == (200 if query == "&format=" else 422)


@pytest.mark.parametrize("path", ["siblings?of=resnet:2", "neighbours?of=resnet:2"])
@pytest.mark.parametrize("name", ["csv", "markdown", "json"])
def test_a_table_comes_as_csv_and_markdown(client, parts, resnet, path, name):
    noun, _, query = path.partition("?")
    answer = client.get(f"/api/v1/{path}").json()
    asked = {"siblings": GetSiblings, "neighbours": GetNeighbours}[noun](of="resnet:2")
    known = parts[0].run(asked, ADA)
    by_name = client.get(f"/api/v1/{noun}/export?{query}&format={name}")
    accept = {"Accept": formats_of(type(known))[name].media_type}
    by_type = client.get(f"/api/v1/{noun}/export?{query}", headers=accept)
    for given in (by_name, by_type):
        assert given.status_code == 200
        assert given.content == export(known, name)
        assert given.headers["content-type"].partition(";")[0] == accept["Accept"]
    if name == "json":
        assert by_name.json() == answer


def test_a_table_is_no_picture(client, resnet):
    answer = client.get("/api/v1/siblings/export?of=resnet:2&format=svg")
    assert answer.status_code == 422
    assert "csv, markdown" in answer.json()["hint"]


def test_every_question_with_a_graph_or_a_table_has_an_export_and_no_other(client):
    paths = set(client.app.openapi()["paths"])
    known = list(operations())
    exported = {one.path for one in known if len(formats_of(one.command.answer())) > 1}
    for operation in known:
        assert (f"{operation.path}/export" in paths) == (operation.path in exported)
