"""A write transaction: it holds the lock on the head until it is committed or given up."""

from collections.abc import Sequence

from lineage_registry.domain.graph import Change
from lineage_registry.errors import BackendError
from lineage_registry.graph.neo4j.connection import Parameters, Row, Session
from lineage_registry.graph.neo4j.folding import Fold, marked
from lineage_registry.graph.neo4j.rendering import recorded_from
from lineage_registry.graph.neo4j.state import check_ready
from lineage_registry.graph.neo4j.view import Neo4jView
from lineage_registry.ports.graph import (
    Commit,
    Head,
    Part,
    Recorded,
    Transaction,
    demand_head,
)


class Neo4jTransaction(Transaction):
    """Changes wait here until something is read, or the commit comes."""

    def __init__(self, session: Session, token: str) -> None:
        """Wait for the head, lock it and read it.

        Args:
            session: A transaction in which nothing has run yet.
            token: Left on the first event, so that the writer knows its own commit again.

        Raises:
            ProjectionMismatchError: Another version of the software wrote the graph.
        """
        rows = session.run("write.lock_head", {})
        if not rows:
            raise BackendError("the Neo4j database holds no registry any more")
        check_ready(rows[0])
        self._session = session
        self._token: str | None = token
        self._fold = Fold()
        self._now: int = rows[0]["now"]
        self.head = Head(rows[0]["revision"], rows[0]["size"], rows[0]["at"])
        self.view = Neo4jView(self, self.head.revision + 1)

    def read(self, name: str, parameters: Parameters, **choices: str) -> list[Row]:
        """Return the records of a read statement; it sees everything that was applied."""
        self.flush()
        return self._session.run(name, parameters, **choices)

    def earlier(self, key: str) -> Sequence[Recorded]:
        """Return the events of the commit that used this key."""
        return [recorded_from(row) for row in self.read("read.events_of_key", {"key": key})]

    def now(self) -> int:
        """Return the server's clock when it gave us the lock."""
        return self._now

    def apply(self, recorded: Recorded, changes: Sequence[Change]) -> None:
        """Remember the event and its changes until somebody looks."""
        if not self._fold.takes(changes):
            self.flush()
        self._fold.add(recorded, changes, self._token)
        self._token = None

    def append(self, part: Part, folds: Sequence[Parameters]) -> Commit:
        """Write a part of another log, folded, and the head with it.

        Raises:
            ConflictError: It does not follow the head.
        """
        demand_head(self.head, part)
        first, *others = folds
        for parameters in (marked(first, self._token), *others):
            self._session.run("write.apply", parameters)
        return part.commit

    def move_head(self, head: Head) -> None:
        """Write what waits, and the head with it."""
        self._fold.move_head(head)
        self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if not self._fold.empty:
            self._session.run("write.apply", self._fold.parameters())
            self._fold = Fold()
