"""Which handler takes what, and what a handler of another package can and cannot spoil."""

import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import torch

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import (
    AlreadyExistsError,
    AmbiguousFormatError,
    ArtifactNotFoundError,
    FormatError,
    InvalidInputError,
    NotFoundError,
    NotInstalledError,
    StorageFullError,
    UnknownFormatError,
    UnreadableArtifactError,
)
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.requirements import require
from lineage_registry.ports.conversions import Converter
from lineage_registry.ports.formats import HandlerRegistry, LocalFiles
from lineage_registry.ports.handlers import Confidence, FormatHandler
from lineage_registry.testing.formats import MemoryFiles


class Animal:
    pass


class Dog(Animal):
    pass


class AnimalHandler(FormatHandler):
    name = "animals"
    classes = (f"{Animal.__module__}.Animal",)
    failure = None

    def _detect(self, files):
        if self.failure:
            raise self.failure
        return Confidence.NONE

    def _inspect(self, files):
        return Inspection(format=self.name, verdict=Verdict.SAFE, bytes=0)

    def _load(self, folder, **options):
        raise self.failure

    def _save(self, obj, folder, **options):
        raise self.failure


class DogHandler(AnimalHandler):
    name = "dogs"
    classes = (f"{Dog.__module__}.Dog",)


class OtherDogHandler(DogHandler):
    name = "other-dogs"


def point(name, value):
    return EntryPoint(name, value, "lineage_registry.handlers")


def announced(monkeypatch, tmp_path, **modules):
    """A registry beside which packages announce handlers, each from a module of its own."""
    monkeypatch.syspath_prepend(tmp_path)
    points = []
    for name, code in modules.items():
        monkeypatch.delitem(sys.modules, f"announced_{name}", raising=False)
        (tmp_path / f"announced_{name}.py").write_text(code)
        points.append(point(name, f"announced_{name}:Handler"))
    return HandlerRegistry([AnimalHandler()], announced=lambda: points)


WORKING = """
from lineage_registry.formats.plain_files import PlainFilesHandler
class Handler(PlainFilesHandler):
    name = "working"
"""


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        ({"w": np.ones(1)}, "safetensors"),
        ({"w": torch.ones(1)}, "safetensors"),
        ({"w": torch.nn.Parameter(torch.ones(1))}, "safetensors"),
        (torch.nn.Linear(1, 1), "safetensors"),
        (torch.nn.Linear(1, 1).state_dict(), "safetensors"),
        ({"model": {"w": torch.ones(1)}, "epoch": 1}, "pytorch"),
        ([torch.ones(1)], "pytorch"),
    ],
    ids=["arrays", "tensors", "parameters", "module", "state", "checkpoint", "list"],
)
def test_a_model_goes_to_the_handler_of_its_kind(obj, name):
    assert handlers().for_object(obj).name == name


@pytest.mark.parametrize(
    "obj",
    [object(), {}, {"a": 1}, 3, None, {"w": np.ones(1), "n": 1}],
    ids=["object", "empty", "numbers", "number", "nothing", "mixture"],
)
def test_an_object_of_no_kind_is_an_unknown_format(obj):
    with pytest.raises(UnknownFormatError) as error:
        handlers().for_object(obj)
    assert error.value.hint


def test_a_path_stands_for_the_files_that_lie_there(tmp_path):
    handlers().by_name("safetensors").save({"w": np.ones(1)}, tmp_path)
    assert handlers().for_object(tmp_path).name == "safetensors"
    assert handlers().for_object(str(tmp_path / "model.safetensors")).name == "safetensors"
    (tmp_path / "note.txt").write_text("words")
    assert handlers().for_object(tmp_path / "note.txt").name == "files"
    with pytest.raises(NotFoundError):
        handlers().for_object(tmp_path / "nothing")


def test_the_most_specific_class_decides():
    registry = HandlerRegistry([AnimalHandler(), DogHandler()])
    assert registry.for_object(Dog()).name == "dogs"
    assert registry.for_object(Animal()).name == "animals"


