"""Programs of `torch.export` on their way to and from `.pt2` files."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage_registry.errors import InvalidInputError, UnsafeArtifactError
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


def exported(torch: Any, module: object, options: Mapping[str, object]) -> Any:
    """Return the program that a module is on these inputs; what is in it no longer needs its class.

    Raises:
        InvalidInputError: It is no module, or `dynamic_shapes` says nothing.
    """
    if not isinstance(module, torch.nn.Module):
        raise InvalidInputError(
            f"a program is not made of a {type(module).__qualname__}",
            hint="example_inputs are for a module",
            option="example_inputs",
        )
    positional, named = call_of(options["example_inputs"])
    shapes = shapes_of(options)
    training = module.training
    try:
        return torch.export.export(module.eval(), positional, named, dynamic_shapes=shapes)
    finally:
        module.train(training)


def call_of(examples: object) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return example inputs as what a call takes: a tuple, a dictionary of keywords, or one."""
    if isinstance(examples, Mapping):
        return (), dict(examples)
    return (tuple(examples), {}) if isinstance(examples, list | tuple) else ((examples,), {})


def shapes_of(options: Mapping[str, object]) -> Any:
    """Return the option `dynamic_shapes` as torch takes it; None if there is none.

    Dimensions are numbers for torch, and texts where JSON has said them.

    Raises:
        InvalidInputError: It does not say which dimensions of what vary.
    """
    given = options.get("dynamic_shapes")
    if given is None or isinstance(given, Mapping | list | tuple):
        return _numbered(given)
    raise InvalidInputError(
        f"dynamic_shapes={str(given)[:60]!r} does not say which dimensions vary",
        hint='write {"x": {0: "batch"}}, or ({0: "batch"},) in the order of the inputs',
        option="dynamic_shapes",
    )


def _numbered(given: Any) -> Any:
    if isinstance(given, Mapping):
        return {
            int(key) if isinstance(key, str) and key.isdecimal() else key: _numbered(value)
            for key, value in given.items()
        }
    return type(given)(map(_numbered, given)) if type(given) in {list, tuple} else given


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
