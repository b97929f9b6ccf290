"""Settings shown, and what a set-up needs checked."""

import os
import platform
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import typer

from lineage_registry.cli import output
from lineage_registry.cli.options import options
from lineage_registry.cli.session import registry, settings
from lineage_registry.cli.views import Cell, Table
from lineage_registry.cli.words import size
from lineage_registry.errors import RegistryError

if TYPE_CHECKING:
    from lineage_registry.settings import Origin

_EXTRAS: Final = {
    "neo4j": ("neo4j",),
    "s3": ("minio",),
    "safetensors": ("safetensors",),
    "torch": ("torch",),
    "onnx": ("onnx",),
    "hf": ("transformers",),
    "sklearn": ("skops",),
    "keras": ("keras",),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "lightgbm": ("lightgbm",),
    "catboost": ("catboost",),
    "remote": ("httpx2",),
    "pictures": ("typst",),
    "parquet": ("pyarrow",),
    "server": ("fastapi",),
}
"""What each extra brings, by the names of packages of which one is enough."""


def show(
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each comes from.")] = False,
) -> None:
    """Show the settings that hold here, and where graph, artifacts and caches are.

    Secrets are masked.
    """
    from lineage_registry.settings import origins

    said = options()
    found = [
        each._replace(value=masked(each.value) if isinstance(each.value, str) else each.value)
        for each in origins(url=said.url, artifacts=said.artifacts, actor=said.actor)
    ]
    found += _follows()
    if said.for_programs:
        output.emit_json(
            {
                one.name: {"value": one.value, "source": one.source} if origin else one.value
                for one in found
            }
        )
        return
    columns = ("setting", "value", "from") if origin else ("setting", "value")
    rows = [(one.name, _setting(one.value), Cell(one.source, "dim")) for one in found]
    output.show([Table(columns, [row[: len(columns)] for row in rows])])


def _follows() -> "list[Origin]":
    """Return what follows from the settings: where things really are."""
    from lineage_registry.bootstrap import places
    from lineage_registry.registry.known_digests import cache_folder
    from lineage_registry.settings import DEFAULT, Origin, files

    found = [
        Origin(f"{name}_place", place, "follows from the settings")
        for name, place in places(settings()).items()
    ]
    cache = "XDG_CACHE_HOME" if os.environ.get("XDG_CACHE_HOME") else DEFAULT
    with suppress(RuntimeError):  # a user without a home
        found.append(Origin("cache_folder", str(cache_folder()), cache))
    for name, file in files().items():
        there = "read" if file is not None and file.is_file() else "not there"
        found.append(Origin(f"{name}_file", None if file is None else str(file), there))
    return found


def _setting(value: str | int | Sequence[str] | None) -> Cell:
    if value is None:
        return Cell("-", "dim")
    return Cell(str(value) if isinstance(value, str | int) else ", ".join(value), "name")


class _Check(NamedTuple):
    name: str
    state: str
    said: str
    hint: str | None = None


def doctor() -> None:
    """Check settings, libraries, graph store and artifact store; exits with 1 if one fails."""
    checks = [_python(), *_settings(), *_libraries()]
    if options().for_programs:
        output.emit_json({"checks": [each._asdict() for each in checks]})
    else:
        marks = {"ok": Cell("ok", "good"), "absent": Cell("-", "dim"), "failed": Cell("no", "bad")}
        rows = [
            (
                each.name,
                marks[each.state],
                [Cell(each.said), Cell(f"  {each.hint}" if each.hint else "", "dim")],
            )
            for each in checks
        ]
        output.show([Table(("check", "", "found"), rows)])
    if any(each.state == "failed" for each in checks):
        raise typer.Exit(1)


def masked(url: str) -> str:
    """Return a URL without the password in it."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))


def _python() -> _Check:
    import lineage_registry

    said = f"{lineage_registry.__version__} on Python {platform.python_version()}"
    return _Check("lineage-registry", "ok", said)


def _settings() -> list[_Check]:
    try:
        chosen = settings()
    except RegistryError as error:
        return [_Check("settings", "failed", error.message, error.hint)]
    found = [_Check("settings", "ok", f"url {masked(chosen.url)}, actor {chosen.actor}")]
    return [*found, _attempt("registry", _answer), *_room(chosen.url)]


def _answer() -> str:
    with registry() as opened:
        status = opened.status()
    return (
        f"graph {status.graph}, artifacts {status.artifacts}, "
        f"revision {status.revision:,}, {status.events:,} events"
    )


def _attempt(name: str, check: Callable[[], str]) -> _Check:
    try:
        return _Check(name, "ok", check())
    except RegistryError as error:
        return _Check(name, "failed", error.message, error.hint)


def _room(url: str) -> list[_Check]:
    place = Path(url.removeprefix("sqlite:"))
    if "://" in url or not place.exists():
        return []
    free = shutil.disk_usage(place).free
    enough = free > 2**30
    return [_Check("disk", "ok" if enough else "failed", f"{size(free)} free at {place}")]


def _libraries() -> list[_Check]:
    return [_library(extra, names) for extra, names in _EXTRAS.items()]


def _library(extra: str, names: tuple[str, ...]) -> _Check:
    for name in names:
        with suppress(PackageNotFoundError):
            return _Check(f"extra {extra}", "ok", f"{name} {version(name)}")
    hint = f"pip install 'lineage-registry[{extra}]'"
    return _Check(f"extra {extra}", "absent", f"{names[0]} is not installed", hint)
