"""Estimators of scikit-learn on their way to and from skops files."""

from pathlib import Path
from typing import Any

from lineage_registry.errors import InvalidInputError, UnsafeArtifactError
from lineage_registry.formats.requirements import require
from lineage_registry.formats.writing import whole_file

FILE = "model.skops"
CLASSES = ("sklearn.base.BaseEstimator",)
_SHOWN = 10


def load(place: Path, *, trusted: bool = False) -> Any:
    """Return the estimator; types beyond those that skops knows are made only if trusted.

    Raises:
        UnsafeArtifactError: It needs other types.
    """
    skops = require("skops.io", extra="sklearn")
    needed = skops.get_untrusted_types(file=place)
    if needed and not trusted:
        raise _untrusted(needed)
    return skops.load(place, trusted=needed)


def save(obj: object, folder: Path) -> None:
    """Write the estimator.

    Raises:
        InvalidInputError: The object is none.
        UnsafeArtifactError: It is made of types that nobody could load without trust.
    """
    skops = require("skops.io", extra="sklearn")
    base = require("sklearn.base", extra="sklearn")
    if not isinstance(obj, base.BaseEstimator):
        raise InvalidInputError(
            f"a skops file is not made of a {type(obj).__qualname__}",
            hint="hand in an estimator of scikit-learn",
        )
    with whole_file(folder / FILE) as draft:
        skops.dump(obj, draft)
        if needed := skops.get_untrusted_types(file=draft):
            raise _untrusted(needed)


def _untrusted(types: list[str]) -> UnsafeArtifactError:
    shown = ", ".join(types[:_SHOWN])
    return UnsafeArtifactError(
        f"it is made of types that skops does not know: {shown}",
        hint="use estimators of scikit-learn alone, or export the model to ONNX",
        types=types,
    )
