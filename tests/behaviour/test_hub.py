"""Repositories of the Hugging Face Hub become versions, and their cards become lineage."""

import socket
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from lineage_registry.errors import (
    DeletedError,
    InvalidInputError,
    NotFoundError,
    UnreadableArtifactError,
    UnsafeArtifactError,
)
from lineage_registry.registry.hub import HubVersion
from tests.behaviour.places import Place
from tests.corpus import huggingface_files
from tests.corpus.hub_cache import COMMIT, LATER, cached, card, llama


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but this machine can be reached."""
    connect = socket.socket.connect

    def near(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] in {"127.0.0.1", "::1", "localhost"}
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", near)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    return folder


def linked(made: HubVersion) -> dict[str, tuple[str, str, str | None]]:
    found = [one for one in made.links if not one.tested]
    return {one.repository: (one.role, one.reference, one.commit) for one in found}


def evaluated_on(made: HubVersion) -> list[tuple[str, str, str, tuple[str, ...]]]:
    found = [one for one in made.links if one.tested]
    return [(one.repository, one.role, one.reference, one.metrics) for one in found]


def test_a_snapshot_becomes_a_version_with_the_lineage_of_its_card(
    place: Place, cache: Path
) -> None:
    registry = place.registry
    before = place.revision
    made = registry.register_from_hub(cached(cache, "acme/tuned", llama(card())))
    assert place.revision == before + 1, "all of it is one commit"
    assert made.reference == "models:/acme--tuned/1"
    assert made.source == f"hf://acme/tuned@{COMMIT}"
    assert not made.already
    assert made.params == {
        "hub.source": made.source,
        "hub.repository": "hf://acme/tuned",
        "hub.commit": COMMIT,
    }
    assert (made.facts["verdict"], made.facts["architecture"]) == ("safe", "LlamaForCausalLM")
    assert linked(made) == {
        "hf://acme/base": ("finetune", "models:/acme--base/1", None),
        "hf://datasets/acme/forms": ("train", "datasets:/acme--forms/1", None),
        "hf://datasets/glue": ("train", "datasets:/hf--glue/1", None),
    }
    assert [(one.reference, one.role) for one in made.parents] == [
        ("models:/acme--base/1", "finetune")
    ]
    assert made.licence == "Apache-2.0"
    assert made.metrics == {"accuracy/GLUE SST-2": 0.91}
    assert made.left_out == ["1 results: no number, or there already"]
    assert evaluated_on(made) == [
        ("hf://datasets/glue", "validation", "datasets:/hf--glue/1", ("accuracy/GLUE SST-2",))
    ]
    assert {node.reference for node in made.upstream().nodes} >= {
        "models:/acme--base/1",
        "datasets:/acme--forms/1",
        "datasets:/hf--glue/1",
    }
    base = registry.version("acme--base:1")
    assert base.manifest is None
    assert base.params == {"hub.repository": "hf://acme/base"}
    assert base.tags == {"declared-by": made.source}
    assert {event.reason for event in registry.events()} == {
        f"{made.source} and what its card says"
    }
    paths = [file.path for file in made.files().files]
    assert paths == ["README.md", "config.json", "model.safetensors"]
    place.demand_sound()


def test_the_same_commit_is_registered_once(place: Place, cache: Path) -> None:
    registry, folder = place.registry, cached(cache, "acme/tuned", llama(card()))
    first = registry.register_from_hub(folder)
    after = place.revision
    again = registry.register_from_hub(folder)
    assert (again.already, again.reference) == (True, first.reference)
    assert place.revision == after
    part = registry.register_from_hub(folder, ignore_patterns="*.md")
    other = registry.register_from_hub(folder, "ours")
    later = registry.register_from_hub(cached(cache, "acme/tuned", llama(card(), 1), LATER))
    made = [one.reference for one in (part, other, later)]
    assert made == ["models:/acme--tuned/2", "models:/ours/1", "models:/acme--tuned/3"]
    assert not any(one.already for one in (part, other, later))
    assert len(list(registry.versions("acme--base"))) == 1, "a name is registered once"
    registry.delete_version(first.reference, force=True, reason="wrong")
    with pytest.raises(DeletedError, match="acme--tuned/1"):
        registry.register_from_hub(folder)


RESULTS = """---
datasets: [imagefolder, acme/forms]
model-index:
- name: tuned
  results:
  - task: {{type: text-classification}}
    dataset: {{type: acme/forms, config: en, split: test, revision: {commit}}}
    metrics:
    - {{type: accuracy, name: Top 1, value: 0.91}}
    - {{type: accuracy, name: Top 5, value: 0.99}}
    - {{type: accuracy, name: Top 9, value: 1.0}}
  - dataset: {{name: Forms, type: acme/forms, split: "test[:10%]", revision: main}}
    metrics: [{{name: f1, value: "0.8"}}]
  - dataset: {{name: Exams, type: acme/exams, split: validation}}
    metrics: [{{type: wer, value: high}}]
  - dataset: {{name: mine, type: imagefolder}}
    metrics: [{{type: loss, value: 0.1}}]
