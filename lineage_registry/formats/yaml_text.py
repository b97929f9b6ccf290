"""YAML of strangers: text, lists and maps, and nothing else that YAML can say."""

from typing import Any

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.reading import shown

MAX_YAML = 512 * 1024
_MAX_EVENTS = 200_000
_MAX_DEPTH = 32


def read_yaml(text: str) -> Any:
    """Return the first document: every scalar is text, as it is written.

    Tags and aliases are not followed (an alias in an alias in an alias fills any memory), so no
    class is looked up and nothing is repeated.

    Raises:
        UnreadableArtifactError: It is no YAML, or more than a description needs.
    """
    import yaml

    if len(text) > MAX_YAML:
        raise UnreadableArtifactError(f"there are more than {MAX_YAML} characters of YAML")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _built(yaml.parse(text, Loader=loader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnreadableArtifactError(
            f"it is not the YAML it should be: {shown(' '.join(str(error).split()))}"
        ) from error


def _built(events: Any) -> Any:
    root: list[Any] = []
    open_ones: list[Any] = [root]
    keys: list[Any] = []
    for count, event in enumerate(events):
        kind = type(event).__name__
        if count > _MAX_EVENTS or len(open_ones) > _MAX_DEPTH:
            raise UnreadableArtifactError("the YAML is larger or deeper than any description")
        if kind == "AliasEvent":
            raise UnreadableArtifactError("the YAML repeats parts of itself by aliases")
        if kind == "ScalarEvent":
            _put(open_ones[-1], keys, event.value)
        elif kind in {"SequenceStartEvent", "MappingStartEvent"}:
            made: Any = [] if kind == "SequenceStartEvent" else {}
            _put(open_ones[-1], keys, made)
            open_ones.append(made)
            keys.append(None)
        elif kind in {"SequenceEndEvent", "MappingEndEvent"}:
            open_ones.pop()
            keys.pop()
        elif kind == "DocumentEndEvent":
            break
    return root[0] if root else None


def _put(target: Any, keys: list[Any], value: Any) -> None:
    if isinstance(target, list):
        target.append(value)
    elif keys[-1] is None:
        if not isinstance(value, str):
            raise UnreadableArtifactError("a key of the YAML is no text")
        keys[-1] = value
    else:
        target[keys[-1]] = value
        keys[-1] = None
