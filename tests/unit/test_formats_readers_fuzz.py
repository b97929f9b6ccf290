"""Whatever the bytes are, each reader of ours answers soon, and never with a foreign error."""

import contextlib
import io
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import FormatError
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.chat_templates import dangerous_in_template
from lineage_registry.formats.flatbuffer import Buffer
from lineage_registry.formats.gguf.header import read_header
from lineage_registry.formats.huggingface.card import read_card
from lineage_registry.formats.huggingface.code import own_code
from lineage_registry.formats.huggingface.tokenizers import sentence_piece_files, tokenizer
from lineage_registry.formats.onnx.model import read_model
from lineage_registry.formats.protobuf import Budget, Protobuf
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.trees.ubjson import read_outline
from lineage_registry.formats.yaml_text import read_yaml
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus import (
    coreml_files,
    huggingface_files,
    onnx_files,
    other_files,
    protobuf_bytes,
    tensor_files,
    tree_files,
)
from tests.unit.test_formats_fuzz import mutations

SECONDS = 5.0
patiently = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FOLDERS = {
    "onnx": onnx_files.plain(),
    "onnx, quantised": {"m": onnx_files.quantised()},
    "onnx, graphs in graphs": {"m": onnx_files.branches()},
    "onnx, beside": onnx_files.external(),
    "gguf": {"m": tensor_files.gguf_file(tensor_files.CHAT)},
    "sharded": tensor_files.shards(total_size=20),
    "tflite": {"m": other_files.tflite(custom="Mine")},
    "core ml": {"m": other_files.coreml()},
    "mlpackage": other_files.mlpackage(),
    "core ml, a network": {"m": coreml_files.model(500, coreml_files.NETWORK)},
    "core ml, a program": coreml_files.package(
        coreml_files.program(*coreml_files.PROGRAM), coreml_files.DATA
    ),
    "saved model": other_files.saved_model("Add"),
    "mlflow": other_files.mlmodel(),
    "transformers": huggingface_files.GOOD["with a card"],
    "tokenizer": huggingface_files.GOOD["with a tokenizer"],
    "sentencepiece": huggingface_files.GOOD["with a sentencepiece model"],
    "adapter": huggingface_files.adapter(),
    "diffusers": huggingface_files.pipeline(),
    "sentences": huggingface_files.sentences(),
    **{name: {"m": tree_files.trained()[name]} for name in tree_files.trained()},
}


def soon(read) -> None:
    started = time.monotonic()
    with contextlib.suppress(FormatError):
        read()
    assert time.monotonic() - started < SECONDS


def inspected(files) -> None:
    found = handlers().inspect(MemoryFiles(files))
    assert found.verdict is not Verdict.SAFE or not found.reasons
    assert type(found).model_validate_json(found.model_dump_json()) == found
    assert sum(found.dtypes.values()) == sum(
        count or 0 for count in (found.parameters, found.buffers, found.scales)
    )


@pytest.mark.parametrize("name", FOLDERS)
@given(data=st.data())
@patiently
def test_good_files_changed_at_random_are_inspected(name, data):
    files = dict(FOLDERS[name])
    path = data.draw(st.sampled_from(sorted(files)))
    files[path] = data.draw(mutations(files[path]))
    soon(lambda: inspected(files))


STREAMS = {
    "onnx": lambda stream, size: read_model(stream, size, frozenset({"If"})),
    "gguf": read_header,
    "ubjson": read_outline,
    "flatbuffer": lambda stream, size: walked(Buffer(stream, 0, size)),
    "protobuf": lambda stream, size: list(Protobuf(Ranges(stream, size), Budget(1000)).whole()),
}
STARTS = {"gguf": b"GGUF\3\0\0\0", "ubjson": b"{L\0\0\0\0\0\0\0\1a", "onnx": b"\x08\x08\x3a"}


def walked(buffer) -> None:
    table = buffer.root()
    for number in range(4):
        table.text(number)
        table.numbers(number, "i", 10)
        table.scalar(number, "<i", 0)
        for inner in table.tables(number, 10):
            inner.text(0)


