"""Copies of a log outside of any store: a header, then one row for each event, all verifiable.

A row holds the stored bytes of an event, which are the event, its position and its leaf hash, so
that a changed row is found where it is. The header says how many there are and what the root of
their Merkle tree is, so that nothing can be left out, added or replaced. In JSON Lines each is a
line; the same log always gives the same bytes.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lineage_registry.domain.merkle import MerkleTree
from lineage_registry.errors import InvalidInputError, LogCopyDamagedError
from lineage_registry.ports.graph import MAX_EVENT_BYTES, Head, Recorded, leaf_hash

MAX_LINE: Final = 2 * MAX_EVENT_BYTES
"""Bytes of a line at most, so that memory stays flat whatever the file holds."""
_ROW: Final = re.compile(
    rb'\{"position":([1-9][0-9]{0,18}),"leaf":"([0-9a-f]{64})","event":(\{.*\})\}\n?', re.DOTALL
)

Progress = Callable[[int], None]
"""Told the bytes that have been read since it was told last."""


class LogHeader(BaseModel):
    """What a copy of a log holds; its first line.

    Attributes:
        events: How many.
        revision: The last commit.
        at: Its time, microseconds since 1970 UTC.
        root: Root of the RFC 9162 Merkle tree of all events, in hex.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    log_schema: Literal["lineage-registry/log/1"] = "lineage-registry/log/1"
    events: int = Field(ge=0)
    revision: int = Field(ge=0)
    at: int = Field(ge=0)
    root: str = Field(pattern="^[0-9a-f]{64}$")

    @property
    def head(self) -> Head:
        """Where the log ends."""
        return Head(self.revision, self.events, self.at)

    def line(self) -> bytes:
        """Return the first line of JSON Lines."""
        return self.model_dump_json().encode() + b"\n"

    @classmethod
    def read(cls, text: bytes, name: str) -> "LogHeader":
        """Read a header.

        Raises:
            InvalidInputError: It is none, or of a version that this software does not know.
        """
        try:
            found = cls.model_validate_json(text)
        except ValidationError:
            found = None
        # Read as it is written, so that no second member of one name can hide in it.
        if found is None or found.line().rstrip() != text.rstrip():
            raise InvalidInputError(
                f"{name} is no copy of a log that this software can read",
                hint="its header should be the one that `lineage-registry log export` writes",
            )
        return found


class LogRow(NamedTuple):
    """One event of a copy."""

    position: int
    leaf: bytes
    body: bytes


class LogCopy(ABC):
    """A copy that can be read as often as is needed.

    Attributes:
        name: What people call it, for messages.
        unit: What a row is called where it lies.
        before: Rows that stand before the first event.
    """

    name: str
    unit = "row"
    before = 0

    @abstractmethod
    def header(self) -> LogHeader:
        """Return what it says that it holds."""

    @abstractmethod
    def rows(self, progress: Progress | None = None) -> AbstractContextManager[Iterator[LogRow]]:
        """Open the events; the iterator raises `LogCopyDamagedError` for what is none."""

    def bodies(self, progress: Progress | None = None) -> Iterator[bytes]:
        """Yield the stored bytes of each event, all of them checked.

        Raises:
            LogCopyDamagedError: A row is not as it was written, or one is missing or too many.
        """
        header, tree = self.header(), MerkleTree()
        with self.rows(progress) as rows:
            for position, leaf, body in rows:
                if position != tree.size + 1:
                    raise self.damaged(tree.size, f"event {position} stands there")
                if leaf != leaf_hash(body):
                    raise self.damaged(tree.size, "the event is not the one that was written")
                tree.add(leaf)
                if tree.size > header.events:
                    raise self.damaged(header.events, "the header knows of no more events")
                yield body
        if tree.size < header.events:
            raise self.damaged(tree.size, f"the copy ends before, {header.events} should be there")
        if tree.root().hex() != header.root:
            raise LogCopyDamagedError(
                f"{self.name}: the events are not those that the header was written for",
                hint="export the log again",
                root=tree.root().hex(),
            )

    def damaged(self, good: int, what: str) -> LogCopyDamagedError:
        """Make the error for what stands behind `good` sound events."""
        place = good + 1 + self.before
        return LogCopyDamagedError(
            f"{self.name}, {self.unit} {place}: event {good + 1} is due, and {what}",
            hint="export the log again, or copy the file again from where it came",
            position=good + 1,
            **{self.unit: place},
        )


def line_of(recorded: Recorded | LogRow) -> bytes:
    """Return the line of an event."""
    return b'{"position":%d,"leaf":"%s","event":%s}\n' % (
        recorded.position,
        recorded.leaf.hex().encode(),
        recorded.body,
    )


def row_of(line: bytes) -> LogRow | None:
    """Read the line of an event; None if it is none."""
    match = _ROW.fullmatch(line)
    if match is None:
        return None
    return LogRow(int(match[1]), bytes.fromhex(match[2].decode()), match[3])


class LogLines(LogCopy):
    """A copy as JSON Lines.

    Args:
        name: What people call it.
        start: Opens the lines, the header first.
    """

    unit = "line"
    before = 1

    def __init__(
        self,
        name: str,
        start: Callable[[Progress | None], AbstractContextManager[Iterable[bytes]]],
    ) -> None:
        self.name = name
        self._start = start

    def header(self) -> LogHeader:
        """Return the first line."""
        with self._start(None) as lines:
            return LogHeader.read(next(iter(lines), b""), self.name)

    @contextmanager
    def rows(self, progress: Progress | None = None) -> Iterator[Iterator[LogRow]]:
        """Open the lines behind the first one."""
        with self._start(progress) as lines:
            yield self._read(iter(lines))

    def _read(self, lines: Iterator[bytes]) -> Iterator[LogRow]:
        next(lines, b"")
        for good, line in enumerate(lines):
            row = row_of(line)
            if row is None:
                raise self.damaged(good, "what stands there is no event, or a part of one")
            yield row
