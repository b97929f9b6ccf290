"""Models, datasets, runs and versions that come from elsewhere, as rows."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Unpack

from lineage_registry.domain.json_members import unique_members
from lineage_registry.errors import IdempotencyMismatchError, InvalidInputError, NotFoundError
from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker
from lineage_registry.registry.sending import How, check_keywords

_AT_ONCE: Final = 200
_LONGEST: Final = 1024 * 1024

Row = Mapping[str, Mapping[str, Any]]
"""`{"version": {"name": "net", "parents": [...]}}` and the like."""


class Importing(Asker):
    """Whoever has a registry can put rows from elsewhere into it."""

    def import_rows(self, source: str | Path | Iterable[Row], **how: Unpack[How]) -> c.ImportedRows:
        """Do what rows say, in their order: a way in for those who come from elsewhere.

        Each row is an object with one member, like `{"version": {"name": "net", "parents":
        [{"reference": "base:1"}]}}`; its name says what the row is about (model, dataset, version,
        dataset_version, run, inputs, params, metrics, end, dependency, stage, alias, deployment,
        licence), its value has the fields of the HTTP API.

        Rows are committed in parts of 200, each as a whole. The rows of a file that have been
        imported are not imported again: what was interrupted, or failed in a row that has been
        corrected, is simply done again.

        Args:
            source: A file of JSON Lines, `.jsonl` or `.jsonl.gz`, or rows.
            how: `reason`; `key`, which names the source: the file's own name if it is left out.
                Rows that are not from a file have no name and are done each time.

        Raises:
            InvalidInputError: A row cannot be read, or breaks a rule; the message says which.
            IdempotencyMismatchError: Rows that have been imported have changed since.
            RegistryError: What a row asks for cannot be done; `context["row"]` says which.
        """
        check_keywords(how)
        if not isinstance(source, str | Path):
            return self._import(iter(source), how.get("key"), how)
        path = Path(source)
        with _opened(path) as stream:
            return self._import(_rows(stream), how.get("key") or path.name, how)

    def _import(self, rows: Iterator[Row], name: str | None, how: How) -> c.ImportedRows:
        if how.get("if_match") is not None:
            raise InvalidInputError("rows have no revision that could match")
        first, events, revision = 1, 0, 0
        prefix = None if name is None else hashlib.sha256(name.encode()).hexdigest()
        while part := list(islice(rows, _AT_ONCE)):
            given: How = {"reason": how.get("reason")}
            if prefix is not None:
                given["key"] = f"rows-{prefix}-{first}"
            try:
                done = self.sender.write(c.ImportRows, given, rows=part, first=first)
            except IdempotencyMismatchError as error:
                raise IdempotencyMismatchError(
                    f"rows {first} to {first + len(part) - 1} of {name!r} have been imported, and "
                    "were others then",
                    hint="put new rows into a new file, or give another key",
                ) from error
            first += len(part)
            events, revision = events + done.events, done.revision
        return c.ImportedRows(rows=first - 1, events=events, revision=revision)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    if not path.is_file():
        raise NotFoundError(f"there is no file {str(path)!r}")
    with path.open("rb") as file:
        if path.suffix == ".gz":
            with gzip.open(file) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield file


def _rows(stream: IO[bytes]) -> Iterator[Row]:
    number = 0
    try:
        while line := stream.readline(_LONGEST):
            number += 1
            if line.strip():
                yield _row(line)
    except (ValueError, RecursionError, EOFError, OSError, zlib.error) as error:
        raise InvalidInputError(
            f"row {number} cannot be read: {error}",
            hint='each line is one JSON object, like {"version": {"name": "net"}}',
            row=number,
        ) from error


def _row(line: bytes) -> Row:
    row = json.loads(line, object_pairs_hook=unique_members)
    if isinstance(row, dict) and all(isinstance(value, dict) for value in row.values()):
        return row
    raise InvalidInputError("it is no object of objects")
