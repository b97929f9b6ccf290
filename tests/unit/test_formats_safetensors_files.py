"""Safetensors in several files, and what loading them can be asked for."""

import json

import numpy as np
import pytest
import torch

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.safetensors.handler import SafetensorsHandler

HANDLER = SafetensorsHandler()


def test_shards_have_an_index_and_load_as_one(tmp_path):
    whole = torch.arange(300.0).reshape(100, 3)
    state = {"a": whole, "b": torch.ones(10), "tied": whole, "c": torch.zeros(5, dtype=torch.int64)}
    HANDLER.save(state, tmp_path, max_shard_size="1KB")
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    names = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert names == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert index["weight_map"] == {"a": names[0], "b": names[1], "c": names[1]}
    assert index["metadata"] == {"total_parameters": 315, "total_size": 1280}
    loaded = HANDLER.load(tmp_path)
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)
    assert loaded["tied"].data_ptr() == loaded["a"].data_ptr()


def test_arrays_are_sharded_too(tmp_path):
    HANDLER.save({"a": np.ones(100), "b": np.zeros(100)}, tmp_path, max_shard_size=800)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert HANDLER.load(tmp_path)["a"].sum() == 100


def test_floats_are_cast_and_numbers_are_not(tmp_path):
    HANDLER.save({"w": torch.ones(2), "n": torch.ones(2, dtype=torch.int64)}, tmp_path)
    for dtype in (torch.bfloat16, "bfloat16", "torch.bfloat16"):
        loaded = HANDLER.load(tmp_path, dtype=dtype, device="cpu")
        assert (loaded["w"].dtype, loaded["n"].dtype) == (torch.bfloat16, torch.int64)


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "int8"},
        {"dtype": "no-such"},
        {"framework": "np", "dtype": "float16"},
        {"framework": "np", "device": "cuda"},
        {"framework": "tf"},
        {"device": "no-such"},
        {"device": "cuda:4711"},
    ],
)
def test_what_cannot_be_asked_for_is_said(tmp_path, options):
    HANDLER.save({"w": torch.ones(2)}, tmp_path)
    with pytest.raises(InvalidInputError):
        HANDLER.load(tmp_path, **options)


@pytest.mark.parametrize("size", ["", "5 miles", 0, -1, "0GB", 1.5, True])
def test_a_size_of_shards_that_is_none_is_said(tmp_path, size):
    with pytest.raises(InvalidInputError, match="size"):
        HANDLER.save({"w": torch.ones(2)}, tmp_path, max_shard_size=size)
