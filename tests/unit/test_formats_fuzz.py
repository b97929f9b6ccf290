"""Whatever the bytes are, looking at them gives an answer, soon, and never another exception."""

import contextlib
import gzip
import io
import pickle
import struct
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as save_arrays

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import FormatError
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.containers.limits import Budget
from lineage_registry.formats.containers.lz4_frames import lz4_pieces
from lineage_registry.formats.containers.packed import unpacked_pieces
from lineage_registry.formats.containers.tar_walk import walk_tar
from lineage_registry.formats.hdf5.walk import read_hdf5
from lineage_registry.formats.numpy.header import read_array_header
from lineage_registry.formats.pickles.gate import BoundedReader, read_pickle
from lineage_registry.formats.pickles.objects import read_objects
from lineage_registry.formats.pytorch.export_form import read_export
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.pytorch.legacy_form import MAGIC, read_legacy
from lineage_registry.formats.pytorch.script_form import read_script
from lineage_registry.formats.pytorch.tensors import Storages, call
from lineage_registry.formats.pytorch.zip_form import read_zip
from lineage_registry.formats.safetensors.header import read_header
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus.good_torch_family import keras_file, npy, program, script
from tests.corpus.making import lz4_of, tar_of, zip_of

SECONDS = 2.0


def saved(**options) -> bytes:
    stream = io.BytesIO()
    state = {"w": torch.arange(6.0).reshape(2, 3), "t": [torch.ones(1), {"n": 1, "s": "x"}]}
    torch.save(state, stream, **options)
    return stream.getvalue()


ZIP, LEGACY = saved(), saved(_use_new_zipfile_serialization=False)
TENSORS = save_arrays({"w": torch.arange(6.0).numpy()}, metadata={"a": "b"})


def packed(stream: io.BytesIO, _: int) -> None:
    for _piece in unpacked_pieces(stream, FileKind.GZIP, Budget()):
        pass


READERS = {
    "tar": (lambda stream, size: list(walk_tar(stream, size)), tar_of({"a/b": ZIP, "c": b"words"})),
    "hdf5": (read_hdf5, keras_file(".h5")),
    "npy": (lambda stream, _: read_array_header(stream), npy(np.ones((2, 3)))),
    "script": (read_script, script(traced=False)),
    "program": (read_export, program(dynamic=True)),
    "objects": (lambda stream, _: read_objects(stream), pickle.dumps({"a": np.ones(3)}, 4)),
    "lz4": (lambda stream, _: list(lz4_pieces(stream.read)), lz4_of(LEGACY)),
    "gzip": (packed, gzip.compress(LEGACY)),
    "zip": (read_zip, ZIP),
    "legacy": (read_legacy, LEGACY),
    "safetensors": (read_header, TENSORS),
}
patiently = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def mutations(draw, good: bytes):
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        act = draw(st.sampled_from(["set", "insert", "cut", "drop", "copy", "number"]))
        if act == "set" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        elif act == "insert":
            data[at:at] = draw(st.binary(max_size=9))
        elif act == "cut":
            del data[at:]
        elif act == "drop":
            del data[at : at + draw(st.integers(1, 40))]
        elif act == "copy":
            data[at:at] = data[at : at + draw(st.integers(1, 40))]
        elif act == "number":
            number = draw(st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]))
            data[at : at + 8] = struct.pack("<Q", number)
    return bytes(data)


def read_without_surprise(read, data: bytes) -> None:
    started = time.monotonic()
    with contextlib.suppress(FormatError):
        read(io.BytesIO(data), len(data))
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
@patiently
def test_a_good_file_changed_at_random_reads_or_is_a_format_error(kind, data):
    read, good = READERS[kind]
    read_without_surprise(read, data.draw(mutations(good)))