def test_a_tie_is_an_error_that_names_both():
    registry = HandlerRegistry([DogHandler(), OtherDogHandler()])
    with pytest.raises(AmbiguousFormatError, match="dogs, other-dogs"):
        registry.for_object(Dog())


def test_two_formats_in_one_folder_are_ambiguous_until_one_is_named(tmp_path):
    state = {"w": torch.ones(1)}
    handlers().by_name("safetensors").save(state, tmp_path)
    handlers().by_name("pytorch").save(state, tmp_path)
    with pytest.raises(AmbiguousFormatError, match="pytorch, safetensors"):
        handlers().inspect(LocalFiles(tmp_path))
    found = handlers().by_name("safetensors").inspect(LocalFiles(tmp_path))
    assert found.verdict is Verdict.NOT_INSPECTABLE
    assert list(handlers().by_name("safetensors").load(tmp_path)) == ["w"]


def test_an_empty_folder_is_plain_files(tmp_path):
    assert handlers().inspect(LocalFiles(tmp_path)).format == "files"


def test_a_name_is_given_once():
    registry = handlers()
    assert {"files", "pytorch", "safetensors"} <= set(registry.names())
    registry.add(AnimalHandler())
    assert registry.by_name("animals").name == "animals"
    with pytest.raises(AlreadyExistsError):
        registry.add(AnimalHandler())
    with pytest.raises(AlreadyExistsError):
        HandlerRegistry([AnimalHandler(), AnimalHandler()])


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(UnknownFormatError) as error:
        handlers().by_name("papyrus")
    assert "files, " in error.value.hint


def test_an_announced_handler_is_loaded_when_first_needed(monkeypatch, tmp_path):
    registry = announced(monkeypatch, tmp_path, working=WORKING)
    assert registry.names() == ["animals", "working"]
    assert registry.by_name("animals").name == "animals"
    assert "announced_working" not in sys.modules
    assert registry.by_name("working").name == "working"
    assert registry.detect(MemoryFiles({"a": b""})).name == "working"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import a_library_that_is_not_there", "a_library_that_is_not_there"),
        ("raise SystemError('odd')", "odd"),
        ("x = 1", "Handler"),
        ("Handler = dict", "not a FormatHandler"),
        (WORKING.replace('"working"', '"another"'), "another"),
        (WORKING.replace('"working"', "None"), "Handler has no name"),
        (WORKING + "    def __init__(self): raise OSError('no')\n", "no"),
    ],
    ids=["import", "raises", "no class", "no handler", "other name", "no name", "no start"],
)
def test_a_broken_announcement_names_itself_and_spoils_nothing(code, why, monkeypatch, tmp_path):
    registry = announced(monkeypatch, tmp_path, broken=code)
    assert registry.for_object(Animal()).name == "animals"
    assert registry.names() == ["animals", "broken"]
    with pytest.raises(FormatError, match="announced_broken") as error:
        registry.by_name("broken")
    assert why in str(error.value)
    with pytest.raises(UnknownFormatError) as unknown:
        registry.for_object(3)
    assert unknown.value.context["left_out"] == ["broken"]


@pytest.mark.parametrize(
    ("thing", "wrong"),
    [
        (object(), "an object of the class object is not a FormatHandler"),
        (None, "an object of the class NoneType is not a FormatHandler"),
        (DogHandler, "DogHandler is a class and not a FormatHandler: hand in an instance"),
        (type("Bare", (AnimalHandler,), {"name": ""})(), "Bare has no name (str)"),
        (type("Odd", (AnimalHandler,), {"name": 7})(), "Odd has no name (str)"),
    ],
)
def test_what_is_no_handler_is_refused_with_what_a_handler_has(thing, wrong):
    registry = HandlerRegistry([AnimalHandler()])
    for take in (registry.add, lambda one: HandlerRegistry([one])):
        with pytest.raises(InvalidInputError) as error:
            take(thing)
        assert error.value.message == wrong
        assert "lineage_registry.ports.handlers.FormatHandler, with name" in error.value.hint
        assert "_detect, _inspect, _load, _save" in error.value.hint
    assert registry.names() == ["animals"]