---
"""


def test_a_card_with_very_many_results_says_that_not_all_were_read(
    place: Place, cache: Path
) -> None:
    data = "  - dataset: {{type: acme/forms, split: s{0}}}\n"
    one = data + "    metrics: [{{type: f{0}, value: 0.5}}]\n"
    head = "---\nmodel-index:\n"
    models = [f"- name: m{k}\n  results:\n" for k in range(3)]
    text = head + "".join(
        begin + "".join(one.format(f"{k}-{number}") for number in range(67))
        for k, begin in enumerate(models)
    )
    made = place.registry.register_from_hub(
        cached(cache, "acme/tuned", llama(f"{text}---\n".encode()))
    )
    assert made.left_out == ["the card has more than 200 results; no more were read"]
    assert len(made.metrics) == 200


def test_results_are_edges_to_the_data_with_what_was_measured_there(
    place: Place, cache: Path
) -> None:
    registry, card = place.registry, RESULTS.format(commit=COMMIT).encode()
    first = registry.register_from_hub(
        cached(cache, "acme/forms", {"a.csv": b"a\n"}, COMMIT, "datasets")
    )
    newest = registry.register_from_hub(
        cached(cache, "acme/forms", {"a.csv": b"b\n"}, LATER, "datasets")
    )
    before = place.revision
    made = registry.register_from_hub(cached(cache, "acme/tuned", llama(card)))
    assert place.revision == before + 1, "all of it is one commit"
    forms, exams = "hf://datasets/acme/forms", "hf://datasets/acme/exams"
    en = "accuracy/acme-forms/en/test"
    at_commit = ("accuracy/acme-forms", en, f"{en}/text-classification/Top 9")
    assert evaluated_on(made) == [
        (forms, "test", first.reference, at_commit),
        (forms, "test", newest.reference, ("f1/Forms",)),
        (exams, "validation", "datasets:/acme--exams/1", ()),
    ]
    assert linked(made) == {forms: ("train", newest.reference, LATER)}
    assert made.left_out == [
        "'imagefolder': no repository",
        "1 results: no number, or there already",
    ]
    assert {made.metrics[key] for key in at_commit} == {0.91, 0.99, 1.0}
    assert made.run is not None
    read = {(one.edge, one.role, one.reference) for one in registry.get_run(made.run).inputs}
    assert read == {
        ("USED", "train", newest.reference),
        ("EVALUATED_ON", "test", first.reference),
        ("EVALUATED_ON", "test", newest.reference),
        ("EVALUATED_ON", "validation", "datasets:/acme--exams/1"),
    }
    assert registry.recall("datasets:/acme--exams/1").versions == []
    found = registry.recall("datasets:/acme--exams/1", newest.reference, evaluated=True)
    assert [(one.reference, one.tested_only) for one in found.versions] == [(made.reference, False)]
    found = registry.recall("datasets:/acme--exams/1", evaluated=True)
    assert [(one.reference, one.tested_only) for one in found.versions] == [(made.reference, True)]
    place.demand_sound()


def test_a_commit_that_is_not_here_is_said(place: Place, cache: Path) -> None:
    registry, card = place.registry, RESULTS.format(commit=LATER).encode()
    data = cached(cache, "acme/forms", {"a.csv": b"a\n"}, COMMIT, "datasets")
    here = registry.register_from_hub(data)
    made = registry.register_from_hub(cached(cache, "acme/tuned", llama(card)))
    assert evaluated_on(made)[0][2] == here.reference
    assert any("tested at" in said and LATER in said for said in made.left_out)


@pytest.mark.parametrize(
    ("relation", "kind"),
    [("adapter", "adapter"), ("quantized", "quantized"), ("merge", "merged"), ("new", "other")],
)
def test_a_base_that_is_here_is_linked_at_its_commit(
    place: Place, cache: Path, relation: str, kind: str
) -> None:
    registry = place.registry
    named = registry.register_from_hub(cached(cache, "acme/tuned", llama(card(relation))))
    assert linked(named)["hf://acme/base"] == (kind, "models:/acme--base/1", None)
    base = registry.register_from_hub(cached(cache, "acme/base", llama(seed=2)), "our-base")
    data = cached(cache, "acme/forms", {"a.csv": b"a,b\n"}, LATER, "datasets")
    forms = registry.register_from_hub(data)
    assert (forms.reference, forms.source) == (
        "datasets:/acme--forms/2",
        f"hf://datasets/acme/forms@{LATER}",
    )
    later = registry.register_from_hub(cached(cache, "acme/tuned", llama(card(relation)), LATER))
    assert linked(later)["hf://acme/base"] == (kind, base.reference, COMMIT)
    assert linked(later)["hf://datasets/acme/forms"] == ("train", forms.reference, LATER)
    assert later.parents[0].role == kind


def test_the_card_can_be_left_alone(place: Place, cache: Path) -> None:
    folder = cached(cache, "acme/tuned", llama(card()))
    made = place.registry.register_from_hub(folder, lineage=False)
    assert (made.parents, made.licence, made.metrics, made.run) == ([], None, {}, None)
    assert [one.name for one in place.registry.models()] == ["acme--tuned"]


def test_an_adapter_says_its_base_without_a_card_and_a_path_is_no_repository(
    place: Place, cache: Path
) -> None:
    readme = (
        b"---\nbase_model: [../secret, https://huggingface.co/acme/big]\nlicense: my own\n---\n"
    )
    files = {**huggingface_files.adapter(), "README.md": readme}
    made = place.registry.register_from_hub(cached(cache, "acme/lora", files))
    assert linked(made) == {
        "hf://meta-llama/Llama-3.1-8B": ("adapter", "models:/meta-llama--Llama-3.1-8B/1", None),
        "hf://acme/big": ("other", "models:/acme--big/1", None),
    }
    assert made.left_out == ["'../secret': no repository"]
    assert made.licence == "LicenseRef-my-own"


def test_a_repository_is_found_in_the_cache_without_a_network(
    place: Place, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = place.registry
    cached(cache, "acme/tuned", llama(card()))
    made = registry.register_from_hub("acme/tuned", offline=True)
    assert made.source == f"hf://acme/tuned@{COMMIT}"
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for said in (f"hf://acme/tuned@{COMMIT}", "acme/tuned@main"):
        assert registry.register_from_hub(said).already
    with pytest.raises(NotFoundError):
        registry.register_from_hub("acme/tuned", revision=LATER)
    with pytest.raises(NotFoundError):
        registry.register_from_hub("acme/nothing")
    for wrong in ("no such folder", "a/b/c", "hf://a@", "acme/tuned@../../x", "../x"):
        with pytest.raises(InvalidInputError):
            registry.register_from_hub(wrong)


def test_a_plain_folder_needs_to_be_told_what_it_is(place: Place) -> None:
    for name, data in llama(card()).items():
        place.file(f"local/{name}").write_bytes(data)
    place.file("local/.cache/huggingface/download/x.metadata")
    folder = place.folder / "files" / "local"
    registry = place.registry
    for said in ({}, {"repo_id": "acme/tuned"}, {"repo_id": "acme/tuned", "revision": "main"}):
        with pytest.raises(InvalidInputError):
            registry.register_from_hub(folder, **said)
    made = registry.register_from_hub(folder, repo_id="acme/tuned", revision=COMMIT)
    assert made.source == f"hf://acme/tuned@{COMMIT}"
    assert len(made.files().files) == 3


def test_links_do_not_lead_out_of_the_cache_of_the_repository(place: Place, cache: Path) -> None:
    secret = place.file("secret", "private")
    for number, target in enumerate([secret, place.folder, "../../../models--acme--b/blobs/x"]):
        other = cached(cache, f"acme/t{number}", llama())
        (cache / "models--acme--b" / "blobs").mkdir(parents=True, exist_ok=True)
        (cache / "models--acme--b" / "blobs" / "x").write_text("not theirs")
        (other / "more.txt").symlink_to(target)
        with pytest.raises(UnsafeArtifactError):
            place.registry.register_from_hub(other)
    broken = cached(cache, "acme/broken", llama())
    (broken / "more.txt").symlink_to("../../blobs/none")
    with pytest.raises(UnreadableArtifactError, match="cannot read"):
        place.registry.register_from_hub(broken)
    with pytest.raises(InvalidInputError, match="not of"):
        place.registry.register_from_hub(broken, repo_id="acme/other")
    assert place.revision == 0


def test_what_the_door_refuses_leaves_nothing_of_the_card(place: Place, cache: Path) -> None:
    bad = {**llama(card()), "pytorch_model.bin": huggingface_files.checkpoint(PAYLOAD)}
    with pytest.raises(UnsafeArtifactError) as refused:
        place.registry.register_from_hub(cached(cache, "acme/bad", bad))
    assert not refused.value.message.startswith("row")
    assert list(place.registry.models()) == []
    code = {**llama(), "modeling_mine.py": b"raise SystemExit('run')"}
    made = place.registry.register_from_hub(cached(cache, "acme/code", code))
    assert made.facts["verdict"] == "needs-trust"


PAYLOAD = huggingface_files.Payload()
