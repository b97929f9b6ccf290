"""The graph store on a Neo4j server: 5.26 and later, Community is enough."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from typing import ClassVar, Self

from neo4j.exceptions import DriverError, IncompleteCommit

from lineage_registry.domain.view import GraphView
from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
)
from lineage_registry.graph.neo4j.ahead import one_ahead
from lineage_registry.graph.neo4j.connection import Connection, Row, Session
from lineage_registry.graph.neo4j.driver_errors import not_allowed, translated
from lineage_registry.graph.neo4j.eventlog import pages, search
from lineage_registry.graph.neo4j.folding import folds_of
from lineage_registry.graph.neo4j.rebuilding import replace_log, replay_own_log
from lineage_registry.graph.neo4j.schema import check_server, has_schema, make_schema
from lineage_registry.graph.neo4j.state import check_log, check_ready
from lineage_registry.graph.neo4j.view import Neo4jView
from lineage_registry.graph.neo4j.writing import Neo4jTransaction
from lineage_registry.ports.graph import (
    Commit,
    EventFilter,
    GraphStore,
    Head,
    Part,
    Recorded,
    demand_as_of,
    to_microseconds,
)


class Neo4jGraphStore(GraphStore):
    """Log and graph in one database of a Neo4j server or cluster; threads may share it."""

    name: ClassVar[str] = "neo4j"

    def __init__(self, connection: Connection) -> None:
        """Use a connection to a database that holds a registry; `connect` is the usual way."""
        self._connection = connection

    @classmethod
    def connect(
        cls,
        uri: str,
        *,
        user: str,
        password: str,
        database: str = "neo4j",
        acquisition_timeout: float = 5.0,
        create: bool = True,
    ) -> Self:
        """Return the registry that a database holds.

        Args:
            uri: `bolt://host:7687` for one server, `neo4j://host:7687` for a cluster.
            user: Who we are.
            password: What proves it.
            database: Its name on the server.
            acquisition_timeout: Seconds to wait for a connection, and to go on trying.
            create: Whether to make schema and empty log where there are none.

        Raises:
            BackendError: The server is too old or refuses us, or there is no registry.
            BackendUnavailableError: The server cannot be reached.
        """
        connection = Connection(
            uri,
            user=user,
            password=password,
            database=database,
            acquisition_timeout=acquisition_timeout,
        )
        try:
            _open(connection, create=create)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def _write(self, work: Callable[[Neo4jTransaction], Commit]) -> Commit:
        token = uuid.uuid4().hex
        written: list[Commit] = []

        def once(session: Session) -> Commit:
            written.clear()
            commit = work(Neo4jTransaction(session, token))
            written.append(commit)
            return commit

        with translated("write to Neo4j"):
            while True:
                try:
                    return self._connection.write(once)
                except IncompleteCommit as error:
                    if self._arrived(written[0], token, error):
                        return written[0]

    def _append(self, parts: Iterable[Part], after: Head) -> Head:
        folded = ((part, folds_of(part)) for part in parts)
        for part, folds in one_ahead(folded):
            self._write(partial(Neo4jTransaction.append, part=part, folds=folds))
            after = part.end
        return after

    def _arrived(self, commit: Commit, token: str, error: IncompleteCommit) -> bool:
        """Tell whether a commit whose answer was lost was done, once that is settled."""
        if not commit.events:
            return True
        first = commit.events[0].position

        def look(session: Session) -> bool:
            # The lock comes after the end of the transaction that held it, whatever end that was.
            session.run("write.lock_head", {})
            rows = session.run("read.token", {"position": first})
            return bool(rows) and rows[0]["token"] == token

        try:
            return self._connection.write(look)
        except DriverError:
            raise BackendUnavailableError(
                "the server went away while it committed; whether it did is not known",
                hint="look before you repeat it; with an idempotency key repeating is safe",
            ) from error

    def view(self, as_of: int | datetime | None = None) -> AbstractContextManager[GraphView]:
        """Open the state at a revision or time; None is now."""
        return self._view(as_of)

    @contextmanager
    def _view(self, as_of: int | datetime | None) -> Iterator[GraphView]:
        if as_of is None:
            yield Neo4jView(self._connection)
            return
        head = self._head()
        check_ready(head)
        revision = self._revision(as_of, head["revision"])
        newest = revision == head["revision"] and revision > 0
        yield Neo4jView(self._connection, revision, head["at"] if newest else None)

    def _revision(self, as_of: int | datetime, newest: int) -> int:
        demand_as_of(as_of, newest)
        if isinstance(as_of, datetime):
            rows = self._connection.read("read.last_until", {"at": to_microseconds(as_of)})
            # What was committed after the head was read is later than this view.
            return min(rows[0]["revision"], newest) if rows else 0
        return as_of

    def head(self) -> Head:
        """Return where the log ends; also tells whether the store can be reached."""
        head = self._head()
        check_log(head)
        return Head(head["revision"], head["size"], head["at"])

    def _head(self) -> Row:
        rows = self._connection.read("read.head", {})
        if not rows:
            raise BackendError("the Neo4j database holds no registry any more")
        return rows[0]

    def log(self, after: int = 0) -> Iterator[Recorded]:
        """Stream the whole log in order, behind position `after`."""
        yield from pages(self._connection, after, self.head().size)

    def events(self, where: EventFilter, limit: int) -> list[Recorded]:
        """Return up to `limit` events that fit, in order of position."""
        check_log(self._head())
        return search(self._connection, where, limit)

    def rebuild(self, log: Iterable[Recorded]) -> Head:
        """Replace log and graph by what `log` says.

        It is read to its end and checked before anything is replaced. The server takes it in
        many transactions: until the last of them everybody else is refused, and after a crash
        the store stays closed until it is rebuilt again.
        """
        make_schema(self._connection)
        return replace_log(self._connection, log)

    def upgrade(self) -> Head:
        """Replay the store's own log into a graph of this version of the software.

        The log is not touched, so after a crash it can be done again.
        """
        make_schema(self._connection)
        return replay_own_log(self._connection)

    def close(self) -> None:
        """Let go of the connections; further calls fail."""
        self._connection.close()


def _open(connection: Connection, *, create: bool) -> None:
    check_server(connection.server())
    heads = connection.read("read.head", {})
    if heads and (has_schema(heads[0]) or not create):
        return
    if not heads and not create:
        raise BackendError(
            "the Neo4j database holds no registry",
            hint="check the name of the database, or run `lineage-registry init`",
        )
    try:
        make_schema(connection)
    except BackendError as error:
        # Who may only read a registry that is there does without what is new in the schema.
        if not heads or not not_allowed(error.__cause__):
            raise
