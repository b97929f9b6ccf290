"""Versions: registered with where they come from, found, described, deleted, restored."""

import os
from pathlib import Path

import numpy as np
import pytest

from lineage_registry.errors import (
    AlreadyExistsError,
    DatasetNotFoundError,
    DeletedError,
    HasDependentsError,
    InvalidInputError,
    InvalidReferenceError,
    InvalidVersionError,
    LineageCycleError,
    ModelNotFoundError,
    NotFoundError,
    RunNotFoundError,
    StaleWriteError,
    VersionNotFoundError,
)
from lineage_registry.ports.commands import LinkedVersion
from lineage_registry.registry import Registry
from tests.behaviour.places import ACTOR, Place


def test_a_version_is_what_it_was_registered_as(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("images", label="2026-10")
    registry.register("tokenizer")
    registry.register("base")
    with registry.run("train", run_id="r-1") as run:
        made = registry.register(
            "net",
            parents=[("base:1", "finetune")],
            dependencies=[("tokenizer:latest", "tokenizer")],
            datasets=[("images:2026-10", "train")],
            tested_on=["images:1"],
            label="1.2.0-rc.1",
            description="The best one",
            tags={"team": "a"},
            params={"lr": 0.1, "layers": 3, "amsgrad": True, "optimizer": "adam"},
            metrics={"accuracy": 0.93, "loss": float("nan")},
        )
    assert made.reference == "models:/net/1"
    found = registry.version("net:1.2.0-rc.1")
    assert made.taints is None
    assert dict(found) == {**dict(made), "taints": []}
    assert (found.number, found.label, found.name) == (1, "1.2.0-rc.1", "net")
    assert found.parents == [LinkedVersion(reference="models:/base/1", role="finetune")]
    assert found.dependencies == [LinkedVersion(reference="models:/tokenizer/1", role="tokenizer")]
    assert found.run == run.reference == "runs:/r-1"
    assert found.params == {"amsgrad": True, "layers": 3, "lr": 0.1, "optimizer": "adam"}
    assert found.metrics == {"accuracy": 0.93, "loss": "NaN"}
    assert (found.status, found.stage, found.aliases) == ("active", None, [])
    assert (found.created_by, found.format, found.size, found.manifest) == (ACTOR, None, None, None)
    job = run.get()
    assert [(one.reference, one.role, one.edge) for one in job.inputs] == [
        ("datasets:/images/1", "test", "EVALUATED_ON"),
        ("datasets:/images/1", "train", "USED"),
    ]
    assert job.outputs == ["models:/net/1"]
    place.demand_sound()


def test_every_selector_finds_the_version_it_names(registry: Registry) -> None:
    for label in ("1.0.0", None, "2.0.0"):
        registry.register("m", label=label)
    registry.promote("m:2", "Production")
    registry.set_alias("m:1", "champion")
    for text, number in {
        "m:3": 3,
        "m:v3": 3,
        "models:/m/1": 1,
        "m:1.0.0": 1,
        "models:/m/2.0.0": 3,
        "m:latest": 3,
        "models:/m/latest": 3,
        "m:Production": 2,
        "models:/m/Production": 2,
        "m@champion": 1,
        "models:/m@champion": 1,
        "M:2": 2,
    }.items():
        assert registry.version(text).number == number, text
    registry.delete_version("m:3")
    assert registry.version("m:latest").number == 2


def test_dataset_labels_are_free_names(registry: Registry) -> None:
    for label in ("2026-10", "spring", "1.0.0"):
        registry.register_dataset("d", label=label)
    for label, number in {"2026-10": 1, "spring": 2, "1.0.0": 3, "latest": 3}.items():
        assert registry.version(f"datasets:/d/{label}").number == number
    for label in ("7", "v7", "1.0", "latest", "a/b", ""):
        with pytest.raises(InvalidInputError):
            registry.register_dataset("d", label=label)


def test_a_label_is_given_once(place: Place) -> None:
    registry = place.registry
    registry.register("m", label="1.0.0")
    before = place.revision
    with pytest.raises(AlreadyExistsError, match=r"1\.0\.0"):
        registry.register("m", label="1.0.0")
    registry.delete_version("m:1")
    with pytest.raises(AlreadyExistsError):
        registry.register("m", label="1.0.0")
    assert place.revision == before + 1
    assert registry.register("other", label="1.0.0").number == 1


def test_numbers_are_never_given_twice(registry: Registry) -> None:
    registry.register("m")
    registry.register("m")
    registry.delete_version("m:2")
    assert registry.register("m").number == 3


def test_a_version_made_from_data_without_a_run_gets_one(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    version = registry.register("m", datasets=["d:1", ("d:1", "validation")], tested_on=["d:1"])
    assert version.run is not None
    job = registry.get_run(version.run)
    assert (job.name, job.status) == ("registration", "finished")
    assert [(one.edge, one.role) for one in job.inputs] == [
        ("EVALUATED_ON", "test"),
        ("USED", "train"),
        ("USED", "validation"),
    ]
    assert job.outputs == [version.reference]
    assert registry.register("plain").run is None
    place.demand_sound()


def test_the_run_of_a_registration_never_takes_the_id_of_another(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    model = registry.create_model("m")
    squatter = registry.run("mine", run_id=f"register-{model.id}-1")
    version = registry.register("m", datasets=["d:1"])
    assert version.run != squatter.reference
    assert squatter.get().name == "mine"
    assert squatter.get().outputs == []
    place.demand_sound()


def test_a_dataset_version_comes_from_datasets_and_runs(registry: Registry) -> None:
    registry.register_dataset("raw")
    with registry.run("clean") as run:
        clean = registry.register_dataset("clean", parents=[("raw:1", "other")], datasets=["raw:1"])
    assert [one.reference for one in clean.parents] == ["datasets:/raw/1"]
    assert clean.run == run.reference
    assert [one.reference for one in registry.ancestors("datasets:/clean/1").nodes] == [
        "datasets:/clean/1",
        "datasets:/raw/1",
        run.reference,
    ]


def test_what_a_version_comes_from_has_to_be_there_and_of_a_fitting_kind(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    registry.register("m")
    registry.register("gone")
    registry.delete_version("gone:1")
    before = place.revision
    refused = {
        ModelNotFoundError: [{"parents": ["nobody:1"]}, {"dependencies": ["nobody:1"]}],
        VersionNotFoundError: [{"parents": ["m:9"]}, {"siblings": ["m:9"]}],
        DatasetNotFoundError: [{"datasets": ["nothing:1"]}],
        RunNotFoundError: [{"run": "runs:/nobody"}, {"run": "nobody"}],
        DeletedError: [{"parents": ["gone:1"]}],
        InvalidReferenceError: [
            {"parents": ["m"]},
            {"parents": ["datasets:/d/1"]},
            {"dependencies": ["m"]},
            {"datasets": ["d"]},
            {"tested_on": ["models:/m/1"]},
            {"siblings": ["datasets:/d/1"]},
            {"run": "models:/m/1"},
            {"parents": ["a:b:c"]},
        ],
        InvalidInputError: [{"parents": [("m:1", "cousin")]}, {"dependencies": [("m:1", "A B")]}],
    }
    for error, all_fields in refused.items():
        for fields in all_fields:
            with pytest.raises(error) as caught:
                registry.register("new", **fields)
            assert caught.value.message, fields
    assert place.revision == before
    assert [one.name for one in registry.models()] == ["m", "gone"]


def test_a_model_is_not_created_where_that_is_not_wanted(place: Place) -> None:
    with pytest.raises(ModelNotFoundError):
        place.registry.register("m", create=False)
    assert place.revision == 0


def test_one_commit_registers_model_version_and_run(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    before = place.revision
    registry.register("m", datasets=["d:1"])
    assert place.revision == before + 1


def test_a_version_is_described_tagged_and_measured_later(registry: Registry) -> None:
    registry.register("m", tags={"a": "1"}, metrics={"acc": 0.5})
    changed = registry.update_version("m:1", description="better", tags={"a": None, "b": "2"})
    assert (changed.description, changed.tags) == ("better", {"b": "2"})
    measured = registry.log_version_metrics("m:1", {"acc": 0.75, "f1": 0.5}, step=2)
    assert measured.metrics == {"acc": 0.75, "f1": 0.5}
    assert registry.version("m:1").tag(c="3").tags == {"b": "2", "c": "3"}
    assert registry.version("m:1", as_of=2).metrics == {"acc": 0.5}


def test_versions_are_found_across_models(registry: Registry) -> None:
    registry.register("a", description="Small net", metrics={"acc": 0.8}, params={"opt": "adam"})
    registry.register("b", metrics={"acc": 0.95}, params={"opt": "sgd", "n": 3}, tags={"hot": "1"})
    registry.register("b", description="net", metrics={"acc": 0.9, "val/loss": 0.1})
    registry.promote("b:1", "Staging")
    registry.register_dataset("b", description="net of data")

    def found(**filters: object) -> list[str]:
        return [one.reference.partition(":/")[2] for one in registry.search(**filters)]

    assert found() == ["b/2", "b/1", "a/1"]
    assert found(metric=["acc>=0.9"]) == ["b/2", "b/1"]
    assert found(metric=["acc >= 0.9", "acc<0.95"]) == ["b/2"]
    assert found(metric=["acc=0.8"]) == ["a/1"]
    assert found(metric=["val/loss<1"]) == ["b/2"]
    assert found(param=["opt=adam"]) == ["a/1"]
    assert found(param=["n>2"]) == ["b/1"]
    assert found(param=["n=3"]) == ["b/1"]
    assert found(tag=["hot"]) == found(tag=["hot=1"]) == found(stage="Staging") == ["b/1"]
    assert found(text="NET") == ["b/2", "a/1"]
    assert [one.reference for one in registry.search("datasets", text="data")] == ["datasets:/b/1"]
    registry.register("odd", metrics={"loss": float("nan"), "most": float("inf")})
    assert found(metric=["loss=nan"]) == found(metric=["most=Infinity"]) == ["odd/1"]
    for bad in ("acc", "acc>>1", ">=3", "a;b>=1", "acc>=0,9", "acc>=", "acc=high", "acc=true"):
        with pytest.raises(InvalidInputError) as caught:
            found(metric=[bad])
        assert caught.value.hint


def test_a_dependency_found_later_is_added_and_taken_away(place: Place) -> None:
    registry = place.registry
    registry.register("a")
    registry.register("b", parents=["a:1"])
    registry.register_dataset("d")
    added = registry.add_dependency("b:1", "datasets:/d/1", "features")
    assert added.dependencies == [LinkedVersion(reference="datasets:/d/1", role="features")]
    before = place.revision
    registry.add_dependency("b:1", "datasets:/d/1", "features")
    assert place.revision == before
    with pytest.raises(NotFoundError, match="no such dependency"):
        registry.remove_dependency("b:1", "datasets:/d/1")
    assert registry.remove_dependency("b:1", "datasets:/d/1", "features").dependencies == []
    assert registry.version("b:1", as_of=before).dependencies == added.dependencies
    place.demand_sound()


def test_an_edge_that_would_close_a_cycle_is_refused_with_the_way(place: Place) -> None:
    registry = place.registry
    registry.register("a")
    registry.register("b", parents=["a:1"])
    registry.register("c", dependencies=["b:1"])
    before = place.revision
    with pytest.raises(LineageCycleError) as caught:
        registry.add_dependency("a:1", "c:1")
    assert caught.value.context["path"] == [
        "models:/a/1",
        "models:/c/1",
        "models:/b/1",
        "models:/a/1",
    ]
    assert caught.value.hint
    with pytest.raises(LineageCycleError) as caught:
        registry.add_dependency("a:1", "a:1")
    assert caught.value.context["path"] == ["models:/a/1", "models:/a/1"]
    registry.delete_version("c:1")
    with pytest.raises(DeletedError):
        registry.add_dependency("a:1", "c:1")
    assert place.revision == before + 1
    place.demand_sound()


def test_deleting_launders_no_cycle(registry: Registry) -> None:
    registry.register("a")
    registry.register("b", parents=["a:1"])
    registry.register("c", parents=["b:1"])
    registry.delete_version("b:1", force=True, reason="hide the middle")
    with pytest.raises(LineageCycleError):
        registry.add_dependency("a:1", "c:1")


def test_a_version_that_something_relies_on_is_deleted_with_force_only(place: Place) -> None:
    registry = place.registry
    registry.register("base")
    registry.register("child", parents=["base:1"])
    registry.deploy("shop", "child:1")
    registry.set_alias("child:1", "champion")
    registry.promote("child:1", "Production")
    before = place.revision
    with pytest.raises(HasDependentsError) as caught:
        registry.delete_version("base:1")
    assert caught.value.context["blocked_by"] == ["models:/child/1"]
    assert caught.value.hint
    with pytest.raises(HasDependentsError) as caught:
        registry.delete_version("child:1")
    assert caught.value.context["blocked_by"] == [
        "deployments:/shop",
        "alias/champion",
        "stage/Production",
    ]
    with pytest.raises(InvalidInputError, match="reason"):
        registry.delete_version("child:1", force=True)
    assert place.revision == before

    gone = registry.delete_version("child:1", force=True, reason="leaks data")
    assert gone.status == "deleted"
    assert registry.model("child").aliases == {}
    assert registry.model("child").stages == {}
    for text in ("child:1", "child@champion", "child:Production", "child:latest"):
        with pytest.raises(NotFoundError):
            registry.version(text)
    back = registry.restore_version("child:1")
    assert (back.status, back.stage, back.aliases) == ("active", None, [])
    place.demand_sound()


def test_a_deleted_version_is_seen_by_who_asks_for_it(place: Place) -> None:
    registry = place.registry
    registry.register("m", place.file("m.txt"), description="first")
    registry.register("m")
    registry.delete_version("m:1")
    with pytest.raises(DeletedError) as caught:
        registry.version("m:1")
    assert caught.value.context["reference"] == "models:/m/1"
    assert registry.version("m:1", deleted=True).description == "first"
    with pytest.raises(DeletedError):
        registry.files("m:1")
    assert [one.path for one in registry.files("m:1", deleted=True).files] == ["m.txt"]
    assert registry.version("m:1", as_of=1).status == "active"
    assert [one.number for one in registry.versions("m")] == [2]
    assert [one.number for one in registry.versions("m", deleted=True)] == [2, 1]
    assert [one.number for one in registry.search(deleted=True)] == [2, 1]
    with pytest.raises(DeletedError):
        registry.update_version("m:1", description="x")
    registry.delete_version("m:1")
    assert registry.restore_version("m:1").status == "active"
    assert registry.version("m:1").number == 1


def test_the_same_request_sent_twice_is_done_once(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    first = registry.register("m", datasets=["d:1"], key="k-1", reason="why")
    registry.register("m")
    again = registry.register("m", datasets=["d:1"], key="k-1", reason="why")
    assert dict(again) == dict(first)
    assert [one.number for one in registry.versions("m")] == [2, 1]
    with pytest.raises(InvalidInputError, match="another request") as caught:
        registry.register("m", key="k-1")
    assert caught.value.code == "idempotency-key-reused"
    with pytest.raises(InvalidInputError, match="another request"):
        registry.create_model("x", key="k-1")


def test_a_key_repeats_every_kind_of_answer(place: Place) -> None:
    registry = place.registry
    registry.register("m")
    registry.register("m")
    writes = [
        lambda: registry.create_model("n", key="a"),
        lambda: registry.update("n", new_name="n2", key="b"),
        lambda: registry.promote("m:1", "Production", key="c"),
        lambda: registry.promote("m:latest", "Production", key="d"),
        lambda: registry.rollback("m", key="e", reason="slow"),
        lambda: registry.set_alias("m:1", "champion", key="f"),
        lambda: registry.remove_alias("m", "champion", key="g"),
        lambda: registry.deploy("shop", "m:1", key="h"),
        lambda: registry.delete_version("m:2", key="i"),
        lambda: registry.restore_version("m:2", key="j"),
        lambda: registry.delete_deployment("shop", key="k"),
        lambda: registry.delete("n2", key="l"),
        lambda: registry.restore("n2", key="m"),
        lambda: registry.run("x", run_id="x-1", environment={}, code_commit="c", key="n").get(),
        lambda: registry.configure_stages(["A", "B"], key="o"),
    ]
    answers = [write() for write in writes]
    registry.register("m")
    registry.register("m")
    revision = place.revision
    assert [write() for write in writes] == answers
    assert place.revision == revision
    place.demand_sound()


def test_a_run_without_an_id_is_started_once_under_a_key(place: Place) -> None:
    registry = place.registry
    first = registry.run("x", environment={}, code_commit="c", key="n")
    again = registry.run("x", environment={}, code_commit="c", key="n")
    assert first.run_id == again.run_id
    assert len(list(registry.runs())) == 1


def test_a_change_to_what_somebody_else_changed_is_refused(place: Place) -> None:
    registry = place.registry
    registry.create_model("m")
    version = registry.register("m")
    seen = registry.model("m")
    registry.update("m", owner="bob")
    revision = place.revision
    with pytest.raises(StaleWriteError) as caught:
        registry.update("m", owner="ann", if_match=seen.revision)
    assert caught.value.hint
    assert place.revision == revision
    assert registry.update("m", owner="ann", if_match=revision).owner == "ann"
    registry.update_version("m:1", tags={"a": "1"}, if_match=version.revision)
    for write in (
        lambda: registry.promote("m:1", "Production", if_match=version.revision),
        lambda: registry.delete_version("m:1", if_match=version.revision),
        lambda: registry.update_version("m:1", tags={"a": "2"}, if_match=version.revision),
        lambda: registry.set_alias("m:1", "champion", if_match=1),
        lambda: registry.rollback("m", if_match=1),
        lambda: registry.delete("m", if_match=1),
    ):
        with pytest.raises(StaleWriteError):
            write()


def test_a_link_out_of_the_folder_is_taken_only_if_asked(place: Place, registry: Registry) -> None:
    folder = place.file("x", "kept").parent / "delivery"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "in.txt").symlink_to(folder / "a.txt")
    assert len(registry.register("m", folder).files().files) == 2
    (folder / "out.txt").symlink_to(place.file("secret.txt", "secret"))
    items = [{"name": "m", "model": folder}]
    for refused in (
        lambda: registry.register("m", folder),
        lambda: registry.register_dataset("d", folder),
        lambda: registry.inspect(folder),
        registry.register_many(items)[0].result,
    ):
        with pytest.raises(InvalidInputError, match="out of the folder") as said:
            refused()
        assert "follow" in str(said.value.hint)
    assert len(registry.register("m", folder, follow_links=True).files().files) == 3
    assert len(registry.register_dataset("d", folder, follow_links=True).files().files) == 3
    assert registry.register_many([{**items[0], "follow_links": True}])[0].state == "done"
    assert registry.inspect(folder, follow_links=True).bytes == 8


@pytest.mark.parametrize("reason", ["link to a folder", "broken link", "pipe, socket or device"])
def test_no_version_lacks_what_lay_in_the_folder(
    place: Place, registry: Registry, reason: str
) -> None:
    folder = place.file("delivery/a.txt", "a").parent
    data = place.file("data/b.txt", "b").parent
    (folder / "below").mkdir()
    if reason.startswith("pipe"):
        os.mkfifo(folder / "below" / "link")
    else:
        (folder / "below" / "link").symlink_to(data if "to" in reason else folder / "nowhere")
    for refused in (
        lambda: registry.register("m", folder),
        lambda: registry.register("m", folder, follow_links=True),
        lambda: registry.register_dataset("d", folder),
        lambda: registry.inspect(folder),
        registry.register_many([{"name": "m", "model": folder}])[0].result,
    ):
        with pytest.raises(InvalidInputError, match=f"'below/link' is a {reason}") as said:
            refused()
        assert "draft" in str(said.value.hint)
    assert list(registry.models()) == []
    added = registry.draft("next").add(folder)
    assert [(one.path, one.reason) for one in added.skipped] == [("below/link", reason)]
    made = registry.register("m", registry.draft("next"))
    assert [file.path for file in made.files().files] == ["a.txt"]


def test_a_snapshot_of_the_hub_is_made_of_links(place: Place, registry: Registry) -> None:
    weights = place.file("hub/blobs/e3b0", "weights")
    snapshot = place.file("hub/snapshots/main/README.md", "text").parent
    (snapshot / "weights.txt").symlink_to("../../blobs/e3b0")
    assert weights.is_file()
    assert len(registry.register("m", snapshot).files().files) == 2
    (snapshot / "out.txt").symlink_to(place.file("secret.txt", "secret"))
    with pytest.raises(InvalidInputError, match="out of the folder"):
        registry.register("m", snapshot)


def test_files_folders_and_models_in_memory_are_registered_alike(
    place: Place, tmp_path: Path
) -> None:
    registry = place.registry
    place.file("corpus/a.txt", "one")
    place.file("corpus/sub/b.txt", "two!")
    folder = registry.register_dataset("corpus", place.folder / "files" / "corpus")
    assert (folder.format, folder.size) == ("files", 7)
    files = registry.files("datasets:/corpus/1")
    assert [(one.path, one.size) for one in files.files] == [("a.txt", 3), ("sub/b.txt", 4)]
    assert files.manifest == folder.manifest

    one = registry.register_dataset("corpus", str(place.file("one.txt", "one")))
    assert [file.path for file in registry.files("datasets:/corpus/2").files] == ["one.txt"]
    assert one.manifest != folder.manifest

    weights = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(3, np.float16)}
    seen: list[tuple[str, int, int]] = []
    net = registry.register("net", weights, progress=lambda *step: seen.append(step))
    assert net.format == "safetensors"
    assert net.facts["parameters"] == 9
    assert net.facts["tensors"] == 2
    assert {step[0] for step in seen} == {file.path for file in net.files().files}
    loaded = registry.load("net:1")
    np.testing.assert_array_equal(loaded["w"], weights["w"])

    target = registry.download("datasets:/corpus/1", tmp_path / "out")
    assert (target / "sub" / "b.txt").read_text() == "two!"
    place.demand_sound()


def test_a_model_is_loaded_by_every_kind_of_reference(registry: Registry) -> None:
    for value in (1.0, 2.0, 3.0):
        registry.register("net", {"w": np.array([value])}, label=f"{value:.0f}.0.0")
    registry.promote("net:2", "Production")
    registry.set_alias("net:1", "champion")
    for text, value in {
        "net:1": 1.0,
        "net:2.0.0": 2.0,
        "net:latest": 3.0,
        "models:/net/Production": 2.0,
        "net@champion": 1.0,
        "net:latest?as_of=2": 2.0,
    }.items():
        assert registry.load(text)["w"].tolist() == [value], text
    assert registry.load("net:latest", as_of=1)["w"].tolist() == [1.0]
    registry.delete("net", force=True, reason="x")
    with pytest.raises(DeletedError):
        registry.load("net:1")
    assert registry.load("net:1?as_of=3")["w"].tolist() == [1.0]
    registry.create_model("net")
    assert registry.load("net:1", as_of=3)["w"].tolist() == [1.0]


def test_what_has_no_files_or_plain_files_is_not_loaded(place: Place) -> None:
    registry = place.registry
    registry.register("m")
    registry.register("m", place.file("notes.txt"))
    with pytest.raises(InvalidInputError, match="no files"):
        registry.load("m:1")
    with pytest.raises(InvalidInputError, match="plain files") as caught:
        registry.load("m:2")
    assert caught.value.hint == "use download() to get them"
    with pytest.raises(NotFoundError):
        registry.register("m", place.folder / "nowhere")
    (place.folder / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no files"):
        registry.register("m", place.folder / "empty")
    with pytest.raises(InvalidVersionError):
        registry.register("m", label="1.0")