@pytest.mark.parametrize("kind", READERS)
@given(noise=st.binary(max_size=400))
@patiently
def test_noise_reads_or_is_a_format_error(kind, noise):
    read, _ = READERS[kind]
    read_without_surprise(read, noise)
    read_without_surprise(read, {"legacy": MAGIC, "zip": b"PK\x03\x04"}.get(kind, b"") + noise)


OPCODES = sorted(
    code for code in vars(pickle).values() if isinstance(code, bytes) and len(code) == 1
)


@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from(OPCODES),
            st.binary(max_size=4),
            st.sampled_from([b"ccollections\nOrderedDict\n", b"cposix\nsystem\n", b"X\1\0\0\0a"]),
            st.just(b"ctorch._utils\n_rebuild_tensor_v2\n"),
        ),
        max_size=40,
    )
)
@example(parts=[b"ctorch._utils\n_rebuild_tensor_v2\n", b")", b"R", b"."])
@example(parts=[b"ctorch._utils\n_rebuild_tensor_v2\n", b"(NNNNt", b"R", b"."])
@example(parts=[b"ccollections\nOrderedDict\n", b"K\1\x85", b"R", b"."])
@example(parts=[b"ctorch._tensor\n_rebuild_from_type_v2\n", b"(NNNt", b"R", b"."])
@patiently
def test_any_row_of_instructions_reads_or_is_a_format_error(parts):
    def read(stream, size):
        read_pickle(BoundedReader(stream, size), call=call, persistent=Storages().refer)

    read_without_surprise(read, b"".join(parts))


@given(parts=st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary()
    | st.floats(allow_nan=False), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    | st.tuples(inner, inner), max_leaves=20), protocol=st.integers(2, 5))  # fmt: skip
@patiently
def test_plain_data_of_every_protocol_passes_the_gate(parts, protocol):
    data = pickle.dumps(parts, protocol)
    stream = io.BytesIO(data)
    _, asked = read_pickle(BoundedReader(stream, len(data)), call=call, persistent=Storages().refer)
    assert stream.tell() == len(data)
    assert not asked - {("builtins", "bytearray"), ("_codecs", "encode"), ("__builtin__", "bytes")}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@given(data=st.data())
@patiently
def test_whatever_is_called_safe_torch_loads_or_refuses_without_harm(data):
    content = data.draw(mutations(data.draw(st.sampled_from([ZIP, LEGACY]))))
    found = PyTorchHandler().inspect(MemoryFiles({"m": content}))
    assert isinstance(found, Inspection)
    assert Inspection.model_validate_json(found.model_dump_json()) == found
    if found.verdict is Verdict.SAFE:
        # torch knows fewer instructions than the gate does, and says so; nothing else may happen.
        with contextlib.suppress(pickle.UnpicklingError):
            torch.load(io.BytesIO(content), weights_only=True)


@given(content=st.binary(max_size=200), name=st.sampled_from(["m.pt", "m.safetensors", "m"]))
@patiently
def test_every_file_has_an_inspection(content, name):
    found = handlers().inspect(MemoryFiles({name: content}))
    assert found.bytes == len(content)
    assert found.verdict is not Verdict.SAFE or found.tensors is not None


WRAPPED = [
    tar_of({"m.pt": ZIP, "words": b"words"}),
    tar_of({"m.pt": LEGACY}, "w:gz"),
    zip_of([("a/m.pt", ZIP), ("b", b"words")]),
    zip_of([("m.pt", LEGACY)], compression=8),
    zip_of([("a.npy", npy(np.ones(3))), ("b.npy", npy(np.ones(2, "i4")))]),
    keras_file(".keras"),
    gzip.compress(pickle.dumps([1, 2], 4)),
]


@given(data=st.data())
@patiently
def test_an_archive_changed_at_random_has_an_inspection(data):
    content = data.draw(mutations(data.draw(st.sampled_from(WRAPPED))))
    started = time.monotonic()
    found = handlers().inspect(MemoryFiles({"m": content}))
    assert time.monotonic() - started < SECONDS
    assert Inspection.model_validate_json(found.model_dump_json()) == found
