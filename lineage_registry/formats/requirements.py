"""Late import of the libraries that only some formats need."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from lineage_registry.errors import NotInstalledError


def require(module: str, *, extra: str) -> Any:
    """Return the imported module.

    Raises:
        NotInstalledError: It is not installed; the hint names the extra that brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise NotInstalledError(
            f"this needs {module.partition('.')[0]!r}, which cannot be imported: {error}",
            hint=f"pip install 'lineage-registry[{extra}]'",
            module=module,
            extra=extra,
        ) from error


def installed(module: str) -> bool:
    """Return whether a top-level module can be found, without importing it."""
    return find_spec(module) is not None
