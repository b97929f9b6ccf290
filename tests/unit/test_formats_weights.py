"""The digest of tensors: one function, whatever file they lie in."""

import hashlib
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.testing.formats import MemoryFiles


def by_torch(items):
    """The definition, with torch: what the streamed digest must be equal to."""
    top = hashlib.sha256()
    for name, tensor in sorted(items):
        flat = tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1)
        raw = flat.view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        content = hashlib.sha256(raw).hexdigest()
        top.update(json.dumps([name, str(tensor.dtype), list(tensor.shape), content]).encode())
    return f"sha256:{top.hexdigest()}"


def model():
    torch.manual_seed(3)
    whole = torch.randn(4, 6, 2)
    return {
        "w": whole,
        "turned": whole.permute(2, 0, 1),
        "tied": whole,
        "every-other": whole[:, ::2],
        "spread": torch.arange(3.0).expand(5, 3),
        "half": torch.randn(7).to(torch.bfloat16),
        "flags": torch.tensor([True, False]),
        "number": torch.tensor(3),
        "empty": torch.zeros(0, 3),
        "complex": torch.randn(3, 2, dtype=torch.complex128).T,
    }


def digest(handler, folder):
    return str(handler.weights(LocalFiles(folder)))


def written(folder, handler, obj, **options):
    handler.save(obj, folder, **options)
    return folder


def test_every_form_of_a_file_has_the_digest_of_the_definition(tmp_path):
    state = {name: tensor for name, tensor in model().items() if name != "complex"}
    expected = by_torch(state.items())
    places = {
        "one": (SafetensorsHandler(), {}),
        "sharded": (SafetensorsHandler(), {"max_shard_size": 100}),
        "zip": (PyTorchHandler(), {}),
    }
    for name, (handler, options) in places.items():
        folder = written(tmp_path / name, handler, state, **options)
        assert digest(handler, folder) == expected, name
    (tmp_path / "legacy").mkdir()
    torch.save(state, tmp_path / "legacy" / "old.pt", _use_new_zipfile_serialization=False)
    assert digest(PyTorchHandler(), tmp_path / "legacy") == expected
    assert len(list((tmp_path / "sharded").glob("model-*.safetensors"))) > 2


def test_the_name_of_the_file_and_what_lies_beside_the_weights_do_not_count(tmp_path):
    state = {"w": torch.arange(6.0).reshape(2, 3).T, "b": torch.ones(2, dtype=torch.float16)}
    expected = by_torch(state.items())
    for key in ("state_dict", "model_state_dict", "model", "module"):
        optimizer = {"state": {0: {"exp_avg": torch.zeros(3)}}}
        torch.save({"epoch": 3, key: state, "optimizer": optimizer}, tmp_path / "renamed.bin")
        assert digest(PyTorchHandler(), tmp_path / "renamed.bin") == expected


def test_complex_numbers_too_wide_for_safetensors_are_read_from_a_checkpoint(tmp_path):
    state = model()
    torch.save(state, tmp_path / "m.pt")
    assert digest(PyTorchHandler(), tmp_path / "m.pt") == by_torch(state.items())


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state["w"].view(-1)[:1].add_(1e-3),
        lambda state: state.update(v=state.pop("w")),
        lambda state: state.update(w=state["w"].reshape(6, 1)),
        lambda state: state.update(w=state["w"].double()),
        lambda state: state.update(more=torch.ones(1)),
    ],
)
def test_a_name_a_type_a_shape_a_number_and_one_more_tensor_each_count(tmp_path, change):
    state = {"w": torch.arange(6.0).reshape(2, 3)}
    torch.save(state, tmp_path / "before.pt")
    change(state)
    torch.save(state, tmp_path / "after.pt")
    handler = PyTorchHandler()
    assert digest(handler, tmp_path / "before.pt") != digest(handler, tmp_path / "after.pt")


def test_arrays_of_numpy_have_the_digest_of_the_same_tensors(tmp_path):
    array = np.arange(6, dtype=">f4").reshape(2, 3).T
    folder = written(tmp_path / "np", SafetensorsHandler(), {"w": array})
    assert digest(SafetensorsHandler(), folder) == by_torch(
        {"w": torch.from_numpy(array.astype("<f4"))}.items()
    )


def test_views_without_end_are_not_read(tmp_path):
    """A file of a few bytes that says it has gigabytes."""
    torch.save({"w": torch.zeros(1).expand(2**30)}, tmp_path / "bomb.pt")
    files = MemoryFiles({"bomb.pt": (tmp_path / "bomb.pt").read_bytes()})
    assert PyTorchHandler().weights(files) is None


def test_a_checkpoint_without_tensors_has_none(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "m.pt")
    assert PyTorchHandler().weights(LocalFiles(tmp_path / "m.pt")) is None


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.sampled_from(["float32", "float16", "int8", "int64", "complex64"]),
    st.randoms(use_true_random=False),
)
def test_any_view_is_read_as_torch_reads_it(tmp_path_factory, shape, dtype, random):
    axes = list(range(len(shape)))
    random.shuffle(axes)
    tensor = torch.randn(2, *shape).to(getattr(torch, dtype))[1].permute(axes)
    steps = [slice(random.randrange(2), None, random.choice([1, 2])) for _ in shape]
    view = tensor[tuple(steps)]
    place = tmp_path_factory.mktemp("view") / "m.pt"
    torch.save({"v": view}, place)
    assert digest(PyTorchHandler(), place) == by_torch([("v", view)])
