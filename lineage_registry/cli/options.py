"""The options that every command takes, before or after its name."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer


@dataclass
class Options:
    """What was said about where, who and how to print."""

    url: str | None = None
    artifacts: str | None = None
    actor: str | None = None
    json: bool = False
    jsonl: bool = False
    quiet: bool = False
    verbose: int = 0
    debug: bool = False
    reason: str | None = None
    key: str | None = None
    if_match: int | None = None
    as_format: str | None = None
    into: str | None = None

    @property
    def for_programs(self) -> bool:
        """Whether the output is JSON."""
        return self.json or self.jsonl


_current: ContextVar[Options] = ContextVar("lineage_registry_cli_options")

COMMON: Final = "Common options"


def begin() -> Options:
    """Forget what was said and return the options of a new call."""
    options = Options()
    _current.set(options)
    return options


def options() -> Options:
    """Return what was said so far."""
    return _current.get()


def common() -> list[Any]:
    """Return the parameters that every command has; their values go to `options()`."""
    return _parameters(_common)


def conditions() -> list[Any]:
    """Return the parameters of commands that change something."""
    return _parameters(_conditions)


def exporting() -> list[Any]:
    """Return the parameters of commands whose answer can be written in other formats."""
    return _parameters(_exporting)


def _parameters(function: Any) -> list[Any]:
    app = typer.Typer(add_completion=False)
    app.command()(function)
    parameters = typer.main.get_command(app).params
    for parameter in parameters:
        parameter.expose_value = False
        parameter.callback = _remember
    return list(parameters)


def _remember(_context: Any, parameter: Any, value: Any) -> Any:
    # What was left out here may have been said before the command's name.
    said = value is not None and value is not False and (value != 0 or parameter.name == "if_match")
    if said:
        setattr(options(), parameter.name, value)
    return value


def _common(
    *,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The registry: a folder, sqlite:PATH, neo4j://HOST, http://HOST.",
            rich_help_panel=COMMON,
        ),
    ] = None,
    artifacts: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where bytes are kept: a folder or s3://HOST:PORT/BUCKET.",
            rich_help_panel=COMMON,
        ),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who acts; goes into the log.", rich_help_panel=COMMON),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.", rich_help_panel=COMMON)
    ] = False,
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help="Print one JSON document per line.", rich_help_panel=COMMON),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="No notes, no progress; errors only.", rich_help_panel=COMMON
        ),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            help="Say more; twice, even more.",
            rich_help_panel=COMMON,
        ),
    ] = 0,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show where in the code it failed.", rich_help_panel=COMMON),
    ] = False,
) -> None: ...


def _conditions(
    *,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", "-r", metavar="TEXT", help="Why; stays in the log.", rich_help_panel=COMMON
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Idempotency key: the same call with it is done once.",
            rich_help_panel=COMMON,
        ),
    ] = None,
    if_match: Annotated[
        int | None,
        typer.Option(
            metavar="REVISION",
            help="Only if the thing's last change is this revision.",
            rich_help_panel=COMMON,
        ),
    ] = None,
) -> None: ...


def _exporting(
    *,
    as_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="Write it as csv, markdown, json; a graph as svg, dot, ...",
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write it to a file, whose suffix says how; - is stdout.",
        ),
    ] = None,
) -> None: ...
