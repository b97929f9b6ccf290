"""Archives with a meaning: NeMo models and model archives of TorchServe."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.formats.archives.members import Members
from lineage_registry.formats.pickles.policy import is_dangerous
from lineage_registry.formats.reading import notes, shown

_MAX_TEXT = 4 * 1024 * 1024
_NEMO = ("model_config.yaml", "model_weights.ckpt")
_MANIFEST = "MAR-INF/MANIFEST.json"
_TARGET = re.compile(rb"""^[\s-]*["']?(?:_target_|target)["']?\s*:\s*["']?([\w.]+)""", re.MULTILINE)
_KNOWN = re.compile(r"(nemo|torch\.(nn|optim)|pytorch_lightning|lightning)\.[\w.]+")


@dataclass(frozen=True)
class Package:
    """What an archive is beside an archive.

    Attributes:
        runs: What of its own or of somebody else's it would run.
    """

    kind: str | None = None
    notes: dict[str, str] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    dangerous: tuple[str, ...] = ()

    def findings(self, held: Inspection) -> Iterator[Inspection]:
        """Yield what has to be said of it besides."""
        told = {"format": held.format, "bytes": held.bytes}
        if self.dangerous:
            yield Inspection(verdict=Verdict.REFUSED, reasons=self.dangerous, **told)
        if self.runs:
            yield Inspection(
                verdict=Verdict.NEEDS_TRUST, reasons=self.runs, custom_code=self.runs, **told
            )


def package_of(members: Members) -> Package:
    """Return what an archive is, from the members that only such an archive has."""
    there = set(members.paths())
    if _MANIFEST in there:
        return _model_archive(members)
    if all(name in there for name in _NEMO):
        return _nemo(members)
    return Package()


def _nemo(members: Members) -> Package:
    targets = {found.decode("ascii") for found in _TARGET.findall(_text(members, _NEMO[0]))}
    foreign = sorted(name for name in targets if not _KNOWN.fullmatch(name))
    hostile = [name for name in foreign if is_dangerous(*_split(name))]
    return Package(
        "nemo",
        {},
        tuple(f"the configuration names the code of {shown(name)}" for name in foreign),
        tuple(f"the configuration asks to run {shown(name)}" for name in hostile),
    )


def _model_archive(members: Members) -> Package:
    manifest = _json(_text(members, _MANIFEST))
    model = manifest.get("model")
    told = dict(_texts(manifest)) | dict(_texts(model))
    code = [path for path in members.paths() if path.endswith(".py")]
    handler = told.get("handler")
    runs = [f"it brings the code of {shown(path)}" for path in code]
    if handler:
        runs.append(f"it is served by the handler {shown(handler)}")
    if told.get("requirementsFile"):
        runs.append("it installs packages when it is served")
    return Package("mar", notes(told), tuple(runs))


def _split(dotted: str) -> tuple[str, str]:
    module, _, name = dotted.rpartition(".")
    return module, name


def _texts(found: Any) -> list[tuple[str, str]]:
    items = found.items() if isinstance(found, dict) else ()
    return [(key, value) for key, value in items if isinstance(value, str)]


def _text(members: Members, path: str) -> bytes:
    with members.open(path) as stream:
        return stream.read(_MAX_TEXT)


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
