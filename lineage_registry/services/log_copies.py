"""The whole log out and in: backup, moving to another engine, a second registry that follows."""

from collections.abc import Iterator
from itertools import islice

from lineage_registry.domain.merkle import MerkleTree
from lineage_registry.errors import LogDivergedError
from lineage_registry.ports.commands import ExportLog, LogImport
from lineage_registry.ports.graph import GraphStore, Head, Recorded
from lineage_registry.ports.log_copies import LogCopy, LogHeader, Progress, line_of
from lineage_registry.services.workplace import Workplace

_PIECE = 64 * 1024


def export_log(work: Workplace, command: ExportLog) -> Iterator[bytes]:
    """Yield the log as JSON Lines, in pieces; read twice, as the header comes first."""
    with work.ask(command.as_of) as view:
        revision = view.revision
    piece = bytearray(_header(work.graph, revision).line())
    for recorded in _until(work.graph, revision):
        piece += line_of(recorded)
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def import_log(work: Workplace, copy: LogCopy, progress: Progress | None) -> LogImport:
    """Append the events of a copy that are not there yet.

    The copy is read to its end and checked before anything is written.
    """
    for _ in copy.bodies():
        pass
    header, head = copy.header(), work.graph.head()
    bodies = copy.bodies(progress)
    _demand_beginning(work.graph, head, header, bodies)
    work.graph.extend(bodies, head)
    return LogImport(header=header, imported=header.events - head.size)


def _demand_beginning(
    store: GraphStore, head: Head, header: LogHeader, bodies: Iterator[bytes]
) -> None:
    for recorded in islice(store.log(), head.size):
        body = next(bodies, None)
        if body is None:
            raise LogDivergedError(
                f"the registry has {head.size - header.events} more events than the copy",
                hint="import into an empty registry, to go back to what the copy holds",
                position=recorded.position,
            )
        if body != recorded.body:
            raise LogDivergedError(
                f"event {recorded.position} of the registry is not the one of the copy",
                hint="import into an empty registry, or one that was imported from the same log",
                position=recorded.position,
            )


def _header(store: GraphStore, revision: int) -> LogHeader:
    tree, at = MerkleTree(), 0
    for recorded in _until(store, revision):
        tree.add(recorded.leaf)
        at = recorded.at
    return LogHeader(events=tree.size, revision=revision, at=at, root=tree.root().hex())


def _until(store: GraphStore, revision: int) -> Iterator[Recorded]:
    for recorded in store.log():
        if recorded.revision > revision:
            return
        yield recorded
