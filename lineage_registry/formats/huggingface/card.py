"""What a model card says at its head: where the model comes from, and under which licence."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lineage_registry.domain.formats import Origin
from lineage_registry.domain.model_cards import Card, Result
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.reading import MAX_SHOWN, bounded
from lineage_registry.formats.yaml_text import MAX_YAML, read_yaml
from lineage_registry.ports.filesets import FileSet, remembering

_FRONT = re.compile(r"\A\ufeff?\s*---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_MAX_ITEMS = 100
_NOTED = ("pipeline_tag", "library_name", "language", "metrics", "tags", "license_link")
_MAX_RESULTS = 200
_MAX_SHOWN_RESULTS = 20


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
    results = tuple(islice(_results(said.get("model-index")), _MAX_RESULTS + 1))
    problem = None
    if len(results) > _MAX_RESULTS:
        problem = f"the card has more than {_MAX_RESULTS} results; no more were read"
        results = results[:_MAX_RESULTS]
    notes["results"] = ", ".join(map(_line, results[:_MAX_SHOWN_RESULTS]))
    return Card(
        licences=tuple(_licences(said)),
        base_models=tuple(
            Origin(name=name, relation=relation) for name in _words(said.get("base_model"))
        ),
        datasets=tuple(_words(said.get("datasets"))),
        results=results,
        notes={key: text for key, text in notes.items() if text},
        problem=problem,
    )


def _licences(said: dict[str, Any]) -> list[str]:
    names = _words(said.get("license"))
    if names in ([], ["other"]):
        return _words(said.get("license_name")) or names
    return names


def _words(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [
        bounded(item, MAX_SHOWN) for item in items[:_MAX_ITEMS] if isinstance(item, str) and item
    ]


def _results(index: Any) -> Iterator[Result]:
    for model in _maps(index):
        for result in _maps(model.get("results")):
            task, data = _map(result.get("task")), _map(result.get("dataset"))
            for metric in _maps(result.get("metrics")):
                yield Result(
                    metric=_word(metric.get("type")) or _word(metric.get("name")),
                    value=_word(metric.get("value")),
                    dataset=_word(data.get("name")) or _word(data.get("type")),
                    config=_word(data.get("config")),
                    split=_word(data.get("split")),
                    task=_word(task.get("type")),
                    label=_word(metric.get("name")),
                    source=_word(data.get("type"), MAX_SHOWN),
                    revision=_word(data.get("revision")),
                )


def _word(value: Any, most: int = 60) -> str:
    return bounded(value, most) if isinstance(value, str) else ""


def _line(result: Result) -> str:
    """Return a measured value as `accuracy 0.91 on glue`."""
    said = [result.metric, result.value, "on" if result.dataset else "", result.dataset]
    return " ".join(word for word in said if word)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _maps(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items[:_MAX_ITEMS] if isinstance(item, dict)]
