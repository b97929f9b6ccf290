"""The only place that prints: data on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lineage_registry.cli.options import options
from lineage_registry.cli.views import Cell, View
from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from pydantic import BaseModel


def emit(answer: "BaseModel", view: Callable[[], View]) -> None:
    """Print an answer: as JSON, or as people read it; or write it as the options say."""
    if options().as_format or options().into:
        from lineage_registry.cli.writing import write_answer

        write_answer(answer, options().into or "-", options().as_format)
        return
    if options().for_programs:
        write(answer.model_dump_json(indent=None if options().jsonl else 2) + "\n")
        return
    show(view())


def emit_json(document: Mapping[str, Any]) -> None:
    """Print a JSON document."""
    indent = None if options().jsonl else 2
    write(json.dumps(document, indent=indent, ensure_ascii=False) + "\n")


def show(view: View) -> None:
    """Draw what people read."""
    from lineage_registry.cli.drawing import draw

    draw(view, sys.stdout)


def write(data: str | bytes) -> None:
    """Write data to stdout; text is UTF-8, wherever it goes."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data.encode() if isinstance(data, str) else data)
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """Tell people something that is not data."""
    if not options().quiet:
        from lineage_registry.cli.drawing import error_line
        from lineage_registry.exports.words import shown

        error_line([Cell(shown(text), "dim")], sys.stderr)


def warn(text: str) -> None:
    """Tell of something that people and programs must not overlook; it is not data."""
    from lineage_registry.cli.drawing import error_line
    from lineage_registry.exports.words import shown

    error_line([Cell("warning:", "warn"), Cell(f" {shown(text)}")], sys.stderr)


def done(text: str) -> None:
    """Say that something was done; programs read the answer instead."""
    if not options().for_programs:
        note(text)


def fail(document: Mapping[str, Any]) -> None:
    """Tell of an error, given as a problem document."""
    if options().for_programs:
        sys.stderr.write(json.dumps(document, ensure_ascii=False) + "\n")
        return
    from lineage_registry.cli.drawing import error_line
    from lineage_registry.exports.words import shown

    error_line([Cell("error:", "bad"), Cell(f" {shown(str(document['detail']))}")], sys.stderr)
    for line in _details(document):
        error_line([Cell(f"  {shown(line)}", "dim")], sys.stderr)
    if document.get("hint"):
        error_line([Cell("hint:", "warn"), Cell(f" {shown(str(document['hint']))}")], sys.stderr)


def _details(document: Mapping[str, Any]) -> Iterable[str]:
    errors: Sequence[Mapping[str, Any]] = document.get("errors") or ()
    if len(errors) > 1:
        yield from (f"{each.get('pointer', '')}: {each.get('detail', '')}" for each in errors)
    context: Mapping[str, Any] = document.get("context") or {}
    blocked = context.get("blocked_by")
    if isinstance(blocked, list):
        yield from (f"- {each}" for each in blocked[:10])


def confirm(question: str, *, yes: bool) -> None:
    """Return if it is wanted.

    Raises:
        InvalidInputError: Nobody is there to ask, and `--yes` was not given.
        SystemExit: The answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidInputError(
            f"{question} needs a yes", hint="give --yes: there is no terminal to ask on"
        )
    sys.stderr.write(f"{question}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        note("left as it was")
        raise SystemExit(0)


@contextmanager
def transfer(doing: str) -> Iterator[Callable[[str, int, int], None] | None]:
    """Give what shows the progress of a transfer; None where nobody watches."""
    if options().quiet or options().json or not sys.stderr.isatty():
        yield None
        return
    from lineage_registry.cli.progress import bars

    with bars(doing) as step:
        yield step
