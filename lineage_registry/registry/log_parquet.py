"""Copies of a log as Parquet: one row for each event, and columns to query them by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from lineage_registry.errors import InvalidInputError, NotInstalledError
from lineage_registry.ports.graph import Recorded
from lineage_registry.ports.log_copies import LogCopy, LogHeader, LogRow, Progress

try:
    import pyarrow as pa
    from pyarrow import parquet as pq
except ImportError as error:
    raise NotInstalledError(
        "Parquet needs the library pyarrow", hint="pip install 'lineage-registry[parquet]'"
    ) from error

_HEADER: Final = b"lineage_registry.log"
_ROWS: Final = 10_000
_COLUMNS: Final = (
    ("position", pa.int64()),
    ("revision", pa.int64()),
    ("at", pa.timestamp("us", tz="UTC")),
    ("type", pa.string()),
    ("actor", pa.string()),
    ("reason", pa.string()),
    ("key", pa.string()),
    ("digest", pa.string()),
    ("body", pa.binary()),
    ("leaf", pa.binary(32)),
)


def write_parquet(target: IO[bytes], copy: LogCopy) -> None:
    """Write a copy, which is checked meanwhile; memory holds one group of rows.

    Raises:
        LogCopyDamagedError: The copy is not as it was written.
    """
    schema = pa.schema(_COLUMNS, metadata={_HEADER: copy.header().line().strip()})
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        rows: list[Recorded] = []
        for position, body in enumerate(copy.bodies(), start=1):
            rows.append(Recorded.parse(position, body))
            if len(rows) == _ROWS:
                writer.write_batch(_batch(rows, schema))
                rows.clear()
        writer.write_batch(_batch(rows, schema))


class LogParquet(LogCopy):
    """A copy as a Parquet file; body and leaf are read, the other columns are for people."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is read yet."""
        self.name = path.name
        self._path = path

    def header(self) -> LogHeader:
        """Return what the file's metadata say.

        Raises:
            InvalidInputError: They say nothing of a log.
        """
        with self._open() as file:
            metadata: dict[bytes, bytes] = file.schema_arrow.metadata or {}
            names: list[str] = file.schema_arrow.names
            if not {"position", "leaf", "body"} <= set(names):
                metadata = {}
            return LogHeader.read(metadata.get(_HEADER, b""), self.name)

    @contextmanager
    def rows(self, progress: Progress | None = None) -> Iterator[Iterator[LogRow]]:
        """Open the rows."""
        with self._open() as file:
            yield self._read(file, progress)

    def _read(self, file: Any, progress: Progress | None) -> Iterator[LogRow]:
        count, size = max(file.metadata.num_rows, 1), self._path.stat().st_size
        good = 0
        batches = file.iter_batches(_ROWS, columns=["position", "leaf", "body"])
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise self.damaged(good, f"the file cannot be read there: {error}") from error
            if batch is None:
                return
            columns = [batch.column(name).to_pylist() for name in ("position", "leaf", "body")]
            for row in zip(*columns, strict=True):
                if None in row:
                    raise self.damaged(good, "its row is not filled")
                yield LogRow(*row)
                good += 1
            if progress is not None:
                progress(size * batch.num_rows // count)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            file = pq.ParquetFile(self._path)
        except (pa.ArrowException, OSError) as error:
            raise InvalidInputError(f"{self.name} is no Parquet file: {error}") from error
        with file:
            yield file


def _batch(rows: list[Recorded], schema: Any) -> Any:
    names = [name for name, _ in _COLUMNS]
    return pa.RecordBatch.from_pydict(
        {name: [getattr(row, name) for row in rows] for name in names}, schema=schema
    )
