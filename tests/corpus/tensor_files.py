"""Safetensors and GGUF, hostile and good."""

import io
import json
import struct
import tempfile
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import save

from tests.corpus.cases import Files, add_good, add_hostile, good

FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


def tensors(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(data) if length is None else length) + data + body


def entry(begin=0, end=16, shape=(4,), dtype="F32", **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end], **more}


def shards(places: object = None, **metadata) -> Files:
    true = {"a": FIRST, "b": SECOND}
    index = {"metadata": metadata, "weight_map": true if places is None else places}
    return {
        FIRST: save({"a": np.ones(3, "f4")}),
        SECOND: save({"b": np.ones(4, "f2")}),
        INDEX: json.dumps(index).encode(),
    }


for _name, _dtype in {
    "f4": "f4",
    "f8": "f8",
    "f2": "f2",
    "i1": "i1",
    "i8": "i8",
    "u2": "u2",
    "bool": "?",
}.items():
    add_good(f"safetensors: {_name}", save({"w": np.ones((2, 3), _dtype)}))
add_good("safetensors: nothing", save({}))
add_good("safetensors: notes", save({"w": np.ones(2)}, metadata={"a": "b"}))
add_good("safetensors: a number and an empty tensor", save({"n": np.array(1.0), "e": np.ones(0)}))
add_good("safetensors: sharded", shards())
add_good("safetensors: sharded, with totals", shards(total_size=20, total_parameters=7))
add_good("safetensors: sharded, with wrong totals", shards(total_size=1, total_parameters=2))
add_good("safetensors: an index that leaves something out", shards({"a": FIRST}))
add_good(
    "safetensors: quantised",
    save({"w.weight": np.ones((8, 8), "i1"), "w.weight_scale": np.ones(8, "f4")}),
)
add_good("safetensors: half of its files, and no index", {FIRST: save({"a": np.ones(3, "f4")})})

HEADERS = {
    "length of 2^63": tensors({"w": entry()}, bytes(16), length=1 << 63),
    "length of 100 MB": tensors({"w": entry()}, bytes(16), length=100_000_000),
    "overlap": tensors({"a": entry(), "b": entry(8, 24)}, bytes(24)),
    "hole": tensors({"a": entry(), "b": entry(32, 48)}, bytes(48)),
    "too short": tensors({"w": entry()}, bytes(15)),
    "something behind": tensors({"w": entry()}, bytes(17)),
    "a shape that does not fit": tensors({"w": entry(shape=(5,))}, bytes(16)),
    "below zero": tensors({"w": entry(shape=(-4,))}, bytes(16)),
    "unknown type": tensors({"w": entry(dtype="F31")}, bytes(16)),
    "no offsets": tensors({"w": {"dtype": "F32", "shape": [4]}}, bytes(16)),
    "notes that are numbers": tensors({"__metadata__": {"a": 1}, "w": entry()}, bytes(16)),
    "one name twice": tensors(
        b'{"w":' + json.dumps(entry()).encode() + b',"w":' + json.dumps(entry()).encode() + b"}",
        bytes(16),
    ),
    "300,000 empty tensors": tensors({f"t{n}": entry(0, 0, (0,)) for n in range(300_000)}),
    "deep JSON": tensors(b'{"w":' + b"[" * 100_000),
    "numbers of 5,000 digits": tensors(b'{"w":' + b"9" * 5000 + b"}"),
    "not JSON": tensors(b'{"w": entry}'),
}
for _name, _content in HEADERS.items():
    add_hostile(f"safetensors: {_name}", _content)

INDEXES = {
    "a shard that is missing": shards({"a": FIRST, "b": SECOND, "c": "model-00003.safetensors"}),
    "a tensor that is elsewhere": shards({"a": SECOND, "b": SECOND}),
    "a tensor that is nowhere": shards({"a": FIRST, "b": SECOND, "c": FIRST}),
    "a shard outside": shards({"a": "../" + FIRST}),
    "an absolute shard": shards({"a": "/etc/passwd"}),
    "places that are numbers": shards({"a": 1}),
    "no places": shards([]),
    "no JSON": {**shards(), INDEX: b"{"},
}
for _name, _files in INDEXES.items():
    add_hostile(f"safetensors: an index with {_name}", _files)


