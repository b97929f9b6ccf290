"""The rules that every format handler keeps, as a suite to run on your own.

Derive from `FormatHandlerContract`, name your handler and a model that it saves, and let pytest
collect the class; or from `InspectOnlyContract`, with files instead of a model, if your handler
only looks. No rule can be overridden; a handler that cannot keep one is not a handler.
"""

import io
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, final

import pytest

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import (
    ArtifactNotFoundError,
    FormatError,
    InvalidInputError,
    RegistryError,
)
from lineage_registry.ports.filesets import FileSet, LocalFiles, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler

HEAVY = frozenset(
    {"catboost", "h5py", "joblib", "keras", "lightgbm", "numpy", "onnx", "onnxruntime", "pandas"}
    | {"safetensors", "sklearn", "skops", "tensorflow", "torch", "transformers", "xgboost"}
)
"""Libraries that looking into a file must not import."""

_UNKNOWN_OPTION = "an-option-that-nobody-has"


class MemoryFiles:
    """A file set without a disk, as one over a remote store is; counts what is read."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self._contents = dict(sorted(contents.items()))
        self.opened: list[str] = []

    def paths(self) -> list[str]:
        """Return the names of all files, sorted."""
        return list(self._contents)

    def size(self, path: str) -> int:
        """Return the size of one file in bytes."""
        return len(self._content(path))

    def open(self, path: str) -> BinaryIO:
        """Return one file, seekable."""
        self.opened.append(path)
        return io.BytesIO(self._content(path))

    def _content(self, path: str) -> bytes:
        if path not in self._contents:
            raise ArtifactNotFoundError(f"there is no file {path!r}")
        return self._contents[path]


class ReadingContract(ABC):
    """What every handler promises of files that it looks into, one test for each promise."""

    @abstractmethod
    def make_handler(self) -> FormatHandler:
        """Return the handler under test."""

    @abstractmethod
    def _files(self, folder: Path) -> LocalFiles:
        """Return files of the format, written below a folder."""

    @final
    def test_it_has_a_name_and_speaks_of_classes_by_dotted_names(self) -> None:
        handler = self.make_handler()
        assert handler.name == handler.name.strip().lower()
        assert handler.name
        assert all("." in dotted for dotted in handler.classes)

    @final
    def test_it_claims_nothing_that_it_never_heard_of(self) -> None:
        assert self.make_handler().claim(object()) is None

    @final
    def test_it_knows_its_file_by_content_whatever_the_name(self, tmp_path: Path) -> None:
        contents = _contents(self._files(tmp_path))
        if len(contents) != 1:
            return
        (content,) = contents.values()
        for name in ("renamed", "renamed.txt", "renamed.bin"):
            assert self.make_handler().detect(MemoryFiles({name: content})) >= Confidence.SOME_FILES

    @final
    def test_it_does_not_take_a_file_for_its_own_by_the_suffix(self, tmp_path: Path) -> None:
        for path in self._files(tmp_path).paths():
            for content in (b"", b"plain words\n"):
                found = self.make_handler().detect(MemoryFiles({path: content}))
                assert found <= Confidence.ANYTHING

    @final
    def test_it_does_not_take_an_empty_folder_for_its_own(self) -> None:
        assert self.make_handler().detect(MemoryFiles({})) <= Confidence.ANYTHING

    @final
    def test_an_inspection_names_the_format_and_counts_every_byte(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        found = self.make_handler().inspect(files)
        assert found.format == self.make_handler().name
        assert found.bytes == total_size(files)
        assert found.verdict is not Verdict.REFUSED

    @final
    def test_an_inspection_adds_up(self, tmp_path: Path) -> None:
        found = self.make_handler().inspect(self._files(tmp_path))
        if found.parameters is not None:
            apart = (found.buffers or 0) + (found.scales or 0)
            assert sum(found.dtypes.values()) == found.parameters + apart
        assert found.truncated or len(found.listed) == (found.tensors or 0)
        assert (found.verdict is Verdict.SAFE) == (not found.reasons)

    @final
    def test_an_inspection_survives_json(self, tmp_path: Path) -> None:
        found = self.make_handler().inspect(self._files(tmp_path))
        assert Inspection.model_validate_json(found.model_dump_json()) == found

    @final
    def test_an_inspection_imports_no_framework(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        with _without(HEAVY):
            found = self.make_handler().inspect(files)
            sure = self.make_handler().detect(files)
        assert found == self.make_handler().inspect(files)
        assert sure == self.make_handler().detect(files)

    @final
    def test_an_inspection_needs_no_local_disk(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        remote = MemoryFiles(_contents(files))
        assert self.make_handler().inspect(remote) == self.make_handler().inspect(files)

    @final
    def test_an_inspection_leaves_the_files_as_they_are(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        before = _contents(files)
        self.make_handler().inspect(files)
        assert _contents(LocalFiles(files.root)) == before

    @final
    def test_a_mere_beginning_is_not_called_safe(self, tmp_path: Path) -> None:
        contents = _contents(self._files(tmp_path))
        largest = max(contents, key=lambda path: len(contents[path]))
        for length in (0, 1, 7):
            cut = MemoryFiles({**contents, largest: contents[largest][:length]})
            assert self.make_handler().inspect(cut).verdict is not Verdict.SAFE

    def __init_subclass__(cls) -> None:
        """Refuse a class that bends a rule, itself or through another it inherits from."""
        super().__init_subclass__()
        rules = {
            name: rule
            for contract in reversed(cls.__mro__)
            if contract.__module__ == __name__
            for name, rule in vars(contract).items()
            if name.startswith("test_")
        }
        bent = [name for name, rule in rules.items() if getattr(cls, name) is not rule]
        if bent:
            raise TypeError(f"{cls.__name__} overrides {sorted(bent)}; fix the handler instead")


class FormatHandlerContract(ReadingContract):
    """What a handler that saves and loads promises besides."""

    @abstractmethod
    def make_model(self) -> object:
        """Return a small model that the handler saves."""

    @abstractmethod
    def same(self, saved: Any, loaded: Any) -> bool:
        """Return whether what was loaded is what was saved."""

    @final
    def _files(self, folder: Path) -> LocalFiles:
        self.make_handler().save(self.make_model(), folder / "saved")
        return LocalFiles(folder / "saved")

    @final
    def test_it_claims_the_model_that_it_saves(self) -> None:
        assert self.make_handler().claim(self.make_model()) is not None

    @final
    def test_what_it_saves_it_loads_again(self, tmp_path: Path) -> None:
        model = self.make_model()
        self.make_handler().save(model, tmp_path / "saved")
        assert self.same(model, self.make_handler().load(tmp_path / "saved"))

    @final
    def test_it_is_sure_of_what_it_saved(self, tmp_path: Path) -> None:
        assert self.make_handler().detect(self._files(tmp_path)) >= Confidence.SOME_FILES

    @final
    def test_a_file_that_was_cut_off_is_not_called_safe(self, tmp_path: Path) -> None:
        contents = _contents(self._files(tmp_path))
        largest = max(contents, key=lambda path: len(contents[path]))
        whole = contents[largest]
        for length in (len(whole) // 2, len(whole) - 1):
            cut = MemoryFiles({**contents, largest: whole[:length]})
            assert self.make_handler().inspect(cut).verdict is not Verdict.SAFE

    @final
    def test_a_file_that_was_cut_off_is_a_format_error_to_load(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        largest = max(files.paths(), key=files.size)
        os.truncate(files.place(largest), files.size(largest) // 2)
        assert _refuses(FormatError, lambda: self.make_handler().load(files.root))

    @final
    def test_an_unknown_option_is_refused(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        option: dict[str, Any] = {_UNKNOWN_OPTION: 1}
        handler, model = self.make_handler(), self.make_model()
        assert _refuses(InvalidInputError, lambda: handler.load(files.root, **option))
        assert _refuses(InvalidInputError, lambda: handler.save(model, files.root, **option))

    @final
    def test_an_object_that_it_cannot_save_is_a_package_error(self, tmp_path: Path) -> None:
        assert _refuses(
            RegistryError, lambda: self.make_handler().save(object(), tmp_path / "nothing")
        )

    @final
    def test_others_may_read_what_it_saves_as_they_may_any_new_file(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        ordinary = tmp_path / "ordinary"
        ordinary.touch()
        modes = {files.place(path).stat().st_mode for path in files.paths()}
        assert modes == {ordinary.stat().st_mode}


class InspectOnlyContract(ReadingContract):
    """What a handler that only looks promises besides."""

    @abstractmethod
    def make_files(self) -> dict[str, bytes]:
        """Return small files of the format, by path."""

    @final
    def _files(self, folder: Path) -> LocalFiles:
        for path, content in self.make_files().items():
            place = folder / "made" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return LocalFiles(folder / "made")

    @final
    def test_it_is_sure_of_its_files(self, tmp_path: Path) -> None:
        assert self.make_handler().detect(self._files(tmp_path)) >= Confidence.SOME_FILES

    @final
    def test_it_says_that_it_loads_nothing(self, tmp_path: Path) -> None:
        files = self._files(tmp_path)
        trusted = self.make_handler().inspect(files).verdict is Verdict.NEEDS_TRUST
        with pytest.raises(RegistryError, match=r"not loaded|no way to load"):
            self.make_handler().load(files.root, trusted=trusted)

    @final
    def test_it_says_that_it_saves_nothing(self, tmp_path: Path) -> None:
        assert self.make_handler().claim(object()) is None
        with pytest.raises(InvalidInputError):
            self.make_handler().save(object(), tmp_path / "nothing")


def _contents(files: FileSet) -> dict[str, bytes]:
    contents = {}
    for path in files.paths():
        with files.open(path) as stream:
            contents[path] = stream.read()
    return contents


def _refuses(kind: type[RegistryError], act: Any) -> bool:
    try:
        act()
    except kind:
        return True
    return False


@contextmanager
def _without(names: frozenset[str]) -> Iterator[None]:
    """Make importing these libraries fail, even those that are loaded already."""
    hidden = {
        name: module for name, module in sys.modules.items() if name.partition(".")[0] in names
    }
    for name in hidden:
        del sys.modules[name]
    blocked: dict[str, Any] = dict.fromkeys(names)
    sys.modules.update(blocked)
    try:
        yield
    finally:
        for name in blocked:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
