"""`import-hub`: what people and programs are told."""

import pytest

from tests.corpus.hub_cache import COMMIT, cached, card, llama


def test_a_snapshot_is_imported_and_says_what_was_linked(lreg, somewhere):
    folder = cached(somewhere / "hub", "acme/tuned", llama(card()))
    done = lreg("import-hub", folder, "-r", "for the spring")
    assert done.code == 0, done.err
    assert done.out.splitlines()[0].startswith("acme--tuned:1 ")
    assert f"from hf://acme/tuned@{COMMIT}" in done.out
    assert "finetune acme--base:1  hf://acme/base (a name, no files here)" in done.out
    assert "train datasets:/hf--glue/1  hf://datasets/glue" in done.out
    assert "tested on, validation datasets:/hf--glue/1  hf://datasets/glue" in done.out
    assert "left out: 1 results" in done.err
    again = lreg("import-hub", folder)
    assert "which was registered before" in again.out
    assert "acme--base:1" in lreg("lineage", "acme--tuned:1").out
    assert "for the spring (hf://acme/tuned@" in lreg("events", "--json").out


def test_programs_get_the_version_with_its_links(lreg, somewhere):
    for name, data in llama(card("adapter")).items():
        (somewhere / "plain").mkdir(exist_ok=True)
        (somewhere / "plain" / name).write_bytes(data)
    of = ("--repo-id", "acme/tuned", "--revision", COMMIT)
    options = ("-n", "ours", "--allow-pattern", "*.json", "--allow-pattern", "*.safetensors")
    done = lreg("import-hub", "plain", *of, *options, "--json")
    assert done.code == 0, done.err
    assert done.answer["reference"] == "models:/ours/1"
    assert done.answer["source"] == f"hf://acme/tuned@{COMMIT}"
    assert done.answer["already"] is False
    assert done.answer["links"][0] == {
        "repository": "hf://acme/base",
        "role": "adapter",
        "reference": "models:/acme--base/1",
        "commit": None,
        "tested": False,
        "metrics": [],
    }
    listed = lreg("version", "files", "ours:1", "--json").answer
    assert [one["path"] for one in listed["files"]] == ["config.json", "model.safetensors"]


def test_data_and_a_card_that_is_left_alone(lreg, somewhere):
    folder = cached(somewhere / "hub", "acme/forms", {"a.csv": b"a\n1\n"}, kind="datasets")
    assert lreg("import-hub", folder, "--no-lineage").out.startswith("datasets:/acme--forms/1")


@pytest.mark.parametrize(
    "line",
    [
        "import-hub acme/none --offline",
        "import-hub plain",
        "import-hub a/b/c",
        "import-hub acme/x@main --revision main",
        "import-hub acme/x --repo-id acme/x",
        "import-hub acme/x --if-match 1",
    ],
)
def test_what_cannot_be_is_said_with_a_hint(lreg, somewhere, monkeypatch, line):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(somewhere / "hub"))
    (somewhere / "plain").mkdir()
    done = lreg(*line.split())
    assert done.code in {2, 3}, done.err
    assert "error: " in done.err
    assert "hint: " in done.err
