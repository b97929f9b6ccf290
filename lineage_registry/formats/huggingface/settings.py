"""What the settings of a folder say of the model."""

from typing import Any

from lineage_registry.domain.formats import Origin, Quantization
from lineage_registry.formats.reading import MAX_SHOWN, bounded
from lineage_registry.formats.sniffing.folders import any_json, json_file
from lineage_registry.formats.sniffing.kinds import FolderKind
from lineage_registry.ports.filesets import FileSet

_NOTED = {
    "model_type": ("model_type",),
    "layers": ("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
    "hidden_size": ("hidden_size", "n_embd", "d_model", "dim"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "context": ("max_position_embeddings", "n_positions", "n_ctx"),
    "vocabulary": ("vocab_size",),
    "dtype": ("dtype", "torch_dtype"),
    "transformers_version": ("transformers_version",),
    "name_or_path": ("_name_or_path",),
    "sample_size": ("sample_size",),
}
_NOTED_OF_ADAPTERS = ("peft_type", "r", "lora_alpha", "target_modules", "task_type", "revision")
_NOTED_OF_GENERATION = ("max_length", "max_new_tokens", "do_sample", "temperature", "top_p")
_QUANTIZED_BITS = {"fp8": 8.0, "mxfp4": 4.0, "bitnet": 2.0, "fbgemm_fp8": 8.0, "eetq": 8.0}


def architecture(files: FileSet, kind: FolderKind) -> str | None:
    """Return the class that the folder's model is, as its settings name it."""
    if kind is FolderKind.DIFFUSERS:
        return _text((json_file(files, "model_index.json") or {}).get("_class_name"))
    if kind is FolderKind.PEFT_ADAPTER:
        return _text((json_file(files, "adapter_config.json") or {}).get("peft_type"))
    config = json_file(files, "config.json") or {}
    names = config.get("architectures")
    first = names[0] if isinstance(names, list) and names else None
    return _text(first) or _text(config.get("model_type")) or _text(config.get("_class_name"))


def described(files: FileSet, kind: FolderKind) -> dict[str, str]:
    """Return what the settings say in their own words."""
    config = json_file(files, "config.json") or {}
    nested = config.get("text_config")
    inner = nested if isinstance(nested, dict) else {}
    notes = {
        name: next(
            (text for key in keys for text in [_text(_either(config, inner, key))] if text), None
        )
        for name, keys in _NOTED.items()
    }
    adapter = json_file(files, "adapter_config.json") or {}
    notes |= {key: _text(adapter.get(key)) for key in _NOTED_OF_ADAPTERS}
    generation = json_file(files, "generation_config.json") or {}
    said = [f"{key}={_text(generation[key])}" for key in _NOTED_OF_GENERATION if key in generation]
    notes["generation"] = ", ".join(said)
    if kind is FolderKind.DIFFUSERS:
        notes |= _components(json_file(files, "model_index.json") or {})
    if kind is FolderKind.SENTENCE_TRANSFORMERS:
        notes["modules"] = _modules(any_json(files, "modules.json"))
    return {name: text for name, text in notes.items() if text}


def adapted(files: FileSet) -> tuple[Origin, ...]:
    """Return the model that an adapter is for."""
    name = _text((json_file(files, "adapter_config.json") or {}).get("base_model_name_or_path"))
    return (Origin(name=name, relation="adapter"),) if name else ()


def quantization(files: FileSet) -> Quantization | None:
    """Return how the settings say that the weights are quantised; None if they do not."""
    said = (json_file(files, "config.json") or {}).get("quantization_config")
    if not isinstance(said, dict):
        return None
    method = _text(said.get("quant_method")) or "unknown"
    return Quantization(method=method, bits=_bits(said, method))


def _bits(said: dict[str, Any], method: str) -> float | None:
    if said.get("load_in_4bit") is True:
        return 4
    if said.get("load_in_8bit") is True:
        return 8
    groups = said.get("config_groups")
    for group in groups.values() if isinstance(groups, dict) else []:
        weights = group.get("weights") if isinstance(group, dict) else None
        if isinstance(weights, dict) and _is_size(weights.get("num_bits")):
            return float(weights["num_bits"])
    for key in ("bits", "w_bit", "num_bits", "weight_bits"):
        if _is_size(said.get(key)):
            return float(said[key])
    return _QUANTIZED_BITS.get(method)


def _is_size(value: Any) -> bool:
    return type(value) in {int, float} and 0 < value <= 64


def _either(config: dict[str, Any], inner: dict[str, Any], key: str) -> Any:
    value = config.get(key)
    return inner.get(key) if value is None else value


def _components(index: dict[str, Any]) -> dict[str, str]:
    parts = [
        f"{name}: {'.'.join(map(str, part))}"
        for name, part in index.items()
        if not name.startswith("_") and isinstance(part, list) and all(part)
    ]
    version = _text(index.get("_diffusers_version"))
    return {"components": bounded(", ".join(parts), 900), "diffusers_version": version or ""}


def _modules(modules: Any) -> str:
    rows = modules if isinstance(modules, list) else []
    kinds = [row.get("type") for row in rows if isinstance(row, dict)]
    return bounded(" -> ".join(str(kind).rpartition(".")[2] for kind in kinds), 900)


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or value is None or value == "":
        return None if value in (None, "") else str(value).lower()
    if isinstance(value, list):
        return bounded(", ".join(str(item) for item in value[:50]), MAX_SHOWN) or None
    return bounded(str(value), MAX_SHOWN) if isinstance(value, str | int | float) else None
