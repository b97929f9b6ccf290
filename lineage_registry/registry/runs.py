"""A run as a block of code: what is loaded inside becomes an input, what is logged an output."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from lineage_registry.ports.commands import (
    AddInputs,
    EndRun,
    GetRun,
    LogMetrics,
    LogParams,
    Run,
    Version,
)

if TYPE_CHECKING:
    from lineage_registry.domain.graph import Scalar
    from lineage_registry.registry.facade import Registry
    from lineage_registry.registry.handles import VersionHandle

_RECORDED_LIBRARIES: Final = (
    "numpy",
    "torch",
    "safetensors",
    "transformers",
    "sklearn",
    "pandas",
    "onnx",
    "tensorflow",
    "jax",
)
_MAX_MESSAGE = 1_000

current: ContextVar[RunHandle | None] = ContextVar("lineage_registry_run", default=None)
"""The innermost run whose block this is."""


class RunHandle:
    """A run that was started; usable as a block that ends it.

    Inside the block, what the registry loads becomes an input of the run and what it registers an
    output. An exception that leaves the block ends the run as failed; so does `fail` inside it.
    """

    def __init__(self, registry: Registry, answer: Run) -> None:
        self._registry = registry
        self._started = answer
        self._token: Token[RunHandle | None] | None = None
        self._ended = False

    @property
    def run_id(self) -> str:
        """The run's public id."""
        return self._started.run_id

    @property
    def reference(self) -> str:
        """The run's reference, `runs:/ID`."""
        return self._started.reference

    @property
    def registry(self) -> Registry:
        """The registry that the run is in."""
        return self._registry

    def get(self) -> Run:
        """Return the run as it is now."""
        return self._registry.sender.ask(GetRun, run_id=self.run_id)

    def use(self, *references: str, role: str = "train") -> Run:
        """Record that the run reads these versions; refused if one descends from the run."""
        inputs = [{"reference": reference, "role": role} for reference in references]
        return self._registry.sender.write(AddInputs, {}, run_id=self.run_id, inputs=inputs)

    def test_on(self, *references: str, role: str = "test") -> Run:
        """Record that the run evaluates on these dataset versions."""
        tested = [{"reference": reference, "role": role} for reference in references]
        return self._registry.sender.write(AddInputs, {}, run_id=self.run_id, tested_on=tested)

    def loaded(self, version: Version, role: str | None = None) -> None:
        """Record that a version was loaded; what descends from the run counts as read back.

        The role is `base` for a model and `train` for a dataset if it is left out. In the role
        `test` it is data to evaluate on, which is kept apart from training data.
        """
        usual = "base" if version.kind == "model_version" else "train"
        inputs = [{"reference": version.reference, "role": role or usual}]
        self._registry.sender.write(AddInputs, {}, run_id=self.run_id, inputs=inputs, loaded=True)

    def log_params(self, **params: Scalar) -> Run:
        """Set parameters; one that is set keeps its value."""
        return self._registry.sender.write(LogParams, {}, run_id=self.run_id, params=params)

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> Run:
        """Add measurements of one step."""
        return self._registry.sender.write(
            LogMetrics, {}, run_id=self.run_id, metrics=dict(metrics), step=step
        )

    def log(self, model: object, name: str, **options: Any) -> VersionHandle:
        """Register a model, from memory or a path, as an output; options as `Registry.register`."""
        return self._registry.register(name, model, run=self.reference, **options)

    def log_dataset(self, data: object, name: str, **options: Any) -> VersionHandle:
        """Register a dataset version as an output; options as `Registry.register_dataset`."""
        return self._registry.register_dataset(name, data, run=self.reference, **options)

    def finish(self) -> Run:
        """End the run well."""
        return self._end(status="finished")

    def fail(self, message: str | None = None) -> Run:
        """End the run as failed."""
        return self._end(status="failed", message=message)

    def __enter__(self) -> Self:
        self._token = current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            current.reset(self._token)
            self._token = None
        if self._ended:
            return
        if kind is None:
            self.finish()
        else:
            self.fail(f"{kind.__name__}: {error}"[:_MAX_MESSAGE])

    def _end(self, **said: str | None) -> Run:
        ended = self._registry.sender.write(EndRun, {}, run_id=self.run_id, **said)
        self._ended = True
        return ended

    def __repr__(self) -> str:
        return f"<Run {self.run_id}>"


def environment() -> dict[str, Scalar]:
    """Return interpreter, platform and the versions of the known libraries that are loaded."""
    found: dict[str, Scalar] = {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
    }
    for name in _RECORDED_LIBRARIES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found[name] = str(version)
    return found


def code_commit() -> str | None:
    """Return the commit of the checkout this runs in; None outside of one.

    It ends in `+dirty` if tracked files differ from it.
    """
    head = _git("rev-parse", "HEAD")
    if head is None:
        return None
    return f"{head}+dirty" if _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
