"""Folders of Hugging Face written anew: other shards, another dtype, or a configuration added.

Weights are moved as they are, without making the model: no code of anybody's runs, and an
architecture that the library does not know is as good as any other.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.conversions.to_safetensors import cast_error, casted, state_of
from lineage_registry.formats.options import torch_dtype
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.writing import whole_file
from lineage_registry.ports.conversions import Converter, say
from lineage_registry.ports.filesets import LocalFiles

_CONFIG = "config.json"
_WEIGHTS = (FileKind.SAFETENSORS, FileKind.TORCH_ZIP, FileKind.TORCH_LEGACY)
_INDEX = (".safetensors.index.json", ".bin.index.json")


class ToHuggingFace(Converter):
    """A folder that transformers loads, with other shards or another dtype.

    From a folder of Hugging Face everything beside the weights is kept. From weights alone
    `config` is needed: a dictionary, a configuration, or where its `config.json` lies; `tokenizer`
    is a folder or object to put beside them.
    """

    name: ClassVar[str] = "huggingface"
    sources: ClassVar[tuple[str, ...]] = ("huggingface", "safetensors", "pytorch")
    target: ClassVar[str] = "huggingface"
    options: ClassVar[frozenset[str]] = frozenset(
        {"max_shard_size", "dtype", "config", "tokenizer"}
    )
    libraries: ClassVar[tuple[str, ...]] = ("safetensors", "torch", "transformers")

    def _convert(self, source: Path, target: Path, **options: object) -> Mapping[str, float]:
        return _written(state_of(source), source, target, options)

    def _convert_trusted(
        self, source: Path, target: Path, **options: object
    ) -> Mapping[str, float]:
        return _written(state_of(source, trusted=True), source, target, options)


def _written(
    state: Mapping[str, Any], source: Path, target: Path, options: Mapping[str, object]
) -> dict[str, float]:
    written = casted(state, options.get("dtype"))
    size = {key: options[key] for key in ("max_shard_size",) if options.get(key) is not None}
    SafetensorsHandler().save(written, target, **size)
    _copy_companions(source, target)
    config = _config(source, options.get("config"))
    if (dtype := torch_dtype(options.get("dtype"))) is not None:
        config.pop("torch_dtype", None)
        config["dtype"] = str(dtype).removeprefix("torch.")
    with whole_file(target / _CONFIG) as draft:
        draft.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    _put_tokenizer(options.get("tokenizer"), target)
    say("checking parity")
    return {"max_error": cast_error(state, written)}


def _copy_companions(source: Path, target: Path) -> None:
    files = LocalFiles(source)
    weights = of_kinds(files, *_WEIGHTS)
    for path in files.paths():
        if path not in weights and not path.endswith(_INDEX) and path != _CONFIG:
            _copy(files.place(path), target / path)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _config(source: Path, given: object) -> dict[str, Any]:
    if given is None:
        if not (source / _CONFIG).is_file():
            raise InvalidInputError(
                "weights alone do not say what model they are of",
                hint="give config=, a dictionary or the path of a config.json",
                option="config",
            )
        given = source / _CONFIG
    if isinstance(given, str | Path):
        given = _read(Path(given))
    told = given.to_dict() if hasattr(given, "to_dict") else given
    if not isinstance(told, Mapping) or not told.get("model_type"):
        raise InvalidInputError(
            "that is no configuration of a model: it has no model_type", option="config"
        )
    return dict(told)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInputError(
            f"no configuration can be read from {str(path)!r}",
            hint="give config=, a dictionary or the path of a config.json",
            option="config",
        ) from error


def _put_tokenizer(given: object, target: Path) -> None:
    if given is None:
        return
    if isinstance(given, str | Path):
        if not Path(given).is_dir():
            raise InvalidInputError(
                f"there is no folder {str(given)!r} with a tokenizer", option="tokenizer"
            )
        for path in sorted(Path(given).glob("*")):
            if path.is_file():
                _copy(path, target / path.name)
        return
    if not hasattr(given, "save_pretrained"):
        raise InvalidInputError("tokenizer is a folder or a tokenizer", option="tokenizer")
    given.save_pretrained(target)
