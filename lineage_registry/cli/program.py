"""The program: arguments in, an exit code out, and no traceback on the way."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lineage_registry.cli import groups, output
from lineage_registry.cli.options import begin, options
from lineage_registry.errors import InvalidInputError, RegistryError

_BROKEN_PIPE = 141
_FIRST_LINES = """The registry is the folder .lineage-registry unless --url or LINEAGE_REGISTRY_URL
say otherwise. References: resnet50:3, resnet50@champion, models:/resnet50/Production,
datasets:/digits/2, runs:/ID."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `arguments` are those of the process."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    spoken = begin()
    # An error may come before the options are read.
    spoken.json, spoken.debug = "--json" in given, "--debug" in given
    try:
        code = _run(given)
        sys.stdout.flush()
    except (BrokenPipeError, groups.ReaderLeftError):
        _forget_stdout()
        return _BROKEN_PIPE
    return code


def _run(given: list[str]) -> int:
    try:
        return _call(given)
    except RegistryError as error:
        return _failed(error)
    except (KeyboardInterrupt, typer.Abort):
        output.note("interrupted")
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except (BrokenPipeError, groups.ReaderLeftError):
        raise
    except Exception as error:  # noqa: BLE001 - people get a sentence, whatever failed
        return _unexpected(error)


def _call(given: list[str]) -> int:
    from typer.exceptions import TyperException

    program = Path(sys.argv[0]).name if sys.argv[0] else ""
    name = program if program in {"lreg", "lineage-registry"} else "lineage-registry"
    try:
        ended = groups.root(_root).main(given, prog_name=name, standalone_mode=False)
    except TyperException as error:
        return _misused(error)
    return ended if isinstance(ended, int) else 0


def _print_version(*, value: bool) -> None:
    if value:
        import lineage_registry

        output.write(f"lineage-registry {lineage_registry.__version__}\n")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            is_eager=True,
            callback=lambda value: _print_version(value=value),
        ),
    ] = False,
) -> None:
    del version


_root.__doc__ = f"""Register models and datasets, trace where they come from, roll back.

{_FIRST_LINES}
"""


def _failed(error: RegistryError) -> int:
    from lineage_registry.problems import outcome, problem

    if options().debug:
        raise error
    output.fail(problem(error))
    return int(outcome(error).exit_code)


def _misused(error: Any) -> int:
    from lineage_registry.problems import ExitCode, problem

    context = getattr(error, "ctx", None)
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        output.write(message + "\n")
        return int(ExitCode.USAGE)
    hint = f"`{context.command_path} --help` says how" if context is not None else None
    sentence = message[:1].lower() + message[1:].rstrip(".")
    output.fail(problem(InvalidInputError(sentence, hint=hint)))
    return int(ExitCode.USAGE)


def _unexpected(error: Exception) -> int:
    from lineage_registry.problems import problem

    if options().debug:
        raise error
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    told = RegistryError(
        f"something unexpected failed: {what}",
        hint="--debug shows where; please report it with what you did",
    )
    output.fail(problem(told))
    return 1


def _forget_stdout() -> None:
    # What still lies in the buffer would fail again when the interpreter ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
