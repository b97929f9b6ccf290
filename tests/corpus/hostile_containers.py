"""Zips, tars and their kin that climb out, lie, hide or grow."""

import gzip
import io
import json
import random
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import torch

from tests.corpus.cases import Files, add_hostile, hostile
from tests.corpus.hostile_pickles import EVIL, checkpoint
from tests.corpus.making import lz4_of, tar_of, text, zip_entry, zip_of

DEFLATED = zipfile.ZIP_DEFLATED
ESCAPES = (
    *("../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "C:evil", "a//b", "a/./b"),
    *("a\0b", "a\nb", "", "..", "x" * 2000, "a/\x7f"),
)


def good_zip() -> bytes:
    stream = io.BytesIO()
    torch.save({"w": torch.arange(6.0), "n": torch.tensor(3)}, stream)
    return stream.getvalue()


def linked(kind: bytes, target: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        info = tarfile.TarInfo("model")
        info.type, info.linkname = kind, target
        file.addfile(info)
    return stream.getvalue()


def patched(data: bytes, magic: bytes, at: int, value: bytes) -> bytes:
    place = data.index(magic) + at
    return data[:place] + value + data[place + len(value) :]


def with_mode(mode: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr = 3, mode << 16
        file.writestr(info, "/etc/passwd")
    return stream.getvalue()


for _number, _name in enumerate(ESCAPES):
    _shown = ascii(_name[:20])
    if "\0" not in _name and _name:
        add_hostile(
            f"zip: a member called {_shown} ({_number})", zip_of([(_name, b"x"), ("ok", b"y")])
        )
    if _name:
        add_hostile(
            f"tar: a member called {_shown} ({_number})",
            tar_of({"ok": b"y", _name.replace("\0", "\x01"): b"x"}),
        )
for _kind, _word in (
    (tarfile.SYMTYPE, "symbolic link"),
    (tarfile.LNKTYPE, "hard link"),
    (tarfile.CHRTYPE, "character device"),
    (tarfile.BLKTYPE, "block device"),
    (tarfile.FIFOTYPE, "pipe"),
    (tarfile.CONTTYPE, "contiguous file"),
    (b"Z", "file of an unknown kind"),
):
    add_hostile(f"tar: a {_word}", linked(_kind, "../../etc/passwd"))
add_hostile("zip: a symbolic link", with_mode(0o120777))
add_hostile("zip: a device", with_mode(0o020666))
add_hostile("zip: two of one name", zip_of([("a", b"1"), ("a", b"2")]))
add_hostile("zip: a file that is a folder", zip_of([("a", b"1"), ("a/b", b"2")]))
add_hostile("tar: two of one name", tar_of({"a": b"1", "./a": b"2"}))
add_hostile("tar: a file that is a folder", tar_of({"a": b"1", "a/b": b"2"}))
add_hostile("tar: cut off", tar_of({"a": bytes(5000)})[:2000])
add_hostile("tar: no end", tar_of({"a": b"1"})[:1024])
add_hostile("tar: followed", tar_of({"a": b"1"}) + b"more")
add_hostile("tar: a checksum that is wrong", patched(tar_of({"a": b"1"}), b"a\0", 148, b"000000"))
add_hostile(
    "tar: a size that is no number", patched(tar_of({"a": b"1"}), b"a\0", 124, b"99999999999")
)
add_hostile("zip: followed", zip_of([("a", b"1")]) + b"more")
add_hostile("zip: preceded", b"PK\3\4" + zip_of([("a", b"1")]))
add_hostile("zip: no end", zip_of([("a", b"1"), ("b", bytes(100))])[:-30])
for _name, _at, _value in (
    ("encrypted", 8, b"\x01\x00"),
    ("an unknown compression", 10, b"\x63\x00"),
    ("a size that lies", 24, b"\x63\x00\x00\x00"),
    ("a checksum that lies", 16, b"\x63\x00\x00\x00"),
    ("a place that lies", 42, b"\x01\x00\x00\x00"),
    ("a name that differs", 46, b"b"),
):
    add_hostile(f"zip: {_name}", patched(zip_of([("a", b"1")]), b"PK\1\2", _at, _value))
    add_hostile(f"torch zip: {_name}", patched(good_zip(), b"PK\1\2", _at, _value))


@hostile("zip: a bomb of zeros")
def _zip_bomb() -> bytes:
    return zip_of([("zeros", bytes(200_000_000))], compression=DEFLATED)


@hostile("zip: a bomb in a zip in a zip")
def _nested_bomb() -> bytes:
    inner = zip_of([("zeros", bytes(50_000_000))], compression=DEFLATED)
    return zip_of([("b", zip_of([("a", inner)], compression=DEFLATED))], compression=DEFLATED)


@hostile("zip: a member that unpacks to more than it says")
def _liar() -> bytes:
    packed = zlib.compress(b"\x80\x02" + bytes(100_000))[2:-4]
    entry = zip_entry(b"a", b"x" * 10, packed)
    crc = zlib.crc32(b"x" * 10)
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(packed), 10, 1, 0, 0, 0, 0, 0, 0
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central) + 1, len(entry), 0)
    return entry + central + b"a" + end


@hostile("zip: members that share their bytes")
def _overlap() -> bytes:
    entry = zip_entry(b"a", b"kernel")
    central = b"".join(
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            20,
            20,
            0,
            0,
            0,
            0,
            zlib.crc32(b"kernel"),
            6,
            6,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        + name
        for name in (b"a", b"b")
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(central), len(entry), 0)
    return entry + central + end


@hostile("zip: archives four deep")
def _deep() -> bytes:
    data = zip_of([("w.txt", b"words")])
    for _ in range(4):
        data = zip_of([("z", data)])
    return data


@hostile("zip: more members than anybody needs")
def _many() -> bytes:
    return zip_of((str(number), b"") for number in range(100_001))


@hostile("gzip: a bomb of zeros as a tar")
def _gzip_bomb() -> bytes:
    return gzip.compress(tar_of({"zeros": bytes(100_000_000)}), 9)


@hostile("zlib: a bomb as a pickle")
def _zlib_bomb() -> Files:
    return {"m.joblib": zlib.compress(b"\x80\x04B\x00\xe1\xf5\x05" + bytes(100_000_000) + b".", 9)}


@hostile("xz: a bomb as a pickle")
def _xz_bomb() -> Files:
    import lzma

    return {"m.joblib": lzma.compress(b"\x80\x04B\x00\xe1\xf5\x05" + bytes(100_000_000) + b".")}


@hostile("gzip: cut off")
def _gzip_cut() -> Files:
    return {"m.pkl.gz": gzip.compress(b"\x80\x04N." + random.Random(1).randbytes(9000))[:-20]}


@hostile("zlib: something behind it")
def _zlib_more() -> Files:
    return {"m.joblib": zlib.compress(b"\x80\x04N.") + b"more"}


@hostile("lz4: a reference to nothing")
def _lz4_broken() -> Files:
    head = b"\x04\x22\x4d\x18\x40\x40\x00"
    stored = lz4_of(b"\x80\x04]")[7:-4]
    return {"m.joblib": head + stored + b"\x04\x00\x00\x00\x10a\xff\xff" + bytes(4)}


def _array(header: bytes, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


for _name, _header in {
    "a shape beyond all measure": (
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999,)}"
    ),
    "a negative shape": b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    "a header that is a program": b"__import__('os').system('touch canary-was-here')",
    "a header that nests": b"(" * 3000,
    "a header that is a list": b"[1]",
    "an unknown type": b"{'descr': '<q9', 'fortran_order': False, 'shape': ()}",
    "fewer numbers than it says": b"{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}",
    "a key too many": b"{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}",
}.items():
    add_hostile(f"npy: {_name}", {"a.npy": _array(_header)})