@pytest.mark.parametrize("thing", [object(), Converter, AnimalHandler()])
def test_what_is_no_conversion_is_refused_with_what_a_conversion_has(thing):
    registry = HandlerRegistry()
    with pytest.raises(InvalidInputError, match="not a Converter") as error:
        registry.add_converter(thing)
    assert "with name, sources, target and the methods _convert" in error.value.hint
    assert registry.conversions() == []


def test_a_name_announced_twice_is_nobodys(monkeypatch, tmp_path):
    points = [point("twin", "a:A"), point("twin", "b:B")]
    registry = HandlerRegistry([AnimalHandler()], announced=lambda: points)
    with pytest.raises(FormatError, match="two packages"):
        registry.by_name("twin")
    with pytest.raises(AlreadyExistsError):
        registry.add(type("Twin", (AnimalHandler,), {"name": "twin"})())


def test_a_built_in_name_cannot_be_taken_over():
    registry = HandlerRegistry([AnimalHandler()], announced=lambda: [point("animals", "a:A")])
    assert isinstance(registry.by_name("animals"), AnimalHandler)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (ValueError("odd"), UnreadableArtifactError),
        (OSError(28, "No space left on device"), StorageFullError),
        (RecursionError(), UnreadableArtifactError),
        (NotInstalledError("no"), NotInstalledError),
    ],
    ids=str,
)
def test_a_failure_inside_a_handler_is_a_package_error(failure, kind, tmp_path):
    handler = AnimalHandler()
    handler.failure = failure
    with pytest.raises(kind):
        handler.load(tmp_path)
    with pytest.raises(kind):
        handler.save(Animal(), tmp_path)


def test_a_handler_that_fails_to_detect_does_not_stop_the_others():
    registry = handlers()
    failing = AnimalHandler()
    failing.failure = ValueError("odd")
    registry.add(failing)
    assert registry.detect(MemoryFiles({"a": b"words"})).name == "files"


def test_a_missing_library_says_which_extra_brings_it():
    with pytest.raises(NotInstalledError) as error:
        require("a_library_that_is_not_there", extra="torch")
    assert "lineage-registry[torch]" in error.value.hint


def test_a_folder_is_read_as_sorted_relative_paths(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_bytes(b"123")
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    files = LocalFiles(tmp_path)
    assert files.paths() == ["a", "b/c", "link"]
    assert files.size("b/c") == 3
    for outside in ("../a", "b", "pipe", "/etc/hostname"):
        with pytest.raises(ArtifactNotFoundError):
            files.open(outside)


def test_plain_files_are_copied_in_and_given_back_as_a_folder(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "below").mkdir(parents=True)
    (source / "below" / "a.bin").write_bytes(b"\0\1")
    handler = handlers().by_name("files")
    handler.save(source, target)
    assert handler.load(target) == target
    assert (target / "below" / "a.bin").read_bytes() == b"\0\1"
    with pytest.raises(InvalidInputError):
        handler.save(3, target)


def test_one_file_is_asked_for_where_there_are_several(tmp_path):
    for name in ("a.pt", "b.pt"):
        torch.save({"w": torch.tensor([ord(name[0])])}, tmp_path / name)
    handler = handlers().by_name("pytorch")
    with pytest.raises(InvalidInputError) as error:
        handler.load(tmp_path)
    assert error.value.hint == "file= one of: a.pt, b.pt"
    assert handler.load(Path(tmp_path), file="b.pt")["w"].item() == ord("b")
    with pytest.raises(InvalidInputError):
        handler.load(tmp_path, file="../b.pt")
