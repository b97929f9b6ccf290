"""What the handlers say of good files: counts, ties, element types; and what that costs."""

import io
import json
import struct
import subprocess
import sys
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import InvalidInputError, UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.formats import LocalFiles
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus.large_files import SPARSE


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.head = torch.nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight


def pytorch_bytes(obj, **options) -> bytes:
    stream = io.BytesIO()
    torch.save(obj, stream, **options)
    return stream.getvalue()


def inspected(content: bytes):
    found = handlers().inspect(MemoryFiles({"model": content}))
    assert found.verdict is Verdict.SAFE, found.reasons
    return found


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_tied_weights_count_once_and_each_name_is_listed(new):
    state = Tied().state_dict()
    found = inspected(pytorch_bytes(state, _use_new_zipfile_serialization=new))
    assert found.tensors == len(state) == 7
    assert (found.parameters, found.buffers) == (40 + 2 * 4, 2 * 4 + 1)
    assert found.dtypes == {"float32": 56, "int64": 1}
    assert [summary.name for summary in found.listed] == list(state)
    assert found.listed[0].shape == (10, 4)


def test_the_same_weights_count_alike_in_safetensors_and_come_back_tied(tmp_path):
    model = Tied()
    handlers().for_object(model).save(model, tmp_path)
    found = handlers().inspect(LocalFiles(tmp_path))
    assert (found.format, found.parameters, found.buffers) == ("safetensors", 48, 9)
    assert found.tensors == 6
    loaded = handlers().by_name("safetensors").load(tmp_path)
    assert loaded["head.weight"].data_ptr() == loaded["embed.weight"].data_ptr()
    model.load_state_dict(loaded)


def test_views_of_one_storage_count_what_they_show_at_most_what_there_is():
    whole = torch.arange(12.0)
    state = {"rows": whole.reshape(3, 4), "columns": whole.reshape(3, 4).T, "some": whole[:4]}
    assert inspected(pytorch_bytes(state)).parameters == 12
    assert inspected(pytorch_bytes({"some": whole[2:5]})).parameters == 3
    expanded = {"e": torch.ones(1).expand(1000)}
    assert inspected(pytorch_bytes(expanded)).parameters == 1


@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.uint8, torch.bool),
        *(torch.complex64, torch.uint16, torch.uint32, torch.float8_e4m3fn, torch.float8_e5m2),
    ],
    ids=str,
)
def test_every_element_type_is_counted_under_its_name(dtype, tmp_path):
    state = {"w": torch.zeros(3, 2).to(dtype)}
    name = str(dtype).removeprefix("torch.")
    assert inspected(pytorch_bytes(state)).dtypes == {name: 6}
    handlers().by_name("safetensors").save(state, tmp_path)
    assert handlers().inspect(LocalFiles(tmp_path)).dtypes == {name: 6}


GOOD = {
    "optimizer": lambda: torch.optim.Adam(Tied().parameters()).state_dict(),
    "parameter": lambda: {"p": torch.nn.Parameter(torch.ones(3))},
    "ordered": lambda: OrderedDict([("a", torch.ones(1)), ("b", torch.zeros(0))]),
    "numbers": lambda: {"epoch": 3, "loss": 0.5, "names": ["a"], "done": True, "none": None},
    "dtype": lambda: {"dtype": torch.float16, "device": torch.device("cpu"), "s": torch.Size([1])},
    "tensor": lambda: torch.ones(2, 3),
    "sets": lambda: {"s": {1, 2}, "b": b"bytes", "c": 1 + 2j},
    "sparse": lambda: {"s": torch.eye(3).to_sparse()},
}


@pytest.mark.filterwarnings("ignore:Validating sparse tensor invariants")
@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_what_torch_loads_as_weights_only_is_not_refused(make, new):
    content = pytorch_bytes(make(), _use_new_zipfile_serialization=new)
    torch.load(io.BytesIO(content), weights_only=True)
    inspected(content)


def test_what_is_called_safe_is_what_torch_loads(tmp_path):
    handlers().by_name("pytorch").save(Tied(), tmp_path)
    loaded = handlers().by_name("pytorch").load(tmp_path, mmap=True, map_location="cpu")
    assert list(loaded) == list(Tied().state_dict())


