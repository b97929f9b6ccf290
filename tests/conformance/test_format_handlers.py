"""The shipped handlers keep the rules, and the rules can be broken."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.ports.filesets import total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler
from lineage_registry.testing.formats import FormatHandlerContract


class TestSafetensorsOfArrays(FormatHandlerContract):
    def make_handler(self):
        return SafetensorsHandler()

    def make_model(self):
        shared = np.arange(6, dtype="float32")
        return {"a": shared, "tied": shared, "n": np.array(3), "big": np.arange(4, dtype=">i4")}

    def same(self, saved, loaded):
        return saved.keys() == loaded.keys() and all(
            np.array_equal(saved[name], loaded[name]) and saved[name].shape == loaded[name].shape
            for name in saved
        )


class TestSafetensorsOfTensors(FormatHandlerContract):
    def make_handler(self):
        return SafetensorsHandler()

    def make_model(self):
        whole = torch.arange(12.0).reshape(3, 4)
        return {"w": whole, "t": whole.T, "row": whole[1], "b": torch.ones(2, dtype=torch.bfloat16)}

    def same(self, saved, loaded):
        return same_tensors(saved, loaded)


class TestSafetensorsOfModules(FormatHandlerContract):
    def make_handler(self):
        return SafetensorsHandler()

    def make_model(self):
        torch.manual_seed(1)
        return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))

    def same(self, saved, loaded):
        return same_tensors(saved.state_dict(), loaded)


class TestPyTorch(FormatHandlerContract):
    def make_handler(self):
        return PyTorchHandler()

    def make_model(self):
        return {"model": {"w": torch.arange(6.0)}, "epoch": 3, "rates": [0.1, 0.2]}

    def same(self, saved, loaded):
        rest = {"epoch": 3, "rates": [0.1, 0.2]}
        return same_tensors(saved["model"], loaded.pop("model")) and loaded == rest


def same_tensors(saved, loaded):
    return saved.keys() == loaded.keys() and all(
        torch.equal(saved[name], loaded[name]) and saved[name].dtype == loaded[name].dtype
        for name in saved
    )


class Words:
    def __init__(self, text):
        self.text = text


class WordsHandler(FormatHandler):
    """A small honest handler, the ground that the saboteurs stand on."""

    name = "words"
    classes = (f"{Words.__module__}.Words",)

    def _detect(self, files):
        return Confidence.ALL_FILES if self._mine(files) else Confidence.NONE

    def _mine(self, files):
        return [path for path in files.paths() if self._head(files, path).startswith(b'{"words')]

    def _head(self, files, path):
        with files.open(path) as stream:
            return stream.read(20)

    def _inspect(self, files):
        for path in self._mine(files) or files.paths():
            with files.open(path) as stream:
                json.loads(stream.read())
        return Inspection(
            format=self.name, verdict=Verdict.SAFE, bytes=total_size(files), tensors=0
        )

    def _load(self, folder, **options):
        return Words(json.loads((folder / "words.json").read_text())["words"])

    def _save(self, obj, folder, **options):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "words.json").write_text(json.dumps({"words": obj.text}))


def contract_of(handler_class):
    class OfWords(FormatHandlerContract):
        def make_handler(self):
            return handler_class()

        def make_model(self):
            return Words("hello")

        def same(self, saved, loaded):
            return saved.text == loaded.text

    return OfWords


def broken_rules(contract, folder: Path) -> set[str]:
    broken = set()
    for name, rule in inspect.getmembers(contract, inspect.isfunction):
        if not name.startswith("test_"):
            continue
        place = folder / name
        place.mkdir()
        arguments = {"tmp_path": place} if "tmp_path" in inspect.signature(rule).parameters else {}
        try:
            rule(contract(), **arguments)
        except Exception:  # noqa: BLE001 - any failure breaks the rule
            broken.add(name.removeprefix("test_"))
    return broken


class BySuffix(WordsHandler):
    def _mine(self, files):
        return [path for path in files.paths() if path.endswith(".json")]


class TakesAll(WordsHandler):
    def _detect(self, files):
        return Confidence.ALL_FILES


class WrongBytes(WordsHandler):
    def _inspect(self, files):
        return super()._inspect(files).model_copy(update={"bytes": 1})


class ImportsTheFramework(WordsHandler):
    def _inspect(self, files):
        import torch  # noqa: F401

        return super()._inspect(files)


class CallsEverythingSafe(WordsHandler):
    def _inspect(self, files):
        return Inspection(format="words", verdict=Verdict.SAFE, bytes=total_size(files), tensors=0)


class NeedsADisk(WordsHandler):
    def _inspect(self, files):
        files.place("words.json")
        return super()._inspect(files)


class LeavesTraces(WordsHandler):
    def _inspect(self, files):
        found = super()._inspect(files)
        if hasattr(files, "root"):
            (files.root / "cache").write_text("seen")
        return found


class ShutsOthersOut(WordsHandler):
    def _save(self, obj, folder, **options):
        super()._save(obj, folder)
        (folder / "words.json").chmod(0o600)


class ForgetsHalf(WordsHandler):
    def _save(self, obj, folder, **options):
        super()._save(Words(obj.text[:2]), folder)


class TakesAnyOption(WordsHandler):
    load_options = save_options = frozenset({"an-option-that-nobody-has"})


class DoesNotAddUp(WordsHandler):
    def _inspect(self, files):
        return super()._inspect(files).model_copy(update={"parameters": 3})


class ClaimsEverything(WordsHandler):
    classes = ("builtins.object",)


class ClaimsNothing(WordsHandler):
    classes = ()


class Shouts(WordsHandler):
    name = "WORDS"


@pytest.mark.parametrize(
    ("handler", "rules"),
    [
        (WordsHandler, set()),
        (
            BySuffix,
            {
                "it_knows_its_file_by_content_whatever_the_name",
                "it_does_not_take_a_file_for_its_own_by_the_suffix",
            },
        ),
        (
            TakesAll,
            {
                "it_does_not_take_a_file_for_its_own_by_the_suffix",
                "it_does_not_take_an_empty_folder_for_its_own",
            },
        ),
        (WrongBytes, {"an_inspection_names_the_format_and_counts_every_byte"}),
        (ImportsTheFramework, {"an_inspection_imports_no_framework"}),
        (
            CallsEverythingSafe,
            {
                "a_file_that_was_cut_off_is_not_called_safe",
                "a_mere_beginning_is_not_called_safe",
            },
        ),
        (NeedsADisk, {"an_inspection_needs_no_local_disk"}),
        (LeavesTraces, {"an_inspection_leaves_the_files_as_they_are"}),
        (ShutsOthersOut, {"others_may_read_what_it_saves_as_they_may_any_new_file"}),
        (ForgetsHalf, {"what_it_saves_it_loads_again"}),
        (TakesAnyOption, {"an_unknown_option_is_refused"}),
        (DoesNotAddUp, {"an_inspection_adds_up"}),
        (ClaimsEverything, {"it_claims_nothing_that_it_never_heard_of"}),
        (ClaimsNothing, {"it_claims_the_model_that_it_saves"}),
        (Shouts, {"it_has_a_name_and_speaks_of_classes_by_dotted_names"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_each_saboteur_breaks_exactly_its_rules(handler, rules, tmp_path):
    assert broken_rules(contract_of(handler), tmp_path) == rules


def test_a_suite_that_bends_a_rule_cannot_be_written():
    with pytest.raises(TypeError, match="overrides"):

        class Bent(FormatHandlerContract):
            def test_what_it_saves_it_loads_again(self):
                pass


def test_a_suite_that_inherits_a_bent_rule_cannot_be_written():
    class Soft:
        test_what_it_saves_it_loads_again = None

    with pytest.raises(TypeError, match="overrides"):

        class Bent(Soft, FormatHandlerContract):
            pass
