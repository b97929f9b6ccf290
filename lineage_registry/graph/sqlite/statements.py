# ruff: noqa: S608 - every piece that these statements are put together from is a constant here
"""All SQL of the engine.

Temporal rows hold for the revisions `since <= r < until`; a row that still holds has the largest
integer as `until`. As `until` is part of the keys, the row that holds at a revision is the first
one behind it: one step down the tree, however long the history.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from lineage_registry.domain.view import Comparison, Direction, Origin

APPLICATION_ID: Final = 0x4C524547
"""`LREG` in the file's header: what tells a registry from any other SQLite file."""
LAYOUT: Final = 1
"""Version of the tables `head` and `event`, which an upgrade reads; `PRAGMA user_version`."""
HOLDS: Final = 2**63 - 1
"""The `until` of what still holds."""

TABLES: Final = (
    """CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        projection INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        size INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE event (
        position INTEGER PRIMARY KEY,
        revision INTEGER NOT NULL,
        at INTEGER NOT NULL,
        type TEXT NOT NULL,
        actor TEXT NOT NULL,
        reason TEXT,
        key TEXT,
        digest TEXT,
        leaf BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE revision (
        number INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        key TEXT
    ) STRICT""",
    """CREATE TABLE subject (
        node INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (node, position)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE node (
        id INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        owner INTEGER NOT NULL,
        since INTEGER NOT NULL,
        facts TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE change (
        node INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        PRIMARY KEY (node, revision)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE value (
        node INTEGER NOT NULL,
        key TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        value ANY NOT NULL,
        PRIMARY KEY (node, key, until)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE edge (
        source INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        target INTEGER NOT NULL,
        role TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        declared INTEGER NOT NULL,
        PRIMARY KEY (source, target, kind, role, until)
    ) STRICT, WITHOUT ROWID""",
)
_PREFIX = "CASE typeof(v.value) WHEN 'text' THEN substr(v.value, 1, 64) ELSE v.value END"
PREFIX_LENGTH: Final = 64
"""Characters of a text that the index by value holds."""
INDEXES: Final = (
    "CREATE INDEX event_by_type ON event (type)",
    "CREATE INDEX event_by_actor ON event (actor)",
    "CREATE UNIQUE INDEX revision_by_time ON revision (at)",
    "CREATE INDEX revision_by_key ON revision (key) WHERE key IS NOT NULL",
    "CREATE INDEX node_by_kind ON node (kind)",
    "CREATE INDEX node_by_owner ON node (owner, kind)",
    f"CREATE INDEX value_by_key ON value (key, {_PREFIX.replace('v.', '')}) WHERE node <> 0",
    "CREATE INDEX tombstone ON value (node, until, since) WHERE key = 'deleted'",
    "CREATE INDEX edge_by_target ON edge (target, source, kind, role, until, since, declared)",
)
DROPS: Final = tuple(
    f"DROP TABLE IF EXISTS {name}"
    for name in ("head", "event", "revision", "subject", "node", "change", "value", "edge")
)
MARKS: Final = (f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {LAYOUT}")

# -- the head and the log ------------------------------------------------------------------------

HEAD: Final = "SELECT projection, revision, size, at FROM head WHERE id = 1"
NEW_HEAD: Final = "INSERT INTO head (id, projection, revision, size, at) VALUES (1, ?, ?, ?, ?)"
MOVE_HEAD: Final = "UPDATE head SET revision = ?, size = ?, at = ? WHERE id = 1"

_RECORDED = (
    "e.position, e.revision, e.at, e.type, e.actor, e.reason, e.key, e.digest, e.body, e.leaf"
)
ADD_EVENT: Final = (
    f"INSERT INTO event ({_RECORDED.replace('e.', '')}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
EVENTS_BETWEEN: Final = (
    f"SELECT {_RECORDED} FROM event e"
    " WHERE e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?"
)
EVENTS_AT: Final = (
    f"SELECT {_RECORDED} FROM json_each(?) j CROSS JOIN event e ON e.position = j.value"
)
ADD_SUBJECT: Final = "INSERT OR IGNORE INTO subject (node, position) VALUES (?, ?)"
ADD_REVISION: Final = "INSERT INTO revision (number, at, first, last, key) VALUES (?, ?, ?, ?, ?)"
REVISION_OF_KEY: Final = (
    "SELECT first, last FROM revision WHERE key = ?1 AND key IS NOT NULL ORDER BY number LIMIT 1"
)
REVISION_AT: Final = "SELECT number FROM revision WHERE at <= ? ORDER BY at DESC LIMIT 1"
FIRST_SINCE: Final = "SELECT first FROM revision WHERE at >= ? ORDER BY at LIMIT 1"
TIME_OF: Final = "SELECT at FROM revision WHERE number = ?"

_FITS = """ AND {position} > ?2 AND {position} < ?3
    AND (?4 IS NULL OR +e.actor = ?4)
    AND (?5 IS NULL OR +e.type IN (SELECT value FROM json_each(?5)))
    ORDER BY {position} {order} LIMIT ?6"""
_POSITIONS = {
    "node": "SELECT s.position FROM subject s CROSS JOIN event e ON e.position = s.position"
    " WHERE s.node = ?1",
    "type": "SELECT e.position FROM event e INDEXED BY event_by_type WHERE e.type = ?1",
    "actor": "SELECT e.position FROM event e INDEXED BY event_by_actor WHERE e.actor = ?1",
    "all": "SELECT e.position FROM event e WHERE ?1 IS NULL",
}


@cache
def of_many(statement: str, rows: int) -> str:
    """Return an INSERT of one row as one of several."""
    head, mark, tail = statement.partition(" VALUES ")
    row, _, rest = tail.partition(")")
    return f"{head}{mark}{', '.join([f'{row})'] * rows)}{rest}"


@cache
def positions(by: str, *, newest_first: bool) -> str:
    """Return the query for positions of events by one `node`, `type`, `actor`, or of `all`.

    Its parameters: the one, positions above, positions below, actor, types, limit.
    """
    column = "s.position" if by == "node" else "e.position"
    return _POSITIONS[by] + _FITS.format(position=column, order="DESC" if newest_first else "ASC")


# -- changes -------------------------------------------------------------------------------------

ADD_NODE: Final = "INSERT INTO node (id, kind, owner, since, facts) VALUES (?, ?, ?, ?, ?)"
ADD_CHANGE: Final = "INSERT OR IGNORE INTO change (node, revision) VALUES (?, ?)"
CLOSE_VALUE: Final = f"""UPDATE value SET until = ?3
    WHERE node = ?1 AND key = ?2 AND until = {HOLDS} AND since < ?3"""
# A value that began in the same revision gives way: nobody ever saw it. In a batch of many
# revisions its place is taken by what began later, as the one between is among the past ones.
ADD_VALUE: Final = """INSERT INTO value (node, key, since, until, value) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (node, key, until)
    DO UPDATE SET since = excluded.since, value = excluded.value"""
DROP_VALUE: Final = f"""DELETE FROM value
    WHERE node = ?1 AND key = ?2 AND until = {HOLDS} AND since = ?3"""
DROP_CHANGE: Final = """DELETE FROM change WHERE node = ?1 AND revision = ?2
    AND NOT EXISTS (SELECT 1 FROM node WHERE id = ?1 AND since = ?2)
    AND NOT EXISTS (SELECT 1 FROM value WHERE node = ?1 AND (since = ?2 OR until = ?2))"""
ADD_EDGE: Final = """INSERT OR IGNORE INTO edge (source, kind, target, role, declared, since, until)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
CLOSE_EDGE: Final = f"""UPDATE edge SET until = ?5
    WHERE source = ?1 AND kind = ?2 AND target = ?3 AND role = ?4
        AND until = {HOLDS} AND since < ?5"""
DROP_EDGE: Final = f"""DELETE FROM edge
    WHERE source = ?1 AND kind = ?2 AND target = ?3 AND role = ?4
        AND until = {HOLDS} AND since = ?5"""

# -- nodes and values ----------------------------------------------------------------------------

VALUES: Final = """SELECT v.node, v.key, v.value
    FROM json_each(?1) n CROSS JOIN json_each(n.value) k CROSS JOIN value v
        ON v.node = CAST(n.key AS INTEGER) AND v.key = k.value
    WHERE v.since <= ?2 AND v.until = (
        SELECT min(w.until) FROM value w
        WHERE w.node = CAST(n.key AS INTEGER) AND w.key = k.value AND w.until > ?2)"""
VALUES_UNDER: Final = """SELECT v.key, v.value FROM value v
    WHERE v.node = ?1 AND v.key >= ?2 AND v.key < ?3 AND v.until > ?4 AND v.since <= ?4"""
HISTORY: Final = """SELECT since, until, value FROM value
    WHERE node = ?1 AND key = ?2 AND since <= ?3 ORDER BY until"""
NODES: Final = """SELECT n.id, n.kind, n.owner, n.since, n.facts
    FROM json_each(?1) j CROSS JOIN node n ON n.id = j.value WHERE n.since <= ?2"""
VALUES_OF: Final = """SELECT v.node, v.key, v.value
    FROM json_each(?2) k CROSS JOIN json_each(?1) n CROSS JOIN value v
        ON v.node = n.value AND v.key = k.value
    WHERE v.since <= ?3 AND v.until = (
        SELECT min(w.until) FROM value w
        WHERE w.node = n.value AND w.key = k.value AND w.until > ?3)"""
VALUES_OF_KEY: Final = """SELECT v.node, v.value
    FROM json_each(?1) n CROSS JOIN value v ON v.node = n.value AND v.key = ?2
    WHERE v.since <= ?3 AND v.until = (
        SELECT min(w.until) FROM value w WHERE w.node = n.value AND w.key = ?2 AND w.until > ?3)"""
ALL_VALUES_OF: Final = """SELECT v.node, v.key, v.value
    FROM json_each(?1) n CROSS JOIN value v ON v.node = n.value
    WHERE v.since <= ?2 AND v.until > ?2"""
_HELD = """(SELECT v.value FROM value v
    WHERE v.node = {node} AND v.key = '{{key}}' AND v.until > ?2 AND v.since <= ?2 LIMIT 1)"""
CHANGED: Final = """SELECT j.value, (
        SELECT max(c.revision) FROM change c WHERE c.node = j.value AND c.revision <= ?2)
    FROM json_each(?1) j"""

_CELLS = {
    Origin.FACT: "n.facts ->> '{key}'",
    Origin.VALUE: _HELD.format(node="n.id"),
    Origin.OWNER_VALUE: _HELD.format(node="n.owner"),
}


def table(columns: Iterable[Iterable[tuple[Origin, str, int]]]) -> str:
    """Return the query for (id, kind, a cell for each column) of the nodes of `?1`.

    A column is a choice of origin, key and the mask of the kinds of nodes it is meant for.
    """
    cells = "".join(", CASE" + "".join(map(_choice, column)) + " END" for column in columns)
    return (
        f"SELECT n.id, n.kind{cells} FROM json_each(?1) j CROSS JOIN node n ON n.id = j.value"
        " WHERE n.since <= ?2"
    )


def _choice(choice: tuple[Origin, str, int]) -> str:
    origin, key, mask = choice
    return f" WHEN {mask} >> n.kind & 1 THEN {_CELLS[origin].replace('{key}', key)}"


_ALIVE = """NOT EXISTS (
        SELECT 1 FROM value d INDEXED BY tombstone
        WHERE d.node = {node} AND d.key = 'deleted'
            AND d.until > {revision} AND d.since <= {revision})"""
DELETED_AMONG: Final = """SELECT j.value
    FROM json_each(?1) j CROSS JOIN value d INDEXED BY tombstone ON d.node = j.value
    WHERE d.key = 'deleted' AND d.until > ?2 AND d.since <= ?2 LIMIT 1"""

_COMPARED = {
    Comparison.EQUAL: "v.value = :value{i}",
    Comparison.LESS: "v.value < :value{i}",
    Comparison.AT_MOST: "v.value <= :value{i}",
    Comparison.GREATER: "v.value > :value{i}",
    Comparison.AT_LEAST: "v.value >= :value{i}",
    Comparison.CONTAINS: "contains(v.value, :value{i})",
}
# The bounds keep a comparison to values of its own type, and let the index by value serve it.
_HELD = "v.key = :key{i} AND v.since <= :revision AND v.until > :revision"
_FILTER = (
    "v.key = :key{i} AND " + _PREFIX + " BETWEEN :low{i} AND :high{i}"
    " AND v.since <= :revision AND v.until > :revision AND {compared}"
)


def _filter(number: int, comparison: Comparison) -> str:
    if comparison is Comparison.ABSENT:
        return _HELD.format(i=number)
    compared = _COMPARED[comparison].format(i=number)
    return _FILTER.format(i=number, compared=compared)


def _fits(comparisons: Sequence[Comparison], leading: int | None = None) -> str:
    """Return what tests a node for each of the filters but the leading one."""
    return "".join(
        f" AND {'NOT ' if how is Comparison.ABSENT else ''}EXISTS"
        f" (SELECT 1 FROM value v WHERE v.node = n.id AND {_filter(number, how)})"
        for number, how in enumerate(comparisons)
        if number != leading
    )


@cache
def select(
    comparisons: tuple[Comparison, ...], *, owned: bool, deleted: bool, newest_first: bool
) -> str:
    """Return the query for the ids of a kind, with `comparisons` as filters 0, 1, ....

    Its parameters: kind, owner, after, revision, limit; for each filter key, low, high, value with
    the filter's number.
    """
    source = "node n INDEXED BY node_by_kind"
    found = (number for number, how in enumerate(comparisons) if how is not Comparison.ABSENT)
    leading = None if owned else next(found, None)
    if owned:
        source = "node n INDEXED BY node_by_owner"
    elif leading is not None:
        # One filter leads: its matches are found by the index, the others tested on each.
        source = (
            f"(SELECT DISTINCT v.node FROM value v INDEXED BY value_by_key"
            f" WHERE v.node <> 0 AND {_filter(leading, comparisons[leading])})"
            " m CROSS JOIN node n ON n.id = m.node"
        )
    return "".join(
        (
            f"SELECT n.id FROM {source}",
            " WHERE n.kind = :kind AND n.since <= :revision",
            " AND n.owner = :owner" if owned else "",
            " AND n.id < :after" if newest_first else " AND n.id > :after",
            _fits(comparisons, leading),
            "" if deleted else " AND " + _ALIVE.format(node="n.id", revision=":revision"),
            " ORDER BY n.id DESC" if newest_first else " ORDER BY n.id",
            " LIMIT :limit",
        )
    )


# -- traversal -----------------------------------------------------------------------------------

_BEHIND = {Direction.UPSTREAM: "e.target", Direction.DOWNSTREAM: "e.source"}
_BEFORE = {Direction.UPSTREAM: "e.source", Direction.DOWNSTREAM: "e.target"}
_BY = {Direction.UPSTREAM: "", Direction.DOWNSTREAM: "INDEXED BY edge_by_target"}
_EDGE = "e.source, e.kind, e.target, e.role, e.since, e.declared"
_TAKEN = "?2 >> e.kind & 1 AND e.since <= ?3 AND e.until > ?3 AND e.declared >= ?4"


def _taken(direction: Direction, *, deleted: bool, through: bool) -> str:
    behind = _BEHIND[direction]
    return "".join(
        (
            f" CROSS JOIN node n ON n.id = {behind}" if through else "",
            f" WHERE {_BEFORE[direction]} = {{before}} AND {_TAKEN}",
            " AND ?5 >> n.kind & 1" if through else "",
            "" if deleted else " AND " + _ALIVE.format(node=behind, revision="?3"),
        )
    )


@cache
def expand(direction: Direction, *, deleted: bool, through: bool, whole: bool) -> str:
    """Return the query for the edges behind a frontier, `whole` or only the ids they lead to.

    Its parameters: frontier as JSON, mask of edge kinds, revision, 1 for declared edges only; with
    `through` the mask of node kinds.
    """
    columns = _EDGE if whole else _BEHIND[direction]
    return f"SELECT {columns} FROM json_each(?1) j CROSS JOIN edge e {_BY[direction]}" + _taken(
        direction, deleted=deleted, through=through
    ).format(before="j.value")


# All of it inside the engine: what lies between is many nodes, and nobody asks for them.
COMES_FROM: Final = (
    "WITH RECURSIVE cause(id) AS (SELECT value FROM json_each(?1) UNION"
    " SELECT e.target FROM cause c CROSS JOIN edge e"
    + _taken(Direction.UPSTREAM, deleted=True, through=False).format(before="c.id")
    + ") SELECT id FROM cause WHERE id IN (SELECT value FROM json_each(?5))"
)


@cache
def neighbours(direction: Direction, *, deleted: bool, through: bool) -> str:
    """Return the query for the ids behind one node, in order; parameters as for `expand`."""
    return (
        f"SELECT {_BEHIND[direction]} FROM edge e {_BY[direction]}"
        + _taken(direction, deleted=deleted, through=through).format(before="?1")
        + f" ORDER BY {_BEHIND[direction]}"
    )


@cache
def degrees(direction: Direction, *, deleted: bool) -> str:
    """Return the query for (id, number of distinct neighbours) of the nodes of `?1`.

    Its parameters: nodes as JSON, mask of edge kinds, revision, 1 for declared edges only.
    """
    return (
        f"SELECT j.value, ({_degree(direction, 'j.value', deleted=deleted)}) FROM json_each(?1) j"
    )


@cache
def busiest(direction: Direction, *, deleted: bool) -> str:
    """Return the query for (id, number of distinct neighbours), the largest first.

    Its parameters: codes of node kinds as JSON, mask of edge kinds, revision, 1 for declared edges
    only, limit.
    """
    return "".join(
        (
            f"SELECT n.id, ({_degree(direction, 'n.id', deleted=deleted)}) AS degree",
            " FROM json_each(?1) j CROSS JOIN node n INDEXED BY node_by_kind ON n.kind = j.value",
            " WHERE n.since <= ?3",
            "" if deleted else " AND " + _ALIVE.format(node="n.id", revision="?3"),
            " ORDER BY degree DESC, n.id LIMIT ?5",
        )
    )


def _degree(direction: Direction, node: str, *, deleted: bool) -> str:
    taken = _taken(direction, deleted=deleted, through=False).format(before=node)
    return f"SELECT count(DISTINCT {_BEHIND[direction]}) FROM edge e {_BY[direction]}{taken}"


@cache
def fitting(comparisons: tuple[Comparison, ...]) -> str:
    """Return the query for those of `:ids` that are of `:kinds` and pass the filters, in order."""
    return (
        "SELECT n.id FROM json_each(:ids) j CROSS JOIN node n ON n.id = j.value"
        " WHERE :kinds >> n.kind & 1" + _fits(comparisons)
    )


@cache
def census(comparisons: tuple[Comparison, ...]) -> str:
    """Return the query that counts by (level, kind, owner) what `fitting` lists of `:levels`."""
    return (
        "SELECT l.key, n.kind, n.owner, count(*) FROM json_each(:levels) l"
        " CROSS JOIN json_each(l.value) j CROSS JOIN node n ON n.id = j.value"
        " WHERE :kinds >> n.kind & 1" + _fits(comparisons) + " GROUP BY l.key, n.kind, n.owner"
    )
