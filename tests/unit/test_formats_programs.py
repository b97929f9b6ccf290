"""Exported programs: loaded if nothing in them is evaluated, imported or unpickled."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.pytorch.program_rules import reasons_against
from lineage_registry.formats.pytorch.programs import FILE, load_program, save_program


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 4, 3)
        self.norm = torch.nn.BatchNorm2d(4)

    def forward(self, x):
        y = self.norm(self.conv(x)).relu().mean((2, 3))
        return torch.cat([y, y])[: x.shape[0] + 1]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    torch.manual_seed(0)
    model = Net().eval()
    sizes = {"x": {0: torch.export.Dim("batch", min=2, max=64), 2: torch.export.Dim.AUTO}}
    program = torch.export.export(model, (torch.randn(4, 1, 8, 8),), dynamic_shapes=sizes)
    folder = tmp_path_factory.mktemp("program")
    save_program(program, folder)
    return model, folder / FILE


def test_a_program_computes_what_its_model_did(saved, tmp_path):
    model, place = saved
    program = load_program(place)
    inputs = torch.randn(6, 1, 9, 8)
    assert torch.equal(program.module()(inputs), model(inputs))
    assert program.example_inputs[0][0].shape == (4, 1, 8, 8)
    (tmp_path / "no-suffix").write_bytes(place.read_bytes())
    load_program(tmp_path / "no-suffix")


class Marked(torch.Tensor):
    pass


def rewritten(place: Path, target: Path, change) -> Path:
    """The same zip, stored, with some of its members changed."""
    with zipfile.ZipFile(place) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            below = name.partition("/")[2]
            after.writestr(name, change(below, before.read(name)))
    return target


def in_json(act):
    def change(name, data):
        if not name.startswith("models/"):
            return data
        program = json.loads(data)
        act(program["graph_module"]["graph"])
        return json.dumps(program).encode()

    return change


def evaluates(text):
    def act(graph):
        for value in graph["sym_int_values"].values():
            value["as_expr"]["expr_str"] = text

    return in_json(act)


def calls(target):
    return in_json(lambda graph: graph["nodes"][0].update(target=target))


def imports(name):
    context = json.dumps({"__enum__": True, "fqn": f"{name}:X", "name": "Y"})
    spec = json.dumps([1, {"type": "builtins.list", "context": context, "children_spec": []}])
    hidden = spec.replace("__enum__", r"\\u005f_enum__")
    return in_json(lambda graph: graph["nodes"][0].setdefault("metadata", {}).update(spec=hidden))


CANARY = "__import__('os').mkdir('canary')"


class Evil:
    def __reduce__(self):
        return os.mkdir, ("canary",)


def as_sample(data):
    return lambda name, old: data if name.startswith("data/sample_inputs/") else old


def as_pickled_weights(name, data):
    if name == "data/weights/model_weights_config.json":
        config = json.loads(data)
        next(iter(config["config"].values()))["use_pickle"] = True
        return json.dumps(config).encode()
    return evil_checkpoint() if name == "data/weights/weight_0" else data


def evil_checkpoint():
    stream = io.BytesIO()
    torch.save(Evil(), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (evaluates(CANARY), "evaluated as Python"),
        (evaluates("Max(1, (lambda: 1)())"), "evaluated as Python"),
        (evaluates("Integer(1).__class__"), "evaluated as Python"),
        (evaluates("Symbol('s0', positive=__import__)"), "evaluated as Python"),
        (evaluates("Integer(1)if Integer(1)else 2"), "evaluated as Python"),
        (calls("torch.os.system"), "none of torch's own"),
        (calls("torch.hub.load"), "none of torch's own"),
        (calls("_operator.attrgetter"), "none of torch's own"),
        (calls("torch.ops.aten.save"), "opens files"),
        (calls("torch.ops.aten.from_file.default"), "opens files"),
        (imports("antigravity"), "names a module to import"),
        (as_sample(evil_checkpoint()), "unpickled without restriction"),
        (as_sample(pickle.dumps(Evil())), "unpickled without restriction"),
        (as_pickled_weights, "unpickled without restriction"),
    ],
)
def test_what_would_run_is_refused_before_it_does(saved, tmp_path, monkeypatch, change, said):
    monkeypatch.chdir(tmp_path)
    place = rewritten(saved[1], tmp_path / "bad.pt2", change)
    with pytest.raises(UnsafeArtifactError, match=said):
        load_program(place)
    assert not (tmp_path / "canary").exists()


def test_the_danger_is_real(saved, tmp_path, monkeypatch):
    """The library itself evaluates the size of a stranger; else these rules would be idle."""
    monkeypatch.chdir(tmp_path)
    place = rewritten(saved[1], tmp_path / "bad.pt2", evaluates(CANARY))
    with place.open("rb") as stream:
        assert reasons_against(stream, place.stat().st_size)
    with pytest.raises(Exception):  # noqa: B017 - whatever it makes of a size that is None
        load_program(place, trusted=True)
    assert (tmp_path / "canary").exists()


def test_a_program_that_keeps_a_pickle_is_not_saved(tmp_path):
    class Holder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("b", torch.ones(2))

        def forward(self, x):
            return x + self.b

    program = torch.export.export(Holder(), (torch.ones(2),))
    program.state_dict["b"] = torch.ones(2).as_subclass(Marked)
    with pytest.raises(UnsafeArtifactError, match="loaded again"):
        save_program(program, tmp_path)
    assert list(tmp_path.iterdir()) == []
