"""Pickles that run something: every way to name it, every way to call it, everywhere they hide."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable

import joblib
import numpy as np
import torch

from tests.corpus.cases import CANARY, COMMAND, Files, add_hostile, hostile
from tests.corpus.making import CALL, OPEN, lz4_of, tar_of, text, zip_of

_COMMAND = text(COMMAND.encode())
_ODD_BUILD = b"}" + text(b"__setattr__") + b"cposix\nsystem\nsb."

# How something is named and called.
ROADS: dict[str, bytes] = {
    "global": b"cposix\nsystem\n" + CALL,
    "stack global": b"\x80\x04" + text(b"posix") + text(b"system") + b"\x93" + CALL,
    "short names": b"\x80\x04\x8c\x05posix\x8c\x06system\x93" + CALL,
    "names from the memo": b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x940h\x00h\x01\x93" + CALL,
    "inst": b"(" + _COMMAND + b"iposix\nsystem\n.",
    "obj": b"(cposix\nsystem\n" + _COMMAND + b"o.",
    "extension 1": b"\x82\x01" + CALL,
    "extension 2": b"\x83\x01\x00" + CALL,
    "extension 4": b"\x84\x01\x00\x00\x00" + CALL,
    "broken tail": b"cposix\nsystem\n(" + _COMMAND + b"tR\xff\xff",
    "cut tail": b"cposix\nsystem\n(" + _COMMAND + b"tR",
    "newobj": b"\x80\x02cposix\nsystem\n" + _COMMAND + b"\x85\x81.",
    "newobj with keywords": b"\x80\x04cposix\nsystem\n" + _COMMAND + b"\x85}\x92.",
    "builtins eval": b"cbuiltins\neval\n(" + OPEN,
    "builtins exec": b"cbuiltins\nexec\n(" + OPEN,
    "python 2 eval": b"c__builtin__\neval\n(" + OPEN,
    "dotted name": b"\x80\x04" + text(b"torch") + text(b"os.system") + b"\x93" + CALL,
    "resolve name": b"cpkgutil\nresolve_name\n(" + text(b"os:system") + b"tR.",
    "build on a global": b"ccollections\nOrderedDict\n" + _ODD_BUILD,
    "build on a result": b"ccollections\nOrderedDict\n)R" + _ODD_BUILD,
    "calls a result": b"ccollections\nOrderedDict\n)R)R.",
    "frame that lies": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fcposix\nsystem\n" + CALL,
    "popped before the end": b"cposix\nsystem\n" + CALL[:-1] + b"0N.",
    "marked away": b"(cposix\nsystem\n" + CALL[:-1] + b"1N.",
    "second pickle": b"\x80\x02}.\x80\x02cposix\nsystem\n" + CALL,
    "protocol in the middle": b"N0\x80\x02cposix\nsystem\n" + CALL,
    "latin name": b"\x80\x02U\x05posixU\x06system\x93" + CALL,
    "key of a dictionary": b"}cposix\nsystem\n" + CALL[:-1] + b"Ns.",
    "item of a set": b"\x80\x04\x8f(cposix\nsystem\n" + CALL[:-1] + b"\x90.",
    "long text before": b"X\x00\x20\x00\x00" + b"a" * 8192 + b"0cposix\nsystem\n" + CALL,
    "very long text before": b"\x80\x04B\x00\x00\x02\x00"
    + b"a" * 131072
    + b"0cposix\nsystem\n"
    + CALL,
}
# Other things to name, each called with one text.
GADGETS = (
    *("os.system", "os.popen", "nt.system", "subprocess.Popen", "subprocess.check_output"),
    *("commands.getoutput", "runpy.run_path", "importlib.import_module", "code.interact"),
    *("webbrowser.open", "ctypes.CDLL", "shutil.rmtree", "pty.spawn", "timeit.timeit"),
    *(
        "bdb.Bdb",
        "pdb.run",
        "cProfile.run",
        "profile.run",
        "pydoc.pipepager",
        "_osx_support._read_output",
    ),
    *("pip._internal.main", "distutils.spawn.spawn", "lib2to3.pgen2.driver.load_grammar"),
    *("asyncio.unix_events._UnixSubprocessTransport", "logging.config._resolve", "io.open"),
    *("types.FunctionType", "marshal.loads", "builtins.getattr", "builtins.compile"),
    *("builtins.__import__", "operator.attrgetter", "operator.methodcaller", "functools.reduce"),
    *("torch.load", "torch.hub.load", "torch.jit.unsupported_tensor_ops.execWrapper"),
    *("torch.utils.collect_env.run", "torch.utils.bottleneck.__main__.run_cprofile"),
    *("numpy.load", "numpy.testing._private.utils.runstring", "numpy.f2py.crackfortran.getlincoef"),
    *("joblib.load", "pandas.read_pickle", "pandas.eval", "sympy.sympify", "dill.loads"),
    *("idlelib.pyshell.ModifiedInterpreter.runcode", "ensurepip._run_pip", "venv.create"),
    *(
        "multiprocessing.util.spawnv_passfds",
        "_posixsubprocess.fork_exec",
        "socket.create_connection",
    ),
    *("urllib.request.urlopen", "smtplib.SMTP", "ssl.get_server_certificate", "sqlite3.connect"),
)


def payload_of(dotted: str) -> bytes:
    module, _, name = dotted.rpartition(".")
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + CALL


def marked(payload: bytes) -> bytes:
    return payload if payload.startswith(b"\x80") else b"\x80\x02" + payload


def checkpoint(payload: bytes) -> bytes:
    stream = io.BytesIO()
    torch.save({"w": torch.arange(6.0)}, stream)
    with zipfile.ZipFile(stream) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
    members["archive/data.pkl"] = payload
    return zip_of(members.items())


def legacy(payload: bytes) -> bytes:
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    start = (0x1950A86A20F9469CFC6C, 1001, system)
    return b"".join(pickle.dumps(one, 2) for one in start) + payload + pickle.dumps([], 2)


def object_array(payload: bytes) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|O", "fortran_order": False, "shape": (1,)}
    )
    return stream.getvalue() + payload


EVIL = marked(ROADS["global"])

for _name, _payload in ROADS.items():
    add_hostile(f"pickle: {_name}", _payload)
    add_hostile(f"torch zip: {_name}", checkpoint(_payload))
    add_hostile(f"torch legacy: {_name}", legacy(_payload))
for _dotted in GADGETS:
    add_hostile(f"pickle: asks for {_dotted}", payload_of(_dotted))

_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "lz4": lz4_of,
    "joblib of old": lambda data: b"ZF" + b"%-18s" % hex(len(data)).encode() + zlib.compress(data),
}
for _name, _pack in _PACKERS.items():
    add_hostile(f"compressed: {_name}", {"scaler.joblib": _pack(EVIL)})
    add_hostile(f"compressed without a mark: {_name}", {"scaler.joblib": _pack(ROADS["global"])})
    add_hostile(f"compressed, padded: {_name}", {"m.pkl": _pack(ROADS["very long text before"])})

add_hostile("npy: objects", {"a.npy": object_array(EVIL)})
add_hostile("npz: objects", {"a.npz": zip_of([("a.npy", object_array(EVIL))])})
add_hostile(
    "npz: objects, compressed",
    {"a.npz": zip_of([("a.npy", object_array(EVIL))], compression=zipfile.ZIP_DEFLATED)},
)
for _suffix in ("safetensors", "onnx", "gguf", "h5", "txt", "json", "md", "csv", "png", "keras"):
    add_hostile(f"renamed: a pickle called .{_suffix}", {f"model.{_suffix}": EVIL})
add_hostile("renamed: a checkpoint called .txt", {"model.txt": checkpoint(ROADS["global"])})
add_hostile("renamed: no suffix", {"model": checkpoint(ROADS["global"])})

add_hostile("archive: a pickle in a zip", zip_of([("a/b.txt", b"words"), ("a/m.pkl", EVIL)]))
add_hostile(
    "archive: a pickle in a zip, compressed",
    zip_of([("m.pkl", EVIL)], compression=zipfile.ZIP_DEFLATED),
)
add_hostile("archive: a pickle in a tar", tar_of({"m.bin": EVIL, "words.txt": b"words"}))
add_hostile("archive: a pickle in a tar.gz", tar_of({"m.bin": EVIL}, "w:gz"))
add_hostile("archive: a pickle in a tar.xz", tar_of({"m.bin": EVIL}, "w:xz"))
add_hostile("archive: a pickle in a tar.bz2", tar_of({"m.bin": EVIL}, "w:bz2"))
add_hostile("archive: a checkpoint in a tar", tar_of({"m.ckpt": checkpoint(ROADS["global"])}))
add_hostile("archive: a pickle in a zip in a tar", tar_of({"z": zip_of([("p", EVIL)])}))
add_hostile("archive: a packed pickle in a zip", zip_of([("p.z", zlib.compress(EVIL))]))
add_hostile(
    "nemo: weights that run something",
    {
        "m.nemo": tar_of(
            {"./model_config.yaml": b"a: 1\n", "./model_weights.ckpt": checkpoint(ROADS["inst"])}
        )
    },
)
add_hostile(
    "nemo: a configuration that runs something",
    {
        "m.nemo": tar_of(
            {
                "model_config.yaml": b"cfg:\n  _target_: os.system\n  command: id\n",
                "model_weights.ckpt": checkpoint(b"}."),
            }
        )
    },
)
add_hostile(
    "mar: weights that run something",
    {"m.mar": zip_of([("MAR-INF/MANIFEST.json", b"{}"), ("model.pt", checkpoint(ROADS["obj"]))])},
)
add_hostile(
    "script: an extra pickle",
    zip_of(
        [("m/data.pkl", b"}."), ("m/constants.pkl", b")."), ("m/code/m.py", b""), ("m/x.pkl", EVIL)]
    ),
)
add_hostile(
    "script: its own pickle",
    zip_of([("m/data.pkl", EVIL), ("m/constants.pkl", b")."), ("m/code/m.py", b"")]),
)
add_hostile("folder: a pickle beside weights", {"model.pt": checkpoint(b"}."), "extra.bin": EVIL})
add_hostile("folder: a pickle beside words", {"README.md": b"# words", "weights/extra": EVIL})


@hostile("folder: a pickle beside safetensors")
def _beside() -> Files:
    from safetensors.numpy import save

    return {"model.safetensors": save({"a": np.ones(2, "f4")}), "data/scaler.pkl": EVIL}


@hostile("joblib: a payload where numbers should be")
def _between() -> bytes:
    # joblib skips as many bytes as the first says; the reader of pickles takes them for
    # instructions, and the number 78 for the one that puts None on the stack.
    stream = io.BytesIO()
    joblib.dump(np.zeros(16), stream)
    data = stream.getvalue()
    at = data.index(b"\xff" * 3) - 1
    while data[at : at + 1] == b"\xff":
        at -= 1
    hidden = b"N" + (b"0" + ROADS["global"]).ljust(78, b".")
    return data[:at] + hidden + data[at + 1 + data[at] :]


@hostile("joblib: a payload inside of an array of objects")
def _inside() -> bytes:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            import os

            return os.system, (COMMAND,)

    stream = io.BytesIO()
    joblib.dump(np.array([Bomb()], dtype=object), stream)
    return stream.getvalue()


@hostile("pickle: a pickle in a storage of torch")
def _nested() -> bytes:
    inner = marked(ROADS["global"])
    return (
        b"\x80\x04ctorch.storage\n_load_from_bytes\nB"
        + len(inner).to_bytes(4, "little")
        + inner
        + b"\x85R."
    )


def _storage_of(inner: bytes) -> bytes:
    return b"\x80\x04ctorch.storage\n_load_from_bytes\n" + inner + b"\x85R."


def _as_bytes(inner: bytes) -> bytes:
    return b"B" + len(inner).to_bytes(4, "little") + inner


def _as_text(inner: bytes) -> bytes:
    return text(inner.decode("latin-1").encode())


def _padded(inner: bytes) -> bytes:
    return inner + bytes(70_000)


_BEFORE = b"\x80\x02X" + (70_000).to_bytes(4, "little") + b"a" * 70_000 + b"0"
_EMPTY_ORDERED = b"ccollections\nOrderedDict\n)R}b0"
_OBJECT = b"(cfoo\nBar\no0"
NESTED = {
    "in a long storage": _as_bytes(_padded(EVIL)),
    "behind a long text in a storage": _as_bytes(_BEFORE + ROADS["global"]),
    "behind a state in a storage": _as_bytes(_EMPTY_ORDERED + ROADS["global"]),
    "behind an object in a storage": _as_bytes(_OBJECT + ROADS["global"]),
    "in a storage in a storage": _as_bytes(_storage_of(_as_bytes(EVIL))),
    "in a zip in a storage": _as_bytes(zip_of([("archive/data.pkl", EVIL)])),
    "in text of a storage": b"c_codecs\nencode\n" + _as_text(EVIL) + text(b"latin1") + b"\x86R",
    "in long text of a storage": b"c_codecs\nencode\n"
    + _as_text(_padded(EVIL))
    + text(b"latin1")
    + b"\x86R",
}
for _name, _inner in NESTED.items():
    add_hostile(f"pickle: a pickle {_name}", _storage_of(_inner))


def _called_again(times: int, made_by: bytes, item: bytes) -> bytes:
    """Calls that all have one list of a hundred thousand as their argument."""
    many = item + b"q\x01" + b"h\x01" * 99_999 + b"tq\x02\x85q\x03"
    return b"\x80\x02" + made_by + b"q\x00(" + many + b"0(" + b"h\x00h\x03R" * times + b"t."


for _maker in (b"ccollections\nOrderedDict\n", b"ctorch\nSize\n"):
    add_hostile(
        f"torch: {_maker.split()[1].decode()} of one list again and again",
        checkpoint(_called_again(20_000, _maker, b"(K\x01K\x02\x86")),
    )


@hostile("pickle: one list in itself again and again", "needs-trust")
def _shared_list() -> bytes:
    return b"\x80\x02(" + b"K\x01" * 200_000 + b"lq\x000(" + b"h\x00" * 100_000 + b"l."


@hostile("pickle: a list of numbers under a long name", "needs-trust")
def _long_name() -> bytes:
    return b"\x80\x02}" + text(b"k" * 500) + b"(" + b"N" * 1_500_000 + b"ls."


@hostile("joblib: one array wrapped again and again")
def _wrapped_again() -> bytes:
    made = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n"
    state = b"}(" + b"".join(text(b"%d" % number) + b"N" for number in range(5_000)) + b"u"
    dtype = b"cnumpy\ndtype\n" + text(b"f4") + b"\x85R"
    usual = text(b"dtype") + dtype + b"s" + text(b"shape") + b"K\x00\x85s"
    again = b"h\x00)\x81h\x01b" * 20_000
    return b"\x80\x02" + made + b"q\x000" + state + usual + b"q\x010(" + again + b"t."


def _program() -> dict[str, bytes]:
    class Net(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1

    stream = io.BytesIO()
    torch.export.save(torch.export.export(Net(), (torch.ones(2),)), stream)
    with zipfile.ZipFile(stream) as file:
        return {info.filename: file.read(info) for info in file.infolist()}


@hostile("program: example inputs that run something", "needs-trust")
def _inputs() -> Files:
    members = _program()
    (name,) = [name for name in members if "/sample_inputs/" in name]
    return {"m.pt2": zip_of({**members, name: checkpoint(ROADS["global"])}.items())}


@hostile("program: a size that is evaluated", "needs-trust")
def _size() -> Files:
    members = _program()
    (name,) = [name for name in members if "/models/" in name]
    model = json.loads(members[name])
    said = f"__import__('os').system('touch {CANARY}')"
    values = model["graph_module"]["graph"]["tensor_values"]
    next(iter(values.values()))["sizes"] = [{"as_expr": {"expr_str": said, "hint": None}}]
    return {"m.pt2": zip_of({**members, name: json.dumps(model).encode()}.items())}


@hostile("program: a condition that is run", "needs-trust")
def _guard() -> Files:
    members = _program()
    (name,) = [name for name in members if "/models/" in name]
    model = json.loads(members[name]) | {"guards_code": ["__import__('os').system('id')"]}
    return {"m.pt2": zip_of({**members, name: json.dumps(model).encode()}.items())}


@hostile("program: a pickle that does not belong in it")
def _stray() -> Files:
    return {"m.pt2": zip_of({**_program(), "model/data.pkl": EVIL}.items())}


@hostile("skops: a pickle that does not belong in it")
def _stray_in_skops() -> Files:
    return {"m.skops": zip_of([("schema.json", b"{}"), ("more.bin", EVIL)])}
