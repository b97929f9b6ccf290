"""Programs of `torch.export` on their way to and from `.pt2` files."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.pytorch.program_rules import reasons_against
from lineage_registry.formats.requirements import require
from lineage_registry.formats.writing import whole_file

FILE = "model.pt2"
PROGRAM = "torch.export.exported_program.ExportedProgram"
_SHOWN = 5


def load_program(place: Path, *, trusted: bool = False) -> Any:
    """Return the program; its weights are where they were when it was exported.

    Raises:
        UnsafeArtifactError: Loading would evaluate or unpickle what nobody trusts.
    """
    torch = require("torch", extra="torch")
    with place.open("rb") as stream:
        reasons = reasons_against(stream, place.stat().st_size)
    if reasons and not trusted:
        raise UnsafeArtifactError(
            f"loading the program would run code: {'; '.join(reasons[:_SHOWN])}",
            hint="export the model again from its source",
            reasons=list(reasons),
        )
    with _quiet(), place.open("rb") as stream:
        # By stream: by name, the library wants its own suffix.
        return torch.export.load(stream)


def save_program(program: Any, folder: Path) -> None:
    """Write the program, if it can be loaded again without trust.

    Raises:
        UnsafeArtifactError: It holds what is kept as a pickle.
    """
    torch = require("torch", extra="torch")
    with whole_file(folder / FILE) as draft:
        with _quiet(), draft.open("wb") as stream:
            torch.export.save(program, stream)
        with draft.open("rb") as stream:
            reasons = reasons_against(stream, draft.stat().st_size)
        if reasons:
            raise UnsafeArtifactError(
                f"the program could not be loaded again: {'; '.join(reasons[:_SHOWN])}",
                hint="export the model without custom operators and objects",
                reasons=list(reasons),
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from remarking on streams without a name."""
    log = logging.getLogger("torch.export")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
