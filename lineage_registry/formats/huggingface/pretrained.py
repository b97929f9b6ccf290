"""Models and tokenizers of transformers on their way to and from folders."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from lineage_registry.errors import InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.huggingface.naming import readable
from lineage_registry.formats.options import byte_size, one_of, torch_device, torch_dtype
from lineage_registry.formats.requirements import require

MODEL = "transformers.modeling_utils.PreTrainedModel"
TOKENIZER = "transformers.tokenization_utils_base.PreTrainedTokenizerBase"
PIPELINE = "transformers.pipelines.base.Pipeline"
CLASSES = (MODEL, TOKENIZER, PIPELINE)
LOAD_OPTIONS = frozenset(
    {"into", "device", "dtype", "max_memory", "offload_folder", "task", "attn_implementation"}
)
SAVE_OPTIONS = frozenset({"tokenizer", "max_shard_size"})
_INTO = ("model", "tokenizer", "both", "pipeline")
_PLACED_BY_LIBRARY = ("auto", "balanced", "balanced_low_0", "sequential")
_OF_OTHERS = {"adapter_config.json": "an adapter, for peft", "model_index.json": "for diffusers"}
"""Files of what transformers alone makes no model of."""
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json")


class Pretrained(NamedTuple):
    """A model and the tokenizer that belongs to it."""

    model: Any
    tokenizer: Any


def save(obj: object, folder: Path, options: dict[str, object]) -> None:
    """Write a model, a tokenizer, both as a pair, or what a pipeline is made of.

    Raises:
        InvalidInputError: The object is none of these.
    """
    transformers = require("transformers", extra="hf")
    model: Any
    tokenizer: Any
    model, tokenizer = _parts(transformers, obj)
    if options.get("tokenizer") is not None:
        tokenizer = options["tokenizer"]
    if tokenizer is not None and not hasattr(tokenizer, "save_pretrained"):
        raise InvalidInputError("tokenizer is a tokenizer of transformers", option="tokenizer")
    most = byte_size("max_shard_size", options.get("max_shard_size"))
    folder.mkdir(parents=True, exist_ok=True)
    with _offline(transformers):
        if model is not None:
            model.save_pretrained(folder, **({} if most is None else {"max_shard_size": most}))
        if tokenizer is not None:
            tokenizer.save_pretrained(folder)
    _open_to_others(folder)


def load(folder: Path, options: dict[str, object], *, trusted: bool = False) -> Any:
    """Return the model, its tokenizer, both, or a pipeline; nothing is fetched from anywhere.

    Raises:
        InvalidInputError: An option cannot be used.
        UnreadableArtifactError: The folder has not what is asked for.
    """
    transformers = require("transformers", extra="hf")
    into = one_of("into", options.get("into"), _INTO)
    known = {"local_files_only": True, "trust_remote_code": trusted}
    if into != "tokenizer":
        _demand_no_others(folder)
    with _offline(transformers):
        if into == "tokenizer" or (into == "model" and not (folder / "config.json").is_file()):
            return _tokenizer(transformers, folder, known)
        model = _model(transformers, folder, options, known)
        if into == "model":
            return model
        tokenizer = _tokenizer(transformers, folder, known) if _has_tokenizer(folder) else None
        if into == "both":
            return Pretrained(model, tokenizer)
        return transformers.pipeline(options.get("task"), model=model, tokenizer=tokenizer)


def _parts(transformers: Any, obj: object) -> tuple[Any, Any]:
    model, tokenizer = transformers.PreTrainedModel, transformers.PreTrainedTokenizerBase
    if isinstance(obj, transformers.Pipeline):
        return obj.model, obj.tokenizer
    if isinstance(obj, model):
        return obj, None
    if isinstance(obj, tokenizer):
        return None, obj
    if isinstance(obj, tuple) and len(obj) == 2 and isinstance(obj[0], model):
        return obj[0], obj[1]
    raise InvalidInputError(
        f"a folder of transformers is not made of a {type(obj).__qualname__}",
        hint="hand in a model, a tokenizer, or both as a pair",
    )


def _model(
    transformers: Any, folder: Path, options: dict[str, object], known: dict[str, Any]
) -> Any:
    config = transformers.AutoConfig.from_pretrained(folder, **known)
    kind = _class(transformers, config, trusted=known["trust_remote_code"])
    given = {**known, **_placing(options)}
    if (dtype := torch_dtype(options.get("dtype"))) is not None:
        given["dtype"] = dtype
    if options.get("attn_implementation") is not None:
        given["attn_implementation"] = options["attn_implementation"]
    with readable(folder) as fit:
        model = kind.from_pretrained(_lasting(fit, options), **given)
    if "disk" in getattr(model, "hf_device_map", {}).values() and "offload_folder" not in options:
        raise InvalidInputError(
            "max_memory leaves some weights on the disk",
            hint="say where they may stay: offload_folder=",
            option="offload_folder",
        )
    return model.eval()


def _lasting(folder: Path, options: dict[str, object]) -> Path:
    """Return a folder with these files that is there as long as the model.

    Weights that stay on disk are read when they are needed, long after the load, so that two models
    cannot have one folder.
    """
    if options.get("max_memory") is None or options.get("offload_folder") is None:
        return folder
    place = Path(str(options["offload_folder"]))
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InvalidInputError(
            f"{str(place)!r} is not an empty folder, another model may read from it",
            hint="give each loaded model a new offload_folder",
            option="offload_folder",
        )
    lasting = place / "weights"
    for path in folder.rglob("*"):
        if path.is_file():
            target = lasting / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if path.is_symlink():
                target.symlink_to(path.resolve())
            else:
                shutil.copyfile(path, target)
    return lasting


def _demand_no_others(folder: Path) -> None:
    """Without this the tokenizer beside an adapter would be handed out for the model."""
    if (folder / "config.json").is_file():
        return
    for name, what in _OF_OTHERS.items():
        if (folder / name).is_file():
            raise InvalidInputError(
                f"transformers alone makes no model of these files: they are {what}",
                hint="use download() to get them, and load them with that library",
            )


def _class(transformers: Any, config: Any, *, trusted: bool) -> Any:
    """Return the class that the configuration names, if it is one of the library's own."""
    for name in config.architectures or ():
        found = getattr(transformers, str(name), None)
        if isinstance(found, type) and issubclass(found, transformers.PreTrainedModel):
            return found
    if trusted and "AutoModelForCausalLM" in (getattr(config, "auto_map", None) or {}):
        return transformers.AutoModelForCausalLM
    return transformers.AutoModel