@pytest.mark.parametrize("name", STREAMS)
@given(noise=st.binary(max_size=300))
@patiently
def test_noise_is_read_or_is_a_format_error(name, noise):
    for data in (noise, STARTS.get(name, b"") + noise):
        soon(lambda data=data: STREAMS[name](io.BytesIO(data), len(data)))


fields = st.recursive(
    st.integers(0, 2**64 - 1) | st.binary(max_size=12),
    lambda inner: st.lists(st.tuples(st.integers(1, 30), inner), max_size=5).map(
        lambda rows: protobuf_bytes.message(*rows)
    ),
    max_leaves=25,
)


@given(parts=st.lists(st.tuples(st.integers(1, 26), fields), max_size=8))
@patiently
def test_any_message_is_a_model_or_a_format_error(parts):
    data = b"\x08\x08" + protobuf_bytes.message(*parts)
    soon(lambda: read_model(io.BytesIO(data), len(data), frozenset()))
    for content in ({"m.onnx": data}, {"saved_model.pb": data}, {"m.mlmodel": data}):
        soon(lambda content=content: inspected(content))


@given(rows=st.lists(st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1)), max_size=50))
@patiently
def test_numbers_are_read_as_they_were_written(rows):
    data = protobuf_bytes.message(*rows)
    proto = Protobuf(Ranges(io.BytesIO(data), len(data)), Budget(1000))
    assert [(found.number, found.value) for found in proto.whole()] == rows


@given(
    data=st.binary(max_size=5000),
    asked=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3000)), max_size=20),
)
@patiently
def test_ranges_give_the_bytes_of_the_file(data, asked):
    ranges = Ranges(io.BytesIO(data), len(data))
    for start, count in asked:
        if start + count <= len(data):
            assert ranges.at(start, count) == data[start : start + count]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("auto_map", "chat_template", "architectures", "model_type", "bits", "a"),
                    *("weight_map", "metadata", "template", "peft_type", "type", "text_config"),
                    *("_class_name", "config_groups", "weights", "num_bits", "weight_map"),
                    *("quantization_config", "base_model_name_or_path"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
SETTINGS = [
    *("config.json", "tokenizer_config.json", "generation_config.json", "adapter_config.json"),
    *("model_index.json", "modules.json", "model.safetensors.index.json", "tokenizer.json"),
    *("config_sentence_transformers.json", "Manifest.json"),
]


@given(data=st.data())
@patiently
def test_settings_of_any_shape_are_inspected(data):
    files = dict(huggingface_files.folder())
    for path in data.draw(st.lists(st.sampled_from(SETTINGS), max_size=4, unique=True)):
        files[path] = json.dumps(data.draw(json_values)).encode()
    soon(lambda: inspected(files))
    own_code(MemoryFiles(files))
    tokenizer(MemoryFiles(files))
    sentence_piece_files(MemoryFiles(files))


@given(text=st.text(max_size=200) | st.text("-: \n[]{}&*!a'\"|>", max_size=200))
@patiently
def test_any_text_is_yaml_or_a_format_error(text):
    soon(lambda: read_yaml(text))
    head = f"---\n{text}\n---\n".encode("utf-8", "replace")
    soon(lambda: read_card(MemoryFiles({"README.md": head})))
    soon(lambda: inspected({"MLmodel": text.encode("utf-8", "replace")}))


@given(text=st.text(max_size=300) | st.text("{}%'\"\\_|. ax", max_size=300))
@patiently
def test_any_template_is_judged(text):
    soon(lambda: dangerous_in_template(text))


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 100_000,
        "{{ '" + "\\'" * 100_000,
        "{{ " + "'\\" * 80_000,
        "{%" + "'" * 200_000,
        "{{ '" + "\\" * 200_000,
    ],
)
def test_a_long_template_is_judged_soon(text):
    soon(lambda: dangerous_in_template(text))
