"""A driver, and how statements go through it: read once more after a fault, written once."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from lineage_registry.errors import BackendError, NotInstalledError

try:
    import neo4j
    from neo4j import exceptions
except ImportError as error:
    raise NotInstalledError(
        "a graph on a Neo4j server needs the library neo4j",
        hint="pip install 'lineage-registry[neo4j]'",
    ) from error

from lineage_registry.graph.neo4j.catalog import Mode, Query, statements
from lineage_registry.graph.neo4j.driver_errors import packed, translated, worth_another_try

Row = dict[str, Any]
Parameters = Mapping[str, object]
_Answer = TypeVar("_Answer")

_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5
_SCHEMES: Final = frozenset({"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"})


class Reader(Protocol):
    """Something that answers read statements."""

    def read(self, name: str, parameters: Parameters, **choices: str) -> list[Row]:
        """Return the records of a statement of `cypher/read/`."""


class Session:
    """A transaction that is open: statements run in it, one after the other."""

    def __init__(self, transaction: neo4j.Transaction) -> None:
        self._transaction = transaction

    def run(self, name: str, parameters: Parameters, **choices: str) -> list[Row]:
        """Return the records of a statement; the driver's errors pass, they decide on a retry."""
        query, text = _prepared(name, parameters, choices)
        with packed(name):
            return _checked(query, self._transaction.run(text, dict(parameters)))


class Connection:
    """Connections to one database of one server or cluster.

    What one thread wrote is seen by whatever it reads next, on any server of a cluster.
    """

    def __init__(
        self, uri: str, *, user: str, password: str, database: str, acquisition_timeout: float
    ) -> None:
        """Remember where the server is; the first statement connects.

        Raises:
            BackendError: The address cannot be one.
        """
        self._database = database
        self._patience = acquisition_timeout
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        _check_address(uri)
        with translated("connect to Neo4j"):
            self._driver = neo4j.GraphDatabase.driver(
                uri,
                auth=(user, password),
                connection_acquisition_timeout=acquisition_timeout,
                connection_timeout=acquisition_timeout,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
                keep_alive=True,
                user_agent="lineage-registry",
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._driver.close()

    def server(self) -> str:
        """Return what the server calls itself, `Neo4j/<version>`."""
        with translated("connect to Neo4j"):
            info = self._again(self._driver.get_server_info)
            return str(info.agent)

    def read(self, name: str, parameters: Parameters, **choices: str) -> list[Row]:
        """Return the records of a read statement, in one round trip."""
        query, text = _prepared(name, parameters, choices)
        if query.mode is not Mode.READ:
            raise BackendError(f"{name} does not only read")

        def once() -> list[Row]:
            with packed(name), self._session(neo4j.READ_ACCESS) as session:
                return _checked(query, session.run(text, dict(parameters)))

        with translated("read from Neo4j"):
            return self._again(once)

    def execute(self, name: str, parameters: Parameters) -> list[Row]:
        """Run one statement by itself that can be run twice without harm."""
        query, text = _prepared(name, parameters, {})

        def once() -> list[Row]:
            with packed(name), self._session(neo4j.WRITE_ACCESS) as session:
                return _checked(query, session.run(text, dict(parameters)))

        with translated("change the Neo4j database"):
            return self._again(once)

    def write(self, work: Callable[[Session], _Answer]) -> _Answer:
        """Run `work` in one transaction and commit; again if that surely left nothing.

        The driver's errors pass.
        """

        def once() -> _Answer:
            with self._session(neo4j.WRITE_ACCESS) as session, session.begin_transaction() as open_:
                answer = work(Session(open_))
                open_.commit()
                return answer

        return self._again(once)

    def _session(self, access: str) -> neo4j.Session:
        return self._driver.session(
            database=self._database,
            default_access_mode=access,
            bookmark_manager=self._bookmarks,
        )

    def _again(self, once: Callable[[], _Answer]) -> _Answer:
        deadline = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                return once()
            except (exceptions.DriverError, exceptions.Neo4jError) as error:
                if not worth_another_try(error) or time.monotonic() + pause > deadline:
                    raise
            # Those who met on a lock should not meet again.
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)


def _prepared(name: str, parameters: Parameters, choices: Mapping[str, str]) -> tuple[Query, str]:
    query = statements()[name]
    if query.params != parameters.keys():
        raise BackendError(f"{name} takes {sorted(query.params)}, got {sorted(parameters)}")
    return query, query.with_choices(**choices)


def _checked(query: Query, result: neo4j.Result) -> list[Row]:
    rows = [dict(record) for record in result]
    if not query.rows.fits(len(rows)):
        raise BackendError(f"{query.name} should return {query.rows} row, not {len(rows)}")
    return rows


def _check_address(uri: str) -> None:
    try:
        parts = urlsplit(uri)
        sound = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise BackendError(
            f"{uri!r} is no address of a Neo4j server",
            hint="write bolt://host:7687 or neo4j://host:7687",
        )