add_hostile("npy: a version of the future", {"a.npy": b"\x93NUMPY\x09\x00\x01\x00x"})


def _keras(config: object, weights: bytes | None = None) -> Files:
    if weights is None:
        import h5py

        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            file["layers/dense/vars/0"] = np.ones((2, 2), "f4")
        weights = stream.getvalue()
    return {
        "m.keras": zip_of(
            [
                ("metadata.json", b"{}"),
                (
                    "config.json",
                    config if isinstance(config, bytes) else json.dumps(config).encode(),
                ),
                ("model.weights.h5", weights),
            ]
        )
    }


def _layer(module: str, name: str, **more: object) -> dict[str, object]:
    return {"module": module, "class_name": name, "config": {}, **more}


_KERAS_PARTS = [
    ("metadata.json", b"{}"),
    ("config.json", b"{}"),
    ("model.weights.h5", b"\x89HDF\r\n\x1a\n"),
]
_MODEL = {"module": "keras", "class_name": "Sequential"}
for _module, _name in (
    ("os", "system"),
    ("builtins", "eval"),
    ("subprocess", "Popen"),
    ("shutil", "rmtree"),
):
    _config = {**_MODEL, "config": {"layers": [_layer(_module, _name)]}}
    add_hostile(f"keras: a layer that is {_module}.{_name}", _keras(_config))
    _function = {
        "module": _module,
        "class_name": "function",
        "config": _name,
        "registered_name": _name,
    }
    _config = {**_MODEL, "config": {"layers": [], "activation": _function}}
    add_hostile(f"keras: a function that is {_module}.{_name}", _keras(_config))
