"""Files made to run code or to break a reader: none runs, none is called safe, none surprises."""

import io
import pickle
import re
import struct
import tarfile
import warnings
import zipfile
import zlib

import numpy as np
import pytest
import torch

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import FormatError, UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.containers.stored_zip import Member, check_layout
from lineage_registry.formats.pytorch.legacy_form import MAGIC
from lineage_registry.ports.formats import LocalFiles
from lineage_registry.testing.formats import MemoryFiles

CANARY = "canary-was-here"


def command():
    return f"touch {CANARY}".encode()


def text(value: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value


CALL = text(command()) + b"\x85R."
OPEN = text(b"open('canary-was-here', 'w')") + b"tR."
ODD_BUILD = b"}" + text(b"__setattr__") + b"cposix\nsystem\nsb."
PAYLOADS = {
    "global": b"cposix\nsystem\n" + CALL,
    "stack global": b"\x80\x04" + text(b"posix") + text(b"system") + b"\x93" + CALL,
    "inst": b"(" + text(command()) + b"iposix\nsystem\n.",
    "obj": b"(cposix\nsystem\n" + text(command()) + b"o.",
    "extension": b"\x82\x01" + CALL,
    "broken tail": b"cposix\nsystem\n(" + text(command()) + b"tR\xff\xff",
    "newobj": b"\x80\x02cposix\nsystem\n" + text(command()) + b"\x85\x81.",
    "newobj_ex": b"\x80\x04cposix\nsystem\n" + text(command()) + b"\x85}\x92.",
    "builtins eval": b"cbuiltins\neval\n(" + OPEN,
    "python 2 eval": b"c__builtin__\neval\n(" + OPEN,
    "dotted name": b"\x80\x04" + text(b"torch") + text(b"os.system") + b"\x93" + CALL,
    "resolve name": b"cpkgutil\nresolve_name\n(" + text(b"os:system") + b"tR.",
    "build on a global": b"ccollections\nOrderedDict\n" + ODD_BUILD,
    "calls a result": b"ccollections\nOrderedDict\n)R" + b")R.",
    "persistent id": b"Pposix.system\n.",
}


@pytest.fixture(autouse=True)
def canary(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / CANARY).exists()


def good_zip() -> bytes:
    stream = io.BytesIO()
    torch.save({"w": torch.arange(6.0), "n": torch.tensor(3)}, stream)
    return stream.getvalue()


def zip_of(members, **options) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", **options) as file:
        warnings.simplefilter("ignore")
        for name, data in members:
            file.writestr(name, data)
    return stream.getvalue()


def rebuilt_zip(**changes) -> bytes:
    """A checkpoint written again by zipfile, with members changed (None: left out) or added."""
    with zipfile.ZipFile(io.BytesIO(good_zip())) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
    for part, data in changes.items():
        members[f"archive/{part}"] = data
    return zip_of((name, data) for name, data in members.items() if data is not None)


def legacy(payload: bytes, rest: bytes = b"") -> bytes:
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    start = (
        pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps(system, 2)
    )
    return start + payload + rest


def patched(data: bytes, magic: bytes, at: int, value: bytes, which: int = 0) -> bytes:
    place = [found.start() for found in re.finditer(re.escape(magic), data)][which] + at
    return data[:place] + value + data[place + len(value) :]


def tensors_file(header: bytes, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + body


def good_safetensors() -> bytes:
    return tensors_file(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8))


class Bomb:
    def __reduce__(self):
        import os

        return os.system, (command().decode(),)


def object_array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([Bomb()], dtype=object), allow_pickle=True)
    return stream.getvalue()


def refused(content: bytes, name: str = "model.bin"):
    found = handlers().inspect(MemoryFiles({name: content}))
    assert found.verdict is Verdict.REFUSED
    assert found.reasons
    return found


