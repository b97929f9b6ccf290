"""The cache of huggingface_hub, made on the spot: blobs, and snapshots that are links to them."""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from tests.corpus.cases import Files

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LATER = "fedcba9876543210fedcba9876543210fedcba98"
CARD = """---
license: {licence}
base_model:
- acme/base
base_model_relation: {relation}
datasets:
- acme/forms
- glue
model-index:
- name: tuned
  results:
  - task: {{type: text-classification}}
    dataset: {{name: GLUE SST-2, type: glue, config: sst2, split: validation}}
    metrics:
    - {{type: accuracy, value: 0.91}}
    - {{type: f1, value: high}}
---
# Tuned
"""


def card(relation: str = "finetune", licence: str = "apache-2.0") -> bytes:
    return CARD.format(relation=relation, licence=licence).encode()


def llama(readme: bytes | None = None, seed: int = 0) -> Files:
    """A Llama of one layer, written by hand."""
    settings = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": 32,
    }
    shapes = {
        "model.embed_tokens.weight": (32, 8),
        "model.norm.weight": (8,),
        "model.layers.0.input_layernorm.weight": (8,),
        "model.layers.0.self_attn.q_proj.weight": (8, 8),
        "lm_head.weight": (32, 8),
    }
    numbers = np.random.default_rng(seed)
    tensors = {name: numbers.random(shape, np.float32) for name, shape in shapes.items()}
    files = {"config.json": json.dumps(settings).encode(), "model.safetensors": save(tensors)}
    return files if readme is None else {**files, "README.md": readme}


def cached(
    cache: Path, repository: str, files: Files, commit: str = COMMIT, kind: str = "models"
) -> Path:
    """Lay a snapshot out as the cache does, with `main` at its commit, and return its folder."""
    root = cache / "--".join([kind, *repository.split("/")])
    snapshot = root / "snapshots" / commit
    for name, data in files.items():
        blob = root / "blobs" / hashlib.sha256(data).hexdigest()
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
        link = snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * (len(Path(name).parts) + 1)
        link.symlink_to(f"{up}blobs/{blob.name}")
    ref = root / "refs" / "main"
    ref.parent.mkdir(exist_ok=True)
    ref.write_text(commit)
    return snapshot