def test_a_checkpoint_that_could_not_be_loaded_again_is_not_saved(tmp_path):
    with pytest.raises(UnsafeArtifactError, match="Linear"):
        handlers().by_name("pytorch").save({"model": torch.nn.Linear(1, 1)}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_saved_twice_has_the_same_bytes(tmp_path):
    state = {"w": torch.arange(4.0)}
    for folder in ("a", "b"):
        handlers().by_name("pytorch").save(state, tmp_path / folder)
    assert (tmp_path / "a/model.pt").read_bytes() == (tmp_path / "b/model.pt").read_bytes()


def test_shards_are_counted_and_loaded_together(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.ones(3, "f4")}, tmp_path / "model-00001-of-00002.safetensors")
    save_file({"b": np.ones(4, "f2")}, tmp_path / "model-00002-of-00002.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {}}))
    found = handlers().inspect(LocalFiles(tmp_path))
    assert (found.verdict, found.tensors, found.dtypes) == (
        Verdict.SAFE,
        2,
        {"float16": 4, "float32": 3},
    )
    assert sorted(handlers().by_name("safetensors").load(tmp_path, framework="np")) == ["a", "b"]


def test_two_files_with_the_same_tensor_are_not_mixed(tmp_path):
    from safetensors.numpy import save_file

    for name in ("a", "b"):
        save_file({"w": np.ones(3, "f4")}, tmp_path / name)
    with pytest.raises(UnreadableArtifactError, match="two files"):
        handlers().by_name("safetensors").load(tmp_path)


@pytest.mark.parametrize("framework", ["np", "pt"])
def test_the_framework_can_be_chosen(framework, tmp_path):
    handler = handlers().by_name("safetensors")
    handler.save({"w": np.arange(3, dtype="f4")}, tmp_path)
    kind = {"np": np.ndarray, "pt": torch.Tensor}[framework]
    assert isinstance(handler.load(tmp_path, framework=framework)["w"], kind)


@pytest.mark.parametrize("options", [{"framework": "jax"}, {"framework": ["np"]}], ids=str)
def test_a_framework_that_is_not_there_is_bad_input(options, tmp_path):
    handler = handlers().by_name("safetensors")
    handler.save({"w": np.arange(3, dtype="f4")}, tmp_path)
    with pytest.raises(InvalidInputError):
        handler.load(tmp_path, **options)


@pytest.mark.parametrize(
    "obj",
    [
        {"w": np.array([object()])},
        {"w": np.array(["text"])},
        {"w": torch.ones(2), "epoch": 3},
        {1: torch.ones(2)},
        {"w": torch.eye(2).to_sparse()},
        {"w": torch.ones(2, device="meta")},
    ],
    ids=["objects", "text", "more", "key", "sparse", "meta"],
)
def test_what_safetensors_cannot_hold_is_bad_input(obj, tmp_path):
    with pytest.raises(InvalidInputError):
        handlers().by_name("safetensors").save(obj, tmp_path)
    assert not list(tmp_path.iterdir())


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import numpy as np
from pathlib import Path
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.formats import LocalFiles
import lineage_registry.formats.safetensors.handler as module
module.installed = lambda name: False
model = {"w": np.arange(3.0)}
folder = Path(sys.argv[1])
handlers().for_object(model).save(model, folder)
print(handlers().detect(LocalFiles(folder)).load(folder)["w"].tolist())
try:
    handlers().by_name("pytorch").save(model, folder)
except ImportError as error:
    print(error.code, error.hint)
"""


def test_arrays_need_no_torch_and_what_needs_it_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "[0.0, 1.0, 2.0]",
        "extra-not-installed pip install 'lineage-registry[torch]'",
    ]


def sparse_zip(path: Path, storages: int, size: int) -> None:
    """Write a checkpoint of so many storages of float32, as holes in the file."""
    crc = zeros_crc(size)
    pickled = many_tensors(storages, size // 4)
    directory = b""
    with path.open("wb") as file:
        for name, data, length, checksum in [
            (b"archive/data.pkl", pickled, len(pickled), zlib.crc32(pickled)),
            (b"archive/version", b"3", 1, zlib.crc32(b"3")),
            *((b"archive/data/%d" % number, b"", size, crc) for number in range(storages)),
        ]:
            offset = file.tell()
            lengths = (checksum, length, length, len(name), 0)
            file.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", 0, 0, 0, 0, 0, *lengths) + name)
            file.write(data)
            file.seek(offset + 30 + len(name) + length)
            directory += struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 0, 0, 0, 0, 0, 0, *lengths, 0, 0, 0, 0, offset
            )
            directory += name
        start, count = file.tell(), storages + 2
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
        file.write(directory + end)


def zeros_crc(size: int) -> int:
    crc, piece = 0, bytes(1 << 20)
    for _ in range(size // len(piece)):
        crc = zlib.crc32(piece, crc)
    return zlib.crc32(bytes(size % len(piece)), crc)


def many_tensors(count: int, elements: int) -> bytes:
    def text(value: bytes) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value

    def one(number: int) -> bytes:
        reference = text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"%d" % number)
        reference += text(b"cpu") + b"J" + struct.pack("<i", elements) + b"tQ"
        rest = b"K\x00J" + struct.pack("<i", elements) + b"\x85K\x01\x85\x89}t"
        called = b"ctorch._utils\n_rebuild_tensor_v2\n((" + reference + rest + b"R"
        return text(b"layer.%d" % number) + called

    return b"\x80\x02}(" + b"".join(map(one, range(count))) + b"u."


MEASURED = """
import sys, time
from pathlib import Path
# What getrusage says as a peak may be that of the process that started this one.
def peak(): return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
import pydantic
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.formats import LocalFiles
registry = handlers()
before = peak()
# Of the processor: a busy machine makes everybody wait, and that says nothing.
start = time.process_time()
found = registry.inspect(LocalFiles(sys.argv[1]))
seconds = time.process_time() - start
again = time.process_time()
registry.inspect(LocalFiles(sys.argv[1]))
seconds = min(seconds, time.process_time() - again)
heavy = sorted({"torch", "numpy", "safetensors"} & sys.modules.keys())
print(found.parameters, seconds * 1000, peak() - before, heavy, found.verdict.value)
"""


@pytest.mark.parametrize("kind", ["pytorch", *SPARSE])
def test_a_checkpoint_of_a_gigabyte_is_inspected_in_moments(kind, tmp_path):
    path = tmp_path / "model"
    if kind == "pytorch":
        sparse_zip(path, 256, 4 << 20)
    else:
        SPARSE[kind](path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True
    )
    if kind == "pytorch":
        assert torch.load(path, weights_only=True, mmap=True)["layer.3"].shape == (1 << 20,)
    parameters, milliseconds, megabytes, rest = done.stdout.split(" ", 3)
    assert int(parameters) == 1 << 28
    assert rest.split() == ["[]", "safe"]
    assert float(megabytes) <= 30
    assert float(milliseconds) <= 50
