"""Files to look into: hostile ones and good ones, each made by a small function.

A module of this package that defines generators is listed in `MODULES`; a generator is a function
without arguments under `@hostile(...)` or `@good(...)` that returns the files of one case.
"""

from importlib import import_module

from tests.corpus.cases import Case, good_cases, hostile_cases

MODULES = (
    "torch_files",
    "onnx_files",
    "tensor_files",
    "huggingface_files",
    "tree_files",
    "other_files",
    "bundle_files",
    "coreml_files",
    "good_torch_family",
    "hostile_containers",
    "hostile_pickles",
)
"""Where cases are made; importing them imports frameworks."""


def all_hostile() -> list[Case]:
    """Return every hostile case."""
    _import()
    return hostile_cases()


def all_good() -> list[Case]:
    """Return every good case."""
    _import()
    return good_cases()


def _import() -> None:
    for name in MODULES:
        import_module(f"{__name__}.{name}")
