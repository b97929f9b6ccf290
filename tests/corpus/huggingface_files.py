"""Folders of Hugging Face libraries: good ones, and ones that bring or name code."""

import io
import json
import pickle

import numpy as np
import torch
from safetensors.numpy import save

from tests.corpus.cases import COMMAND, Files, add_good, add_hostile, good
from tests.corpus.onnx_files import plain as plain_onnx
from tests.corpus.protobuf_bytes import field
from tests.corpus.tensor_files import CHAT, CLIMBING, gguf_file, shards

CARD = """---
license: apache-2.0
base_model: openai-community/gpt2
base_model_relation: finetune
datasets:
- glue
- {tags}
metrics: [accuracy, f1]
model-index:
- name: mine
  results:
  - task: {type: text-classification}
    dataset: {name: SST-2, type: glue}
    metrics:
    - {type: accuracy, value: 0.91}
---
# Mine
"""


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def folder(config: dict[str, object] | None = None, **more: bytes) -> Files:
    """A folder of transformers, with settings and files changed or added."""
    settings = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], **(config or {})}
    return {
        "config.json": encoded(settings),
        "model.safetensors": save({"w": np.ones((2, 2), "f4")}),
        **{name.replace("__", ".").replace("_slash_", "/"): data for name, data in more.items()},
    }


def checkpoint(obj: object) -> bytes:
    stream = io.BytesIO()
    torch.save(obj, stream)
    return stream.getvalue()


class Payload:
    def __reduce__(self):
        import os

        return os.system, (COMMAND,)


def tokenizer(kind: str = "BPE", words: int = 50) -> bytes:
    vocabulary = {f"w{n}": n for n in range(words)}
    return encoded({"version": "1.0", "model": {"type": kind, "vocab": vocabulary, "merges": []}})


def adapter(**more: object) -> Files:
    settings = {"peft_type": "LORA", "base_model_name_or_path": "meta-llama/Llama-3.1-8B", "r": 8}
    return {
        "adapter_config.json": encoded({**settings, **more}),
        "adapter_model.safetensors": save({"lora_A": np.ones((8, 4), "f4")}),
    }


def pipeline(**more: object) -> Files:
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.35.0",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "safety_checker": [None, None],
    }
    weights = save({"w": np.ones(3, "f4")})
    return {
        "model_index.json": encoded({**index, **more}),
        "unet/config.json": encoded({"_class_name": "UNet2DConditionModel"}),
        "unet/diffusion_pytorch_model.safetensors": weights,
        "text_encoder/config.json": encoded({"model_type": "clip_text_model"}),
        "text_encoder/model.safetensors": weights,
    }


def sentences(kind: str = "sentence_transformers.models.Transformer") -> Files:
    return {
        **folder({"model_type": "bert", "architectures": ["BertModel"]}),
        "modules.json": encoded([{"idx": 0, "name": "0", "path": "", "type": kind}]),
        "config_sentence_transformers.json": encoded({"__version__": {}}),
        "1_Pooling/config.json": encoded({"word_embedding_dimension": 4}),
    }


GOOD = {
    "weights and settings": folder(),
    "with a card": folder(README__md=CARD.replace("{tags}", "squad").encode()),
    "with a card that has no head": folder(README__md=b"# words only\n"),
    "with a card that is no YAML": folder(README__md=b"---\na: [\n---\n"),
    "with a tokenizer": folder(tokenizer__json=tokenizer(), tokenizer_config__json=b"{}"),
    "with a chat template": folder(
        tokenizer_config__json=encoded({"chat_template": CHAT}), chat_template__jinja=CHAT.encode()
    ),
    "with several chat templates": folder(
        tokenizer_config__json=encoded({"chat_template": [{"name": "a", "template": CHAT}]})
    ),
    "with a sentencepiece model": folder(tokenizer__model=field(1, field(1, "a")) * 30),
    "with a vocabulary of words in lines": folder(tokenizer__model=b"IQ== 0\nIg== 1\n" * 30),
    "sharded": {**shards(total_size=20), "config.json": encoded({"model_type": "llama"})},
    "a checkpoint of torch": {
        "config.json": encoded({"model_type": "bert", "architectures": ["BertModel"]}),
        "pytorch_model.bin": checkpoint({"w": torch.ones(3)}),
    },
    "quantised": folder({"quantization_config": {"quant_method": "gptq", "bits": 4}}),
    "with ONNX in it": {**folder(), "onnx/model.onnx": plain_onnx()["model.onnx"]},
    "with GGUF in it": {**folder(), "gguf/m.gguf": gguf_file()},
    "attention that is built in": folder({"_attn_implementation": "sdpa"}),
    "no trust asked": folder({"trust_remote_code": False}),
    "an adapter": adapter(),
    "an adapter of a known class": adapter(
        auto_mapping={"base_model_class": "Bert", "parent_library": "transformers.models.bert"}
    ),
    "a pipeline of diffusers": pipeline(),
    "sentence transformers": sentences(),
}
for _name, _files in GOOD.items():
    add_good(f"huggingface: {_name}", _files)

