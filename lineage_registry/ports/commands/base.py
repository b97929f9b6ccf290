"""Commands and queries: what a registry can be asked, here or over HTTP, one class for each."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.names import Text
from lineage_registry.domain.references import AsOf, Space, parse_as_of, parse_instant
from lineage_registry.domain.tables import Table
from lineage_registry.errors import InvalidInputError, RegistryError
from lineage_registry.ports.log_copies import LogCopy, LogHeader, Progress

A = TypeVar("A")
T = TypeVar("T")
C = TypeVar("C", bound="Command[Any]")


class Route(NamedTuple):
    """Where a command lives over HTTP.

    Attributes:
        path: Below `/api/v1`; `{field}` is filled from the command. A path that begins with
            `/{space}` stands for one route below `/models` and one below `/datasets`.
        tag: The group it is documented in.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    tag: str
    status: int = 200


class Command(BaseModel, Generic[A]):
    """Something to do or to answer; `A` is the answer.

    Over HTTP the fields that the path does not name travel in the query of a GET or DELETE, and
    in the JSON body otherwise. Field names of the path are plain text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=100_000)

    route: ClassVar[Route]

    @classmethod
    def answer(cls) -> Any:
        """Return the type of the answer."""
        for base in cls.__mro__:
            arguments = getattr(base, "__pydantic_generic_metadata__", {}).get("args")
            if arguments:
                return arguments[0]
        raise TypeError(f"{cls.__name__} declares no answer")

    def digest(self) -> str:
        """Return what tells this command from every other one: kind and fields, hashed."""
        said = f"{type(self).__name__}\n{self.model_dump_json()}"
        return hashlib.sha256(said.encode()).hexdigest()


class Write(Command[A]):
    """A command that changes the registry.

    Attributes:
        reason: Why, in the words of who does it; stays in the log.
    """

    reason: Annotated[Text, Field(max_length=2_000)] | None = None


def _read_as_of(value: object) -> object:
    # Pydantic would take True for revision 1, and 1.5 for a time in 1970.
    known = value is None or (isinstance(value, int | datetime) and not isinstance(value, bool))
    return value if known else parse_as_of(str(value))


def _write_as_of(value: AsOf | None) -> str | None:
    return (
        value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
    )


When = Annotated[int | datetime | None, BeforeValidator(_read_as_of), PlainSerializer(_write_as_of)]
"""A revision or an aware time; anything else is read as `parse_as_of` says of its text."""


def _read_instant(value: object) -> object:
    known = value is None or isinstance(value, datetime)
    return value if known else parse_instant(str(value))


Instant = Annotated[datetime | None, BeforeValidator(_read_instant)]
"""An aware time; anything else is read as `parse_instant` says of its text."""


class Query(Command[A]):
    """A question; the answer is true of one revision.

    Attributes:
        as_of: The revision or time that it is about; None is now.
    """

    as_of: When = None


class Answer(BaseModel):
    """The answer to a question, true of one revision.

    Attributes:
        as_of: When that revision was committed; None for the empty registry.
    """

    model_config = ConfigDict(frozen=True)

    revision: int
    as_of: datetime | None


class TableAnswer(Answer):
    """An answer that also reads as one table: rows for a spreadsheet or a report."""

    @abstractmethod
    def table(self) -> Table:
        """Return the answer as rows under named columns; what does not fit a row is left out."""


class GraphAnswer(Answer):
    """An answer that holds a graph, which can be drawn and written as one."""

    @abstractmethod
    def graph(self) -> Lineage:
        """Return the nodes and edges of the answer."""


class Listing(Query[A]):
    """A question whose answer comes in pages.

    Attributes:
        limit: Rows of a page at most.
        cursor: `next_cursor` of the page before.
    """

    limit: int = Field(default=100, ge=1, le=1_000)
    cursor: str | None = Field(default=None, max_length=500)


class Page(BaseModel, Generic[T]):
    """A part of a list, in a stable order.

    Attributes:
        next_cursor: What to ask for the rest with; None at the end. It keeps the revision, so
            that pages join to one consistent list whatever is written meanwhile.
    """

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next_cursor: str | None = None
    revision: int


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, and under which conditions.

    Attributes:
        actor: Who is accountable; goes into the log.
        key: Idempotency key: the same command with the same key is done once.
        if_match: Do it only if the thing's `revision` is still this one.
    """

    actor: str
    key: str | None = None
    if_match: int | None = None


class Commands(ABC):
    """A registry that can be asked."""

    @abstractmethod
    def run(self, command: Command[A], context: Context) -> A:
        """Do or answer it.

        Raises:
            RegistryError: The subclass says what failed; nothing is half-done.
        """

    def stream(self, command: Command[A], context: Context) -> A:
        """Answer as `run`; parts of a large answer may be read only when they are walked over.

        Then the registry has to stay open as long, and a part may raise what `run` raises.
        """
        return self.run(command, context)

    @abstractmethod
    def export_log(self, command: "ExportLog") -> Iterator[bytes]:
        """Yield a copy of the log as JSON Lines, in pieces of any size."""

    @abstractmethod
    def import_log(self, copy: LogCopy, progress: Progress | None = None) -> "LogImport":
        """Append what a copy holds behind the end of this log; both begin alike.

        Raises:
            LogCopyDamagedError: The copy is not as it was written; nothing is imported then.
            LogDivergedError: The log is not the beginning of the copy.
            UnsupportedCapabilityError: This is not done from here.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of connections and files."""


class ExportLog(Query[LogHeader]):
    """Copy the log; `as_of` leaves out what came later.

    The copy is a stream, so it has an entrance of its own and is not among the commands.
    """


class LogImport(BaseModel):
    """What an import of a log did.

    Attributes:
        header: Of the copy, and so of the registry now.
        imported: Events that were not there before.
    """

    model_config = ConfigDict(frozen=True)

    header: LogHeader
    imported: int


def build(command: type[C], fields: Mapping[str, Any]) -> C:
    """Return the command with these fields; every entrance comes through here.

    Raises:
        InvalidInputError: A field is wrong; the subclass says how, `context["errors"]` where.
    """
    try:
        return command.model_validate(fields)
    except ValidationError as error:
        raise _as_registry_error(error) from error


def _as_registry_error(error: ValidationError) -> RegistryError:
    problems = error.errors(include_url=False, include_input=False)
    for problem in problems:
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, RegistryError):
            return cause
    places = [
        {"pointer": "/" + "/".join(map(str, problem["loc"])), "detail": problem["msg"]}
        for problem in problems[:20]
    ]
    # People write the field as an option, an argument or a key; the pointer is for programs.
    field = ".".join(map(str, problems[0]["loc"]))
    said = problems[0]["msg"]
    return InvalidInputError(f"{field}: {said}" if field else said, errors=places)


CATALOG = Literal[Space.MODELS, Space.DATASETS]
"""Which of the two catalogues a command is about."""