def refused_to_load(content: bytes, folder):
    folder.mkdir()
    (folder / "model.bin").write_bytes(content)
    handler = handlers().detect(LocalFiles(folder))
    with pytest.raises((UnsafeArtifactError, UnreadableArtifactError)):
        handler.load(folder)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_inside_a_zip_checkpoint_is_refused(payload, tmp_path):
    content = rebuilt_zip(**{"data.pkl": payload})
    assert refused(content).format == "pytorch"
    refused_to_load(content, tmp_path / "folder")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_inside_a_legacy_checkpoint_is_refused(payload, tmp_path):
    content = legacy(payload, pickle.dumps([], 2))
    assert refused(content).format == "pytorch"
    refused_to_load(content, tmp_path / "folder")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_is_a_bare_pickle_is_refused(payload):
    marked = payload if payload.startswith(b"\x80") else b"\x80\x02" + payload
    assert refused(marked).format == "pickle"


@pytest.mark.parametrize("place", range(5))
def test_a_payload_in_any_of_the_legacy_pickles_is_refused(place):
    stream = io.BytesIO()
    torch.save({"w": torch.ones(2)}, stream, _use_new_zipfile_serialization=False)
    stream.seek(0)
    ends = []
    import pickletools

    for _ in range(5):
        list(pickletools.genops(stream))
        ends.append(stream.tell())
    data = stream.getvalue()
    start = 0 if place == 0 else ends[place - 1]
    payload = b"\x80\x02" + PAYLOADS["global"]
    refused(data[:start] + payload + data[ends[place] :])


def test_a_second_pickle_after_the_first_is_refused():
    following = pickle.dumps({}, 2) + PAYLOADS["global"]
    refused(rebuilt_zip(**{"data.pkl": following}))
    refused(following)