add_hostile(
    "keras: a lambda",
    _keras({**_MODEL, "config": {"layers": [_layer("keras.layers", "Lambda")]}}),
    "needs-trust",
)
add_hostile(
    "keras: a pickled module of torch",
    _keras({**_MODEL, "config": {"layers": [_layer("keras.layers", "TorchModuleWrapper")]}}),
    "needs-trust",
)
add_hostile(
    "keras: a function of keras that fetches",
    _keras(
        {
            **_MODEL,
            "config": {
                "f": {"module": "keras.utils", "class_name": "function", "config": "get_file"}
            },
        }
    ),
    "needs-trust",
)
add_hostile(
    "keras: a pickle that does not belong in it",
    {"m.keras": zip_of([*_KERAS_PARTS, ("assets/vocabulary", EVIL)])},
)
add_hostile("keras: no JSON", _keras(b"{not json"))
add_hostile("keras: JSON that nests", _keras(b"[" * 100_000))
add_hostile("keras: no weights", _keras(_MODEL, b"nothing"))


@hostile("hdf5: numbers in other files")
def _external() -> Files:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("a", (4,), "f4", external=[("/etc/passwd", 0, 16)])
    return {"m.h5": stream.getvalue()}


@hostile("hdf5: a link to another file")
def _link() -> Files:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["a"] = h5py.ExternalLink("/etc/passwd", "/")
    return {"m.h5": stream.getvalue()}


@hostile("hdf5: a lambda", "needs-trust")
def _h5_lambda() -> Files:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": {}}]}
        )
    return {"m.h5": stream.getvalue()}


@hostile("hdf5: cut off")
def _h5_cut() -> Files:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["a"] = np.ones(1000, "f4")
    return {"m.h5": stream.getvalue()[:-100]}


@hostile("hdf5: a group that holds itself in a tree that never ends")
def _h5_circle() -> Files:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["a/b"] = np.ones(4, "f4")
    data = bytearray(stream.getvalue())
    tree = data.index(b"TREE")
    data[tree + 32 : tree + 40] = tree.to_bytes(8, "little")
    return {"m.h5": bytes(data)}


def _skops(schema: object, **members: bytes) -> Files:
    data = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
    return {"m.skops": zip_of([("schema.json", data), *members.items()])}


for _module, _name in (("os", "system"), ("builtins", "eval"), ("subprocess", "Popen")):
    _node = {"__module__": _module, "__class__": _name, "__loader__": "ObjectNode"}
    add_hostile(f"skops: a type that is {_module}.{_name}", _skops(_node))
    _node = {
        "__module__": "builtins",
        "__class__": "function",
        "__loader__": "FunctionNode",
        "content": {"module_path": _module, "function": _name},
    }
    add_hostile(f"skops: a function that is {_module}.{_name}", _skops(_node))
add_hostile(
    "skops: a type of somebody else",
    _skops({"__module__": "evil.lib", "__class__": "Model", "__loader__": "ObjectNode"}),
    "needs-trust",
)
add_hostile("skops: no JSON", _skops(b"{"))
add_hostile(
    "mar: a handler of its own",
    {
        "m.mar": zip_of(
            [
                (
                    "MAR-INF/MANIFEST.json",
                    b'{"model": {"handler": "handler.py", "modelName": "m"}}',
                ),
                ("handler.py", b"import os"),
                ("model.pt", checkpoint(b"}.")),
            ]
        )
    },
    "needs-trust",
)
_tensor = (
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((" + text(b"storage") + b"ctorch\nFloatStorage\n"
    + text(b"0") + text(b"cpu") + b"K\x06tQK\x00(K\x63t(K\x01t\x89ccollections\nOrderedDict\n)RtR."
)  # fmt: skip
add_hostile("torch zip: a tensor beyond its storage", checkpoint(_tensor))
for _name, _payload in {
    "nests beyond measure": b"(" * 5_000,
    "has no end": b"\x80\x02]" + b"2" * 3_000_000,
    "says it is very long": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b".",
    "reads from the memo what is not there": b"\x80\x02h\xff.",
    "has an endless number": b"\x80\x02I" + b"9" * 10_000 + b"\n.",
    "wants a buffer": b"\x80\x05\x97.",
    "names two thousand things": b"".join(b"cm%d\nf\n" % n for n in range(2_000)) + b".",
}.items():
    add_hostile(f"torch zip: a pickle that {_name}", checkpoint(_payload))
