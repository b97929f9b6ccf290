"""Sets of very many files, and files that are named very often: looked into in bounded time."""

import gzip
import hashlib
import io
import json
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

import lineage_registry
from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats import door
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.containers.limits import MAX_UNPACKED, budget_for
from lineage_registry.formats.gguf.header import read_header
from lineage_registry.formats.numpy import arrays
from lineage_registry.formats.pickles import handler
from lineage_registry.ports import commands as c
from lineage_registry.ports.filesets import remembering
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus.cases import CANARY
from tests.processor import timed

SYSTEM = b"cposix\nsystem\n(V" + f"touch {CANARY}".encode() + b"\ntR."


class Blobs(MemoryFiles):
    """Files of which the digests are known."""

    def identity(self, path: str) -> object:
        with self.open(path) as stream:
            return hashlib.sha256(stream.read()).hexdigest()


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which pickles were read."""
    paths: list[str] = []
    real = handler.read_pickled

    def read(files, path, budget):
        paths.append(path)
        return real(files, path, budget)

    monkeypatch.setattr(handler, "read_pickled", read)
    return paths


def test_bytes_that_are_named_often_are_looked_into_once(looked):
    packed = gzip.compress(pickle.dumps(list(range(100))))
    many = {f"f{number}": packed for number in range(50)}
    assert handlers().inspect(Blobs(many)).verdict is Verdict.NEEDS_TRUST
    assert len(looked) <= 2
    looked.clear()
    found = handlers().inspect(Blobs({**many, "a.txt": b"words"}))
    assert found.verdict is Verdict.NEEDS_TRUST
    assert len(looked) <= 2


def test_arrays_are_read_once_whoever_looks_and_however_often_they_are_named(monkeypatch):
    read: list[object] = []
    real = arrays.read_array_header

    def header(stream):
        read.append(stream)
        return real(stream)

    monkeypatch.setattr(arrays, "read_array_header", header)
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros((2, 3)), b=np.ones(4))
    many = {f"f{number}.npz": stream.getvalue() for number in range(50)}
    found = handlers().inspect(Blobs(many))
    assert (found.tensors, found.parameters, found.listed[0].name) == (100, 500, "a")
    assert len(read) == 2
    read.clear()
    assert handlers().inspect(Blobs({**many, "a.txt": b"words"})).parameters == 500
    assert len(read) == 2
    read.clear()
    single = io.BytesIO()
    np.save(single, np.ones(3))
    found = handlers().inspect(Blobs({"a.npy": single.getvalue(), "b.npy": single.getvalue()}))
    assert [one.name for one in found.listed] == ["a", "b"]
    assert len(read) == 1


def test_registering_looks_once_at_bytes_that_are_named_often(looked):
    with lineage_registry.connect("memory://") as registry:
        one = registry.artifacts.put(io.BytesIO(pickle.dumps({"a": 1})))
        other = registry.artifacts.put(io.BytesIO(b"words"))
        files = [
            c.File(path=f"f{number}", digest=str(one.digest), size=one.size) for number in range(50)
        ]
        files.append(c.File(path="a.txt", digest=str(other.digest), size=other.size))
        made = registry.sender.write(
            c.RegisterVersion, {}, space="models", name="x", files=files, create=True
        )
    assert made.facts["verdict"] == "needs-trust"
    assert len(looked) <= 2


def test_all_files_of_a_set_share_what_may_be_unpacked():
    files = remembering(MemoryFiles({"a": b"a" * 100}))
    first, second = budget_for(files), budget_for(files)
    first.take_bytes(MAX_UNPACKED)
    second.take_bytes(2_000)
    with pytest.raises(UnsafeArtifactError, match="together"):
        second.take_bytes(1)


def test_many_arrays_are_no_reason_to_refuse(monkeypatch):
    monkeypatch.setattr(door, "_MAX_LOOKED_AT", 3)
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    arrays = {f"{number}.npy": stream.getvalue() for number in range(6)}
    assert handlers().inspect(MemoryFiles(arrays)).verdict is Verdict.SAFE


def test_more_files_than_are_looked_at_are_said_not_to_be(monkeypatch):
    monkeypatch.setattr(door, "_MAX_LOOKED_AT", 3)
    packed = {f"{number}.gz": gzip.compress(b"%d" % number) for number in range(5)}
    found = handlers().inspect(MemoryFiles({**packed, "a.txt": b"words"}))
    assert found.verdict is Verdict.NOT_INSPECTABLE
    assert "nobody looked into 2 more files that may bring code" in found.reasons
    found = handlers().inspect(MemoryFiles({**packed, "z": SYSTEM}))
    assert found.verdict is Verdict.REFUSED


def test_a_header_of_gguf_holds_a_bounded_amount_of_text():
    def text(data: bytes) -> bytes:
        return struct.pack("<Q", len(data)) + data

    piece = text(b"\xff" * (1 << 20))
    count = 64
    pairs = (text(b"k%d" % number) + struct.pack("<I", 8) + piece for number in range(count))
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, count) + b"".join(pairs)
    tracemalloc.start()
    try:
        with pytest.raises(UnsafeArtifactError, match="bytes of text"):
            read_header(io.BytesIO(data), len(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 1024 * 1024


def test_a_package_of_core_ml_that_lists_much_is_read_in_line_with_its_size():
    names = [f"z{number:06}" for number in range(10_000)]
    listed = {"itemInfoEntries": {name: {"path": name} for name in names}}
    files = {"Manifest.json": json.dumps(listed).encode()}
    files |= {f"Data/{name}": b"a" for name in names}
    _, took = timed(lambda: handlers().inspect(MemoryFiles(files)))
    assert took < 4
