"""What a model card says at its head: where the model comes from, and under which licence."""

import re
from dataclasses import dataclass, field
from typing import Any

from lineage_registry.domain.formats import Origin
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.reading import MAX_SHOWN, bounded
from lineage_registry.formats.yaml_text import MAX_YAML, read_yaml
from lineage_registry.ports.filesets import FileSet, remembering

_FRONT = re.compile(r"\A\ufeff?\s*---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_MAX_ITEMS = 100
_NOTED = ("pipeline_tag", "library_name", "language", "metrics", "tags", "license_link")
_MAX_RESULTS = 20


@dataclass(frozen=True, slots=True)
class Card:
    """Hints of a card; nobody has checked them."""

    licence: str | None = None
    base_models: tuple[Origin, ...] = ()
    datasets: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


def read_card(files: FileSet, path: str = "README.md") -> Card:
    """Return what the head of a card says; an empty card if there is none.

    A head that cannot be read is a problem to mention, not one that spoils the weights.
    """
    seen = remembering(files)
    if path not in seen.paths():
        return Card()
    with seen.open(path) as stream:
        text = stream.read(MAX_YAML).decode("utf-8", "replace")
    front = _FRONT.match(text)
    if front is None:
        return Card()
    try:
        said = read_yaml(front[1])
    except UnreadableArtifactError as error:
        return Card(problem=f"the head of {path} cannot be read: {bounded(error.message, 200)}")
    return _card(said) if isinstance(said, dict) else Card()


def _card(said: dict[str, Any]) -> Card:
    relation = next(iter(_words(said.get("base_model_relation"))), None)
    notes = {key: ", ".join(_words(said.get(key))) for key in _NOTED}
    notes["results"] = ", ".join(_results(said.get("model-index")))
    return Card(
        licence=_licence(said),
        base_models=tuple(
            Origin(name=name, relation=relation) for name in _words(said.get("base_model"))
        ),
        datasets=tuple(_words(said.get("datasets"))),
        notes={key: text for key, text in notes.items() if text},
    )


def _licence(said: dict[str, Any]) -> str | None:
    names = _words(said.get("license"))
    if names in ([], ["other"]):
        names = _words(said.get("license_name")) or names
    return ", ".join(names) or None


def _words(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [
        bounded(item, MAX_SHOWN) for item in items[:_MAX_ITEMS] if isinstance(item, str) and item
    ]


def _results(index: Any) -> list[str]:
    """Return the measured values of a card, as `accuracy 0.91 on glue`."""
    found = []
    for model in _maps(index):
        for result in _maps(model.get("results")):
            data = result.get("dataset")
            name = data.get("name") if isinstance(data, dict) else None
            for metric in _maps(result.get("metrics")):
                said = [metric.get("type"), metric.get("value"), "on" if name else None, name]
                found.append(" ".join(bounded(word, 60) for word in said if isinstance(word, str)))
    return found[:_MAX_RESULTS]


def _maps(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items[:_MAX_ITEMS] if isinstance(item, dict)]
