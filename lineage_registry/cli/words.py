"""Small texts for people: references, sizes, times, stages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lineage_registry.cli.views import Cell

_STAGES = {"Production": "good", "Staging": "warn", "Archived": "dim"}
_STATES = {"failed": "bad", "killed": "bad", "running": "warn", "finished": "good"}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_KIND_STYLES = {"datasets": "data", "runs": "run", "deployments": "warn"}


def short(reference: str) -> str:
    """Return a reference as people type it: `resnet50:3` for `models:/resnet50/3`."""
    rest = reference.removeprefix("models:/")
    return reference if rest == reference or "@" in rest else rest.replace("/", ":", 1)


def ref(reference: str | None) -> Cell:
    """Return a reference in the colour of its kind."""
    if not reference:
        return Cell("")
    scheme = reference.partition(":/")[0]
    return Cell(short(reference), _KIND_STYLES.get(scheme, "name"))


def several(texts: Sequence[str], most: int = 8) -> str:
    """Return the first texts in a line, and how many more there are."""
    left = len(texts) - most
    return "; ".join(texts[:most]) + (f"; and {left:,} more" if left > 0 else "")


def size(count: int | None) -> str:
    """Return bytes as people read them: `97.8 MiB`."""
    if count is None:
        return ""
    number = float(count)
    for unit in _UNITS:
        if number < 1024 or unit == _UNITS[-1]:
            return f"{count} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return ""


def when(at: datetime | None) -> Cell:
    """Return a time to the second, UTC."""
    if at is None:
        return Cell("")
    return Cell(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), "dim")


def minute(at: datetime) -> Cell:
    """Return a time to the minute, UTC: for tables."""
    return Cell(when(at).text[:16], "dim")


def stage(name: str | None) -> Cell:
    """Return a stage in its colour; nothing for none."""
    return Cell("") if name in {None, "None"} else Cell(str(name), _STAGES.get(str(name), ""))


def state(name: str) -> Cell:
    """Return the state of a run, or the status of a version."""
    return Cell(name.replace("_", " "), _STATES.get(name, "bad" if name != "active" else "good"))


def role(name: str) -> str:
    """Return a role; nothing for `other`, which says nothing."""
    return "" if name == "other" else name


def pairs(values: Mapping[str, Any], most: int | None = None) -> str:
    """Return `key=value, ...`; numbers to six digits."""
    said = [f"{key}={value(each)}" for key, each in values.items()]
    if most is not None and len(said) > most:
        said[most:] = [f"+{len(said) - most} more"]
    return ", ".join(said)


def value(what: object) -> str:
    """Return a value as people write it."""
    if isinstance(what, bool):
        return "true" if what else "false"
    return f"{what:.6g}" if isinstance(what, float) else str(what)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return `1 node` or `2,000 nodes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