def _placing(options: dict[str, object]) -> dict[str, Any]:
    device, memory = options.get("device"), options.get("max_memory")
    if memory is not None:
        if not isinstance(memory, dict):
            raise InvalidInputError(
                "max_memory is how much for each device",
                hint='max_memory={"cpu": "4GiB", 0: "10GiB"}',
                option="max_memory",
            )
        folder = options.get("offload_folder")
        given = {"device_map": "auto" if device is None else device, "max_memory": memory}
        return given if folder is None else {**given, "offload_folder": str(folder)}
    if device is None:
        return {}
    whole = isinstance(device, dict) or device in _PLACED_BY_LIBRARY
    return {"device_map": device if whole else torch_device("device", device)}


def _tokenizer(transformers: Any, folder: Path, known: dict[str, Any]) -> Any:
    if not _has_tokenizer(folder):
        raise UnreadableArtifactError("there is no tokenizer among the files")
    return transformers.AutoTokenizer.from_pretrained(folder, **known)


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


def _open_to_others(folder: Path) -> None:
    """Give every file the mode of any new file: the library leaves weights to their owner alone."""
    probe = folder / ".mode"
    probe.touch()
    mode = probe.stat().st_mode
    probe.unlink()
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)


class _Quiet:
    """The switches of the libraries, which all threads share: the last one out puts them back."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before = (False, False)

    def enter(self, constants: Any, logging: Any) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = (constants.HF_HUB_OFFLINE, logging.is_progress_bar_enabled())
                constants.HF_HUB_OFFLINE = True
                logging.disable_progress_bar()
            self._inside += 1

    def leave(self, constants: Any, logging: Any) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                constants.HF_HUB_OFFLINE, bars = self._before
                if bars:
                    logging.enable_progress_bar()


_QUIET = _Quiet()


@contextmanager
def _offline(transformers: Any) -> Iterator[None]:
    """Keep the libraries from asking the hub, and from drawing bars, while the block runs."""
    constants = require("huggingface_hub", extra="hf").constants
    _QUIET.enter(constants, transformers.utils.logging)
    try:
        yield
    finally:
        _QUIET.leave(constants, transformers.utils.logging)
