"""Commands that are loaded when they are called, and help pages that need none of them."""

import re
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from itertools import groupby
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from lineage_registry.cli import options
from lineage_registry.cli.table import OTHER_NAMES, SECTIONS, TOP, Noun, Verb
from lineage_registry.errors import InvalidInputError

_SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 88}
_BRACES: Final = re.compile(r"^\{(.*?)\}(?:\.\.\.)?$")
_TYPE: Final = re.compile(r"(?<=[A-Z.]) <[^>]*>$")
_REMARK: Final = re.compile(r"  \[(required|x>=[01]|default: 0)\]$|; 0<=x<=65535")
_BOLD, _OFF = "\x1b[1m", "\x1b[0m"


class ReaderLeftError(Exception):
    """Whoever read the output left; Typer would turn the error itself into exit code 1."""


class VerbCommand(TyperCommand):
    """A command that also takes the common options, before or after its own."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return _headed(super().get_help(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Do what the command does."""
        from lineage_registry.cli.logs import listen

        listen()
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderLeftError from error

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the arguments as the usage line writes them."""
        pieces = super().collect_usage_pieces(ctx)
        return [_BRACES.sub(r"\1", piece) for piece in pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, the common ones last."""
        for panel, parameters in groupby(_sorted(self.get_params(ctx)), _panel):
            records = [parameter.get_help_record(ctx) for parameter in parameters]
            with formatter.section(panel):
                formatter.write_dl([_quiet(record) for record in records if record is not None])


class TableGroup(TyperGroup):
    """A group whose commands stand in a table."""

    sections: Mapping[str, Mapping[str, Verb | Noun]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is Typer's
        """Return the names of the commands."""
        return [name for section in self.sections.values() for name in section]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is Typer's
        """Return a command, loading what it needs; None if there is none."""
        entries = (section[cmd_name] for section in self.sections.values() if cmd_name in section)
        entry = next(entries, None)
        if entry is None:
            return None
        return noun(cmd_name, entry) if isinstance(entry, Noun) else verb(cmd_name, entry)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is called.

        Raises:
            InvalidInputError: There is none of this name.
        """
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            path = ctx.command_path
            raise InvalidInputError(
                f"there is no command {args[0]!r}",
                hint=self._meant(path, args[0]) or f"`{path} --help` lists the commands",
            )
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return _headed(super().get_help(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        VerbCommand.format_options(self, ctx, formatter)  # type: ignore[arg-type]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by section; column widths are those of the longest name."""
        width = max(len(name) for name in self.list_commands(ctx))
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(n.ljust(width), entry.help) for n, entry in section.items()])

    def _meant(self, path: str, typed: str) -> str | None:
        if self.sections is SECTIONS and typed in OTHER_NAMES:
            return f"use `{path} {OTHER_NAMES[typed]}`"
        near = get_close_matches(typed.lower(), self.list_commands(None))
        return f"did you mean `{path} {near[0]}`?" if near else None


class RootGroup(TableGroup):
    """The program itself."""

    sections = SECTIONS


def root(callback: Callable[..., None]) -> Any:
    """Return the whole command line."""
    app = typer.Typer(
        cls=RootGroup,
        add_completion=True,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings=_SETTINGS,
    )
    app.callback()(callback)
    command = typer.main.get_command(app)
    command.params[:0] = options.common()
    return command


def noun(name: str, entry: Noun) -> Any:
    """Return the group of commands about one kind of thing."""

    class NounGroup(TableGroup):
        sections: Mapping[str, Mapping[str, Verb | Noun]] = {"Commands": entry.verbs}

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """Take the default command where none is named."""
            return super().parse_args(ctx, [*_unsaid(entry, ctx, args), *args])

    app = typer.Typer(
        cls=NounGroup,
        name=name,
        help=entry.help,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings=_SETTINGS,
    )
    app.callback()(_nothing)
    command = typer.main.get_command(app)
    command.params.extend(options.common())
    return command


def verb(name: str, entry: Verb) -> Any:
    """Return a command, with the code behind it."""
    module, _, function = entry.target.partition(":")
    callback = getattr(import_module(f"lineage_registry.cli.{module}"), function)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=VerbCommand, context_settings=_SETTINGS)(callback)
    command = typer.main.get_command(app)
    command.params = [each for each in command.params if each.name not in entry.without]
    if entry.writes:
        command.params.extend(options.conditions())
    if entry.exports:
        command.params.extend(options.exporting())
    command.params.extend(options.common())
    return command


def every_command() -> dict[str, Verb]:
    """Return every command by its words: `model create`."""
    found: dict[str, Verb] = {}
    for name, entry in TOP.items():
        if isinstance(entry, Noun):
            found |= {f"{name} {verb}": each for verb, each in entry.verbs.items()}
        else:
            found[name] = entry
    return found


def _unsaid(entry: Noun, ctx: Any, args: list[str]) -> list[str]:
    """Return the command that is meant where nothing but options is typed; it takes those, too."""
    named = args and (not args[0].startswith("-") or not entry.verbs.keys().isdisjoint(args))
    asks_help = bool(args) and args[0] in ctx.help_option_names
    silent = entry.default is None or named or asks_help or ctx.resilient_parsing
    return [] if silent else [str(entry.default)]


def _nothing() -> None: ...


def _panel(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return "Arguments"
    if parameter.rich_help_panel:
        return str(parameter.rich_help_panel)
    own = parameter.name not in {"help", "install_completion", "show_completion"}
    return "Options" if own else options.COMMON


def _sorted(parameters: list[Any]) -> list[Any]:
    panels = dict.fromkeys(["Arguments", "Options", *map(_panel, parameters)])
    panels.pop(options.COMMON, None)
    order = [*panels, options.COMMON]
    return sorted(parameters, key=lambda parameter: order.index(_panel(parameter)))


def _quiet(record: tuple[str, str]) -> tuple[str, str]:
    """Return a line of help without what the usage line and plain sense say already."""
    name, text = record
    return _TYPE.sub("", name), _REMARK.sub("", text)


def _headed(page: str) -> str:
    """Return the page with bold headings, where a person looks at it."""
    from lineage_registry.cli.terminal import has_colour

    if not has_colour(sys.stdout):
        return page
    lines = page.split("\n")
    headings = (line.endswith(":") and not line.startswith(" ") for line in lines)
    return "\n".join(
        f"{_BOLD}{line}{_OFF}" if heading else line
        for line, heading in zip(lines, headings, strict=True)
    )