NEEDS_TRUST = {
    "auto_map": folder({"auto_map": {"AutoModel": "modeling_mine.Mine"}}),
    "auto_map in a part": folder({"text_config": {"auto_map": {"AutoModel": "x--y.Z"}}}),
    "auto_map of the tokenizer": folder(
        tokenizer_config__json=encoded({"auto_map": {"AutoTokenizer": ["a.B", None]}})
    ),
    "auto_map of a processor": folder(preprocessor_config__json=encoded({"auto_map": "a.B"})),
    "trust_remote_code": folder({"trust_remote_code": True}),
    "trust_remote_code as text": folder({"trust_remote_code": "yes"}),
    "attention from inside": folder({"_attn_implementation_internal": "evil/kernel"}),
    "attention from a hub": folder({"attn_implementation": "somebody/kernel"}),
    "attention from a hub in a part": folder(
        {"vision_config": {"_attn_implementation": "somebody/kernel"}}
    ),
    "Python": folder(modeling_mine__py=b"import os\n"),
    "Python in a folder": folder(custom_generate_slash_generate__py=b"import os\n"),
    "a library": folder(kernel__so=b"\x7fELF"),
    "custom_generate": folder(generation_config__json=encoded({"custom_generate": "a/b"})),
    "settings that cannot be read": folder(tokenizer_config__json=b'{"auto_map": '),
    "settings of 17 MB": folder(
        tokenizer_config__json=b'{"auto_map": "a.B"' + b" " * 17_000_000 + b"}"
    ),
    "settings without end": folder(tokenizer_config__json=b"[" * 100_000),
    "an adapter of somebody's class": adapter(
        auto_mapping={"base_model_class": "Bert", "parent_library": "evil.module"}
    ),
    "a pipeline of somebody's": pipeline(_class_name=["pipeline", "Mine"]),
    "a part of somebody's": pipeline(unet=["evil.module", "UNet"]),
    "a module of somebody's": sentences("evil.module.Transformer"),
    "a module without a type": sentences(""),
    "a whole module of torch": {
        **folder(),
        "pytorch_model.bin": checkpoint(torch.nn.Linear(1, 1)),
    },
    "a template in a file": folder(chat_template__jinja=CLIMBING["classes"].encode()),
    "a template among others": folder(
        tokenizer_config__json=encoded(
            {"chat_template": [{"name": "a", "template": CHAT}, {"template": CLIMBING["lipsum"]}]}
        )
    ),
}
for _name, _files in NEEDS_TRUST.items():
    add_hostile(f"huggingface: {_name}", _files, "needs-trust")
for _name, _template in CLIMBING.items():
    add_hostile(
        f"huggingface: a template that climbs: {_name}",
        folder(tokenizer_config__json=encoded({"chat_template": _template})),
        "needs-trust",
    )

REFUSED = {
    "a pickle that calls": {**folder(), "training_args.bin": pickle.dumps(Payload())},
    "a checkpoint that calls": {**folder(), "optimizer.pt": checkpoint({"x": Payload()})},
    "weights cut off": {**folder(), "model.safetensors": folder()["model.safetensors"][:-1]},
    "a shard that is missing": {
        name: data for name, data in {**folder(), **shards()}.items() if "00002" not in name
    },
}
for _name, _files in REFUSED.items():
    add_hostile(f"huggingface: {_name}", _files)


@good("huggingface: what nobody looked into", verdict="not-inspectable")
def unknown_beside() -> Files:
    return {**folder(), "flax_model.msgpack": bytes(100)}


@good("huggingface: a card with aliases that would fill any memory")
def laughing_card() -> Files:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for last, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]")
    return folder(README__md="\n".join(["---", *lines, "---"]).encode())


@good("huggingface: a card that is deep")
def deep_card() -> Files:
    return folder(README__md=b"---\na: " + b"[" * 5000 + b"]" * 5000 + b"\n---\n")


@good("huggingface: a card that asks for a class")
def tagged_card() -> Files:
    return folder(README__md=b"---\nlicense: !!python/object/apply:os.system ['x']\n---\n")
