"""A misspelt keyword is refused by every method that writes: nothing is done for it."""

import inspect
from pathlib import Path

import pytest

from lineage_registry import Registry, connect

WRITERS = sorted(
    name
    for name, method in inspect.getmembers(Registry, inspect.isfunction)
    if not name.startswith("_") and "how" in inspect.signature(method).parameters
)
GIVEN = {
    "name": "classifier",
    "reference": "classifier:1",
    "references": ["classifier:1"],
    "version": "classifier:1",
    "stage": "Production",
    "stages": ["Staging"],
    "alias": "champion",
    "model": {"files": "nothing"},
    "data": b"nothing",
    "items": [],
    "metrics": {"accuracy": 1.0},
    "on": "classifier:1",
    "taint": 1,
    "kind": "poisoned",
    "licence": "MIT",
    "obligations": [],
    "obligation": "attribution",
    "because": "it is ours",
    "source": Path("nowhere"),
    "to": "onnx",
    "run_id": "train",
}
OF_FAMILIES = {"delete", "remove_alias", "restore", "update"}


@pytest.fixture
def registry():
    with connect("memory://") as registry:
        registry.register("classifier")
        registry.register("classifier")
        registry.promote("classifier:1", "Production")
        registry.promote("classifier:2", "Production")
        yield registry


@pytest.mark.parametrize("name", WRITERS)
def test_no_method_that_writes_takes_a_keyword_that_it_does_not_know(registry, name):
    method = getattr(registry, name)
    given = {**GIVEN, "reference": "classifier"} if name in OF_FAMILIES else GIVEN
    needed = [
        parameter
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty and parameter.name != "how"
    ]
    places = [given.get(one.name, "x") for one in needed if one.kind is not one.KEYWORD_ONLY]
    named = {one.name: given.get(one.name, "x") for one in needed if one.kind is one.KEYWORD_ONLY}
    before = registry.status().revision
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'resaon'.* reason, key"):
        method(*places, **named, resaon="a slip")
    assert registry.status().revision == before


def test_a_dry_run_with_a_slip_is_no_rollback(registry):
    with pytest.raises(TypeError, match="'dryrun'"):
        registry.rollback("classifier", dryrun=True)
    assert registry.version("models:/classifier/Production").number == 2


def test_many_methods_write():
    assert {"rollback", "register", "register_many", "convert", "import_rows"} <= set(WRITERS)
