"""What ensembles of trees have in common."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lineage_registry.domain.formats import Inspection, Port, Verdict
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.reading import MAX_SHOWN, bounded, notes
from lineage_registry.ports.filesets import FileSet, total_size

_MAX_NAMES = 1_000


@dataclass(frozen=True, slots=True)
class Ensemble:
    """One model, as far as its file tells."""

    kind: str
    architecture: str | None = None
    trees: int | None = None
    features: int | None = None
    classes: int | None = None
    objective: str | None = None
    producer: str | None = None
    names: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def inspection(
    format: str,  # noqa: A002 - the word of the inspection
    files: FileSet,
    paths: list[str],
    models: list[Ensemble],
) -> Inspection:
    """Return what is to be said of the models in these files; nothing of such files is code.

    Raises:
        UnreadableArtifactError: There is no model.
    """
    if not models:
        raise UnreadableArtifactError(f"there is no {format} file")
    model = models[0]
    extra = unexplained(files, paths)
    said = {
        "objective": model.objective,
        "trees": model.trees,
        "features": model.features,
        "classes": model.classes,
        "feature_names": ", ".join(model.names[:_MAX_NAMES]),
    }
    return Inspection(
        format=format,
        kind=model.kind,
        verdict=Verdict.NOT_INSPECTABLE if extra else Verdict.SAFE,
        reasons=extra,
        warnings=tuple(warning for each in models for warning in each.warnings),
        bytes=total_size(files),
        metadata=notes({**model.notes, **{key: f"{text}" for key, text in said.items() if text}}),
        architecture=model.architecture,
        producer=model.producer,
        inputs=_inputs(model),
    )


def word(value: object) -> str | None:
    """Return text of a stranger cut short; None if it is none."""
    return bounded(value, MAX_SHOWN) if isinstance(value, str) and value else None


def words(values: Iterable[object]) -> tuple[str, ...]:
    """Return the texts among these values, cut short."""
    return tuple(bounded(value, MAX_SHOWN) for value in values if isinstance(value, str))


def number(value: object) -> int | None:
    """Return a whole number that may be written as text; None if it is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _inputs(model: Ensemble) -> tuple[Port, ...]:
    if model.features is None:
        return ()
    return (Port(name="features", dtype=None, shape=("rows", model.features)),)