def gguf_file(template: str | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.gguf")
        writer = gguf.GGUFWriter(str(path), "llama")
        writer.add_context_length(128)
        writer.add_file_type(2)
        writer.add_license("mit")
        writer.add_tokenizer_model("llama")
        writer.add_token_list([b"a", b"b", b"c"] * 40)
        if template is not None:
            writer.add_chat_template(template)
        writer.add_tensor("plain", np.ones((4, 8), "f4"))
        kind = gguf.GGMLQuantizationType.Q4_0
        writer.add_tensor("packed", np.zeros((64, 18), "u1"), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes()


CHAT = (
    "{% for message in messages %}{% if loop.first and message['role'] == 'system' %}"
    "{{ '<|im_start|>' + message['content'] | trim }}{% endif %}"
    "{{ raise_exception('no') if message.role not in ['user'] else '' }}{% endfor %}"
    "{%- set ns = namespace(is_first=false, text='') -%}{{ strftime_now('%d') }}"
)
CLIMBING = {
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "in words": "{{ ()['__class__'] }}",
    "by attr": "{{ () | attr('x') }}",
    "escaped": "{{ ()['\\x5f\\x5fclass'] }}",
    "lipsum": "{{ lipsum }}",
    "cycler": "{{ cycler.next }}",
    "an import": "{% import 'os' as os %}",
    "pieces": "{{ ('_' * 2) + 'class' }}",
    "by format": "{{ '%c%c' % (95, 95) }}",
    "endless": "{{ 'a' }}" * 40_000,
}


@good("gguf: small")
def small_gguf() -> Files:
    return {"m.gguf": gguf_file()}


@good("gguf: with a chat template")
def chatting_gguf() -> bytes:
    return gguf_file(CHAT)


@good("gguf: beside a card and a picture")
def gguf_with_card() -> Files:
    return {**small_gguf(), "README.md": b"# words\n", "logo.png": b"\x89PNG\r\n\x1a\n" + bytes(9)}


for _name, _template in CLIMBING.items():
    add_hostile(f"gguf: a template that climbs: {_name}", gguf_file(_template), "needs-trust")


def header(tensors=0, keys=0, version=3, body=b"") -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + body


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def info(name=b"t", shape=(32,), kind=2, offset=0) -> bytes:
    sizes = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text(name) + sizes + struct.pack("<IQ", kind, offset)


def padded(data: bytes, body: int) -> bytes:
    return data + bytes(-len(data) % 32) + bytes(body)


GGUFS = {
    "only its first letters": b"GGUF" + bytes(2),
    "version 99": header(version=99),
    "2^62 tensors": header(tensors=1 << 62),
    "2^62 values": header(keys=1 << 62),
    "a name of 2^63": header(keys=1, body=struct.pack("<Q", 1 << 63)),
    "a text beyond the end": header(keys=1, body=text(b"k") + struct.pack("<IQ", 8, 1 << 20)),
    "a list of 2^60": header(keys=1, body=text(b"k") + struct.pack("<IIQ", 9, 4, 1 << 60)),
    "texts of 2^60": header(keys=1, body=text(b"k") + struct.pack("<IIQ", 9, 8, 1 << 60)),
    "lists in lists": header(
        keys=1, body=text(b"k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 99
    ),
    "an unknown value": header(keys=1, body=text(b"k") + struct.pack("<I", 77)),
    "a value twice": header(keys=2, body=(text(b"k") + struct.pack("<II", 4, 1)) * 2),
    "an unknown type": padded(header(tensors=1, body=info(kind=99)), 64),
    "too short": padded(header(tensors=1, body=info()), 17),
    "a shape that does not fit": padded(header(tensors=1, body=info(shape=(33,))), 64),
    "a shape of 2^64": padded(header(tensors=1, body=info(shape=(1 << 40, 1 << 40))), 64),
    "twenty dimensions": padded(header(tensors=1, body=info(shape=(1,) * 20)), 64),
    "an odd place": padded(header(tensors=1, body=info(offset=7)), 64),
    "two of one name": padded(header(tensors=2, body=info() + info(offset=32)), 64),
    "two in one place": padded(header(tensors=2, body=info() + info(b"u")), 64),
    "cut off": gguf_file()[:-1],
}
for _name, _content in GGUFS.items():
    add_hostile(f"gguf: {_name}", _content)

add_good("gguf: version 2", header(version=2))
add_good("gguf: big-endian", b"GGUF" + struct.pack(">IQQ", 3, 0, 0))


def array_bytes() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ones(3))
    return stream.getvalue()
