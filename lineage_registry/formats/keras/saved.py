"""Models of Keras on their way to and from `.keras` files."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.naming import named
from lineage_registry.formats.requirements import installed, require
from lineage_registry.formats.writing import whole_file

FILE = "model.keras"
CLASSES = ("keras.src.models.model.Model",)
LOAD_OPTIONS = frozenset({"compile"})
_BACKENDS = ("tensorflow", "jax", "torch")


def load(place: Path, options: dict[str, object], *, trusted: bool = False) -> Any:
    """Return the model; what it was compiled with is left out unless asked for."""
    keras = _keras()
    with place.open("rb") as stream:
        zipped = stream.read(2) == b"PK"
    # The library goes by the suffix.
    with named(place, FILE if zipped else "model.h5") as fit, _quiet():
        return keras.saving.load_model(
            fit, compile=bool(options.get("compile", False)), safe_mode=not trusted
        )


def save(obj: object, folder: Path) -> None:
    """Write the model.

    Raises:
        InvalidInputError: The object is no model of Keras.
    """
    keras = _keras()
    if not isinstance(obj, keras.Model):
        raise InvalidInputError(f"a Keras file is not made of a {type(obj).__qualname__}")
    with whole_file(folder / FILE) as draft:
        # The library goes by the suffix.
        suffixed = draft.with_name(f"{draft.name}.keras")
        try:
            with _quiet():
                obj.save(suffixed)
            suffixed.replace(draft)
        finally:
            suffixed.unlink(missing_ok=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's own use of what others deprecate to itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _keras() -> Any:
    # Keras asks for tensorflow if nobody says otherwise, whether it is there or not.
    if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ:
        os.environ["KERAS_BACKEND"] = next(filter(installed, _BACKENDS), _BACKENDS[0])
    return require("keras", extra="keras")
