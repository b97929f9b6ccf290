"""MLflow model folders: an `MLmodel` file that says what lies beside it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Port
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.huggingface.code import code_files, own_code
from lineage_registry.formats.huggingface.tokenizers import sentence_piece_files
from lineage_registry.formats.reading import MAX_SHOWN, bounded, notes, plain, shown
from lineage_registry.formats.sniffing.folders import folder_kind
from lineage_registry.formats.sniffing.kinds import FolderKind
from lineage_registry.formats.together import look_into
from lineage_registry.formats.yaml_text import MAX_YAML, read_yaml
from lineage_registry.ports.filesets import FileSet, remembering, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler, InspectOnlyHandler

_FILE = "MLmodel"
_BY_PICKLE = ("pickle", "cloudpickle", "joblib", "dill")
_NOTED = (
    "run_id",
    "model_uuid",
    "model_id",
    "utc_time_created",
    "model_size_bytes",
    "artifact_path",
)
_MAX_PORTS = 1_000


class MlflowHandler(InspectOnlyHandler):
    """Reads flavours and signature; what lies beside is judged by the readers of its formats."""

    name: ClassVar[str] = "mlflow"
    kinds: ClassVar[tuple[str, ...]] = (FolderKind.MLFLOW.value,)

    def __init__(self, readers: Sequence[FormatHandler] = ()) -> None:
        self._readers = tuple(readers)

    def _detect(self, files: FileSet) -> Confidence:
        whole = folder_kind(files) is FolderKind.MLFLOW
        return Confidence.WHOLE_LAYOUT if whole else Confidence.NONE

    def _inspect(self, files: FileSet) -> Inspection:
        seen = remembering(files)
        said = _said(seen)
        flavours = _maps(said.get("flavors"))
        signature = said.get("signature")
        signature = signature if isinstance(signature, dict) else {}
        code = [*_named_code(flavours), *own_code(seen)]
        parts = look_into(seen, self._readers)
        own = [_FILE, *code_files(seen), *sentence_piece_files(seen)]
        version = said.get("mlflow_version")
        return Inspection(
            format=self.name,
            kind=FolderKind.MLFLOW.value,
            bytes=total_size(seen),
            globals=tuple(sorted({name for each in parts.inspections for name in each.globals})),
            metadata=notes(_facts(said, flavours)),
            architecture=_flavour(flavours),
            inputs=tuple(_ports(signature.get("inputs"))),
            outputs=tuple(_ports(signature.get("outputs"))),
            producer=f"mlflow {plain(version)}" if isinstance(version, str) else None,
            custom_code=tuple(map(plain, code)),
            **parts.judged(seen, own, code),
            **parts.counts(),
        )


def _said(files: FileSet) -> dict[str, Any]:
    if _FILE not in files.paths():
        raise UnreadableArtifactError(f"there is no {_FILE} file")
    with files.open(_FILE) as stream:
        text = stream.read(MAX_YAML + 1).decode("utf-8", "backslashreplace")
    said = read_yaml(text)
    if not isinstance(said, dict):
        raise UnreadableArtifactError(f"{_FILE} says nothing")
    return said


def _maps(value: Any) -> dict[str, dict[str, Any]]:
    found = value if isinstance(value, dict) else {}
    return {name: each for name, each in found.items() if isinstance(each, dict)}


def _flavour(flavours: dict[str, dict[str, Any]]) -> str | None:
    """Return the flavour that is more than the one that all models have."""
    names = [name for name in flavours if name != "python_function"] or list(flavours)
    return bounded(names[0], MAX_SHOWN) if names else None


def _named_code(flavours: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, flavour in flavours.items():
        loader = flavour.get("loader_module")
        if isinstance(loader, str) and not loader.startswith("mlflow."):
            yield f"flavour {shown(name)} is loaded by the module {shown(loader)}"
        if loader == "mlflow.pyfunc.model" or "python_model" in flavour:
            yield f"flavour {shown(name)} is a class of Python that was pickled"
        if flavour.get("serialization_format") in _BY_PICKLE:
            yield f"flavour {shown(name)} is loaded by {shown(flavour['serialization_format'])}"
        code = flavour.get("code") or flavour.get("model_code_path")
        if isinstance(code, str) and code != "null":
            yield f"flavour {shown(name)} brings code in {shown(code)}"


def _facts(said: dict[str, Any], flavours: dict[str, dict[str, Any]]) -> dict[str, str]:
    facts = {key: said[key] for key in _NOTED if isinstance(said.get(key), str)}
    facts["flavours"] = ", ".join(flavours)
    for name, flavour in flavours.items():
        for key in ("sklearn_version", "pytorch_version", "transformers_version", "python_version"):
            if isinstance(flavour.get(key), str):
                facts[key] = flavour[key]
        if isinstance(flavour.get("serialization_format"), str):
            facts[f"{name} is saved by"] = flavour["serialization_format"]
    return facts


def _ports(written: Any) -> Iterator[Port]:
    """Read a signature, which is JSON in a text."""
    try:
        rows = json.loads(written) if isinstance(written, str) else None
    except (ValueError, RecursionError):
        return
    for row in rows[:_MAX_PORTS] if isinstance(rows, list) else []:
        if isinstance(row, dict):
            yield _port(row)


def _port(row: dict[str, Any]) -> Port:
    spec = row.get("tensor-spec")
    spec = spec if isinstance(spec, dict) else {}
    shape = spec.get("shape")
    dtype = spec.get("dtype", row.get("type"))
    return Port(
        name=bounded(str(row.get("name", "")), MAX_SHOWN),
        dtype=bounded(dtype, MAX_SHOWN) if isinstance(dtype, str) else None,
        shape=tuple(_size(size) for size in shape[:64]) if isinstance(shape, list) else None,
    )


def _size(size: Any) -> int | None:
    return size if type(size) is int and 0 <= size < 1 << 62 else None