def test_a_whole_pickled_model_needs_trust_and_is_not_loaded(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pt")
    files = LocalFiles(tmp_path / "whole.pt")
    found = handlers().inspect(files)
    assert found.verdict is Verdict.NEEDS_TRUST
    assert "torch.nn.modules.linear.Linear" in found.globals
    assert found.parameters == 6
    with pytest.raises(UnsafeArtifactError, match=r"torch\.nn\.modules\.linear\.Linear") as error:
        handlers().detect(files).load(tmp_path)
    assert error.value.hint


@pytest.mark.parametrize("which", range(8))
@pytest.mark.parametrize(
    ("magic", "at", "value"),
    [
        (b"PK\x01\x02", 8, b"\x01\x08"),
        (b"PK\x01\x02", 16, b"\xff\x00\xff\x00"),
        (b"PK\x01\x02", 10, b"\x08\x00"),
        (b"PK\x01\x02", 46, b"elsewhere"),
        (b"PK\x03\x04", 30, b"elsewhere"),
        (b"PK\x03\x04", 6, b"\x01\x08"),
        (b"PK\x03\x04", 8, b"\x08\x00"),
        (b"PK\x01\x02", 24, b"\x0a\x00\x00\x00"),
        (b"PK\x01\x02", 42, b"\x01\x00\x00\x00"),
    ],
    ids=[
        "encrypted",
        "checksum",
        "compressed",
        "central name",
        "local name",
        "local flag",
        "local method",
        "size",
        "offset",
    ],
)
def test_a_zip_that_contradicts_itself_is_refused(magic, at, value, which, tmp_path):
    content = patched(good_zip(), magic, at, value, which)
    refused(content)
    refused_to_load(content, tmp_path / "folder")


@pytest.mark.parametrize(
    "content",
    [
        rebuilt_zip(**{"config.p": PAYLOADS["global"]}),
        rebuilt_zip(**{"data/../../evil": b"x"}),
        zip_of([("archive/data.pkl", b"}."), ("archive/data.pkl", PAYLOADS["global"])]),
        zip_of([("archive/data.pkl", b"}."), ("other/version", b"3")]),
        zip_of([("archive/data.pkl", b"}.")], compression=zipfile.ZIP_DEFLATED),
        zip_of([("archive/data.pkl", bytes(200_000_000))], compression=zipfile.ZIP_DEFLATED),
        good_zip() + b"more",
        b"PK\x03\x04" + good_zip(),
        good_zip()[:-30],
        good_zip()[: len(good_zip()) // 2],
        rebuilt_zip(version=None),
        rebuilt_zip(**{"data/0": None}),
        rebuilt_zip(**{"data/0": bytes(8)}),
    ],
    ids=[
        "another pickle",
        "a name that climbs",
        "two of one name",
        "two roots",
        "compressed",
        "bomb",
        "followed",
        "preceded",
        "no end",
        "half",
        "no version",
        "no storage",
        "short storage",
    ],
)
def test_a_container_that_breaks_a_rule_is_refused(content, tmp_path):
    refused(content)
    refused_to_load(content, tmp_path / "folder")


def test_members_that_overlap_are_refused():
    data = bytearray(good_zip())
    centrals = [found.start() for found in re.finditer(b"PK\x01\x02", bytes(data))]
    data[centrals[5] + 42 : centrals[5] + 46] = data[centrals[4] + 42 : centrals[4] + 46]
    refused(bytes(data))


def test_a_payload_byte_in_data_pkl_that_does_not_fit_the_checksum_is_refused():
    data = good_zip()
    at = data.index(b"FloatStorage")
    assert refused(data[:at] + b"D" + data[at + 1 :]).broken


@pytest.mark.parametrize(
    ("shape", "offset"),
    [((7,), 0), ((2,), 5), ((1 << 40,), 0), ((1 << 62, 1 << 62), 0)],
    ids=["longer", "further", "huge", "overflow"],
)
def test_a_tensor_that_reaches_outside_of_its_storage_is_refused(shape, offset):
    dims = b"".join(b"\x8a\x08" + struct.pack("<q", size) for size in shape)
    ones = b"K\x01" * len(shape)
    body = (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(("
        + text(b"storage") + b"ctorch\nFloatStorage\n"
        + text(b"0") + text(b"cpu") + b"K\x06tQK" + bytes([offset]) + b"(" + dims + b"t(" + ones
        + b"t\x89ccollections\nOrderedDict\n)RtR."
    )  # fmt: skip
    found = refused(rebuilt_zip(**{"data.pkl": body}))
    assert "outside" in found.reasons[0]


@pytest.mark.parametrize("name", ["model", "model.bin", "model.safetensors", "model.txt"])
def test_a_name_changes_nothing(name):
    hostile = rebuilt_zip(**{"data.pkl": PAYLOADS["global"]})
    assert refused(hostile, name).reasons == refused(hostile).reasons
    assert refused(b"\x80\x02" + PAYLOADS["global"], name).format == "pickle"
    good = handlers().inspect(MemoryFiles({name: good_zip()}))
    assert (good.format, good.verdict) == ("pytorch", Verdict.SAFE)
    good = handlers().inspect(MemoryFiles({name: good_safetensors()}))
    assert (good.format, good.verdict) == ("safetensors", Verdict.SAFE)


@pytest.mark.parametrize(
    "content",
    [object_array(), zlib.compress(b"\x80\x04" + PAYLOADS["global"]), PAYLOADS["global"]],
    ids=["object npy", "zlib joblib", "protocol 0"],
)
def test_a_hidden_pickle_is_refused_and_never_read(content, tmp_path):
    refused(content, "scaler.joblib")
    found = handlers().inspect(MemoryFiles({"scaler.joblib": content}), "files")
    assert found.verdict is Verdict.REFUSED
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "scaler.joblib").write_bytes(content)
    assert handlers().by_name("files").load(tmp_path / "folder") == tmp_path / "folder"


def test_a_pickle_beside_good_weights_is_refused_as_it_would_be_alone():
    files = {"model.safetensors": good_safetensors(), "evil.dat": b"\x80\x04" + PAYLOADS["global"]}
    found = handlers().inspect(MemoryFiles(files))
    assert found.format == "safetensors"
    assert found.verdict is Verdict.REFUSED
    assert "evil.dat" in found.reasons[0]


ONE = b'"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'


def packed(members: dict[str, bytes]) -> bytes:
    place = io.BytesIO()
    with tarfile.open(fileobj=place, mode="w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return place.getvalue()


@pytest.mark.parametrize("pack", [lambda each: zip_of(each.items()), packed, dict])
def test_a_refusal_names_the_file_that_it_is_about(pack):
    payload = PAYLOADS["global"]

    def reasons(members):
        files = pack(members)
        given = files if isinstance(files, dict) else {"net.nemo": files}
        found = handlers().inspect(MemoryFiles(given))
        assert found.verdict is Verdict.REFUSED
        return list(found.reasons)

    one = reasons({"readme.md": b"# it", "deep/bad.pkl": payload})
    assert len(one) == 1
    assert one[0].startswith("'deep/bad.pkl': asks to run ")
    cut = {f"{n}.safetensors": good_safetensors() for n in range(3)}
    cut["1.safetensors"] = cut["1.safetensors"][:20]
    assert all(reason.startswith("'1.safetensors': ") for reason in reasons(cut))
    both = reasons({"inner.tgz": packed({"evil": payload}), "good.json": b"{}"})
    assert both[0].startswith("'inner.tgz': 'evil': asks to run ")


def test_a_refusal_of_the_only_member_names_it_and_of_the_only_file_does_not():
    payload = PAYLOADS["global"]
    alone = handlers().inspect(MemoryFiles({"net.zip": zip_of([("evil.pkl", payload)])}))
    assert alone.reasons[0].startswith("'evil.pkl': asks to run ")
    bare = handlers().inspect(MemoryFiles({"evil.pkl": payload}))
    assert bare.reasons[0].startswith("asks to run ")


@pytest.mark.parametrize(
    "content",
    [
        tensors_file(b"{" + ONE + b"}", bytes(8), length=1 << 63),
        tensors_file(b"{" + ONE + b"}", bytes(8), length=1 << 30),
        tensors_file(b"{" + ONE + b"," + ONE + b"}", bytes(8)),
        tensors_file(b"{" + ONE + b"," + ONE.replace(b"a", b"b", 1) + b"}", bytes(8)),
        tensors_file(b"{" + ONE + b"}", bytes(7)),
        tensors_file(b"{" + ONE + b"}", bytes(9)),
        tensors_file(b"{" + ONE.replace(b"[0,8]", b"[1,9]") + b"}", bytes(9)),
        tensors_file(b"{" + ONE.replace(b"[2]", b"[3]") + b"}", bytes(8)),
        tensors_file(b"{" + ONE.replace(b"[2]", b"[-2]") + b"}", bytes(8)),
        tensors_file(b"{" + ONE.replace(b"[2]", b"[2.0]") + b"}", bytes(8)),
        tensors_file(b"{" + ONE.replace(b"[2]", b"[true,2]") + b"}", bytes(8)),
        tensors_file(b"{" + ONE.replace(b"[2]", b"[" + b"9" * 5000 + b"]") + b"}", bytes(8)),
        tensors_file(b"{" + ONE.replace(b"F32", b"F99") + b"}", bytes(8)),
        tensors_file(b"{" + ONE.replace(b'"F32"', b"[]") + b"}", bytes(8)),
        tensors_file(b'{"__metadata__":{"a":1},' + ONE + b"}", bytes(8)),
        tensors_file(b'{"__metadata__":[],' + ONE + b"}", bytes(8)),
        tensors_file(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        tensors_file(b'{"a":NaN}'),
        tensors_file(b'{"a":{"dtype":"F32"}}'),
        tensors_file(b'{"a":"\xff"}'),
        tensors_file(b"{" + ONE + b"} x", bytes(8)),
    ],
    ids=[
        *("2^63", "long", "twice", "overlap", "short", "trailing", "hole", "shape", "negative"),
        *("float", "bool", "digits", "dtype", "dtype list", "metadata", "metadata list", "deep"),
        *("nan", "lacking", "utf-8", "after"),
    ],
)
def test_a_safetensors_header_that_lies_is_refused(content, tmp_path):
    assert refused(content).format == "safetensors"
    refused_to_load(content, tmp_path / "folder")


def test_hundreds_of_thousands_of_empty_tensors_are_refused():
    entry = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    content = tensors_file(b"{" + b",".join(entry % number for number in range(300_000)) + b"}")
    refused(content)


def test_a_tensor_name_is_never_a_path(tmp_path):
    header = b'{"../../evil":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "m").write_bytes(tensors_file(header, bytes(8)))
    assert list(handlers().by_name("safetensors").load(folder)) == ["../../evil"]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["m"]


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80\x02" + b"(" * 5_000 + b".",
        b"\x80\x02]" + b"2" * 3_000_000 + b".",
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b".",
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b".",
        b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"B\xff\xff\xff\x7f.",
        b"\x80\x02" + b"".join(b"cm%d\nf\n" % number for number in range(2_000)) + b".",
        b"\x80\x02q\xff}",
        b"\x80\x02h\xff.",
        b"\x80\x02I" + b"9" * 10_000 + b"\n.",
        b"\x80\x05\x97.",
    ],
    ids=[
        *("nesting", "instructions", "bytearray8", "binbytes8", "frame", "globals", "cut", "memo"),
        *("digits", "buffer"),
    ],
)
def test_a_pickle_beyond_a_limit_is_refused(payload):
    refused(rebuilt_zip(**{"data.pkl": payload}))


def test_a_pickle_that_holds_itself_ends(tmp_path):
    circle = b"\x80\x02]q\x00h\x00a."
    found = handlers().inspect(MemoryFiles({"m.pt": rebuilt_zip(**{"data.pkl": circle})}))
    assert found.tensors == 0


def test_shared_lists_that_double_thirty_times_are_walked_once():
    doubled = b"\x80\x02]q\x00" + b"".join(
        b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(40)
    ) + b"."  # fmt: skip
    found = handlers().inspect(MemoryFiles({"m.pt": rebuilt_zip(**{"data.pkl": doubled})}))
    assert found.verdict is Verdict.SAFE


def test_keys_that_all_collide_cost_nothing():
    modulus = (1 << 61) - 1
    keys = b"".join(
        b"\x8a\x0a" + (number * modulus).to_bytes(10, "little") + b"N" for number in range(100_000)
    )
    found = handlers().inspect(
        MemoryFiles({"m": rebuilt_zip(**{"data.pkl": b"\x80\x02}(" + keys + b"u."})})
    )
    assert found.verdict is Verdict.SAFE


def test_a_script_needs_trust():
    script = [("m/data.pkl", b"}."), ("m/constants.pkl", b")."), ("m/code/m.py", b"x")]
    content = zip_of(script)
    hostile = zip_of([*script, ("m/extra.pkl", b"\x80\x02" + PAYLOADS["global"])])
    assert handlers().inspect(MemoryFiles({"m.pt": hostile})).verdict is Verdict.REFUSED
    assert handlers().inspect(MemoryFiles({"m.pt": content})).verdict is Verdict.NEEDS_TRUST


def test_reasons_show_names_of_strangers_as_bounded_plain_text():
    payload = b"cevil\x1b[31m\xe2\x80\xae" + b"m" * 10_000 + b"\nf\n)R."
    found = handlers().inspect(MemoryFiles({"m": rebuilt_zip(**{"data.pkl": payload})}))
    assert found.verdict is not Verdict.SAFE
    assert all(reason.isascii() and reason.isprintable() for reason in found.reasons)
    assert max(map(len, found.reasons)) < 300
    assert max(map(len, found.globals)) < 300


def test_the_legacy_magic_alone_is_a_format_error(tmp_path):
    refused_to_load(MAGIC, tmp_path / "folder")
    assert issubclass(UnsafeArtifactError, FormatError)


@pytest.mark.parametrize("name", ["inst", "obj", "extension", "persistent id"])
def test_an_instruction_without_honest_use_is_refused_as_such(name):
    found = refused(rebuilt_zip(**{"data.pkl": PAYLOADS[name]}))
    assert "instruction" in found.reasons[0]


def test_nesting_is_refused_as_such():
    assert "nests" in refused(rebuilt_zip(**{"data.pkl": b"(" * 5_000})).reasons[0]


def test_two_members_of_one_name_are_refused_as_such():
    members = [("a/version", b"3"), ("a/data.pkl", b"}."), ("a/data.pkl", PAYLOADS["global"])]
    assert "two members" in refused(zip_of(members)).reasons[0]


def test_a_member_inside_of_another_is_refused_as_such():
    def local(name, data):
        crc, size = zlib.crc32(data), len(data)
        head = struct.pack("<4s5H3L2H", b"PK\3\4", 0, 0, 0, 0, 0, crc, size, size, len(name), 0)
        return head + name + data

    inner = local(b"b", b"inside")
    outer = local(b"a", inner)
    members = [
        Member("a", b"a", 0, zlib.crc32(inner), len(inner), 0),
        Member("b", b"b", 0, zlib.crc32(b"inside"), 6, 31),
    ]
    assert check_layout(io.BytesIO(outer), members[:1], len(outer)) == {"a": 31}
    with pytest.raises(UnsafeArtifactError, match="overlaps"):
        check_layout(io.BytesIO(outer), members, len(outer))
