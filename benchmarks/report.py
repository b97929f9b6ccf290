"""The report: tables of what was measured, the newest of each row."""

import os
import platform
import sqlite3
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import neo4j

from benchmarks import adversarial, copies, folders, generations, inspection, wide
from benchmarks.rows import Row, Rows
from tests.servers.versions import NEO4J

_REPORT = Path(__file__).with_name("RESULTS.md")
Column = tuple[str, Callable[[Row], str]]


def write(rows: Rows, seed: int) -> None:
    """Write the whole report."""
    lines = [*_head(rows, seed)]
    for title, text, part, columns in _SECTIONS:
        if found := rows.of(part):
            lines += ["", f"## {title}", "", *_wrapped(text), "", *_table(found, columns)]
    if growth := list(_growth(rows.of("questions"))):
        lines += ["", "## Growth", "", *_wrapped(_GROWTH_TEXT), "", *_table(growth, _GROWTH)]
    if not rows.of("generations"):
        lines += [
            "",
            "## Fifty generations",
            "",
            "Not measured: there is no MLflow in .venv-bench.",
        ]
    _REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")


_HEAD = """
Written by `make bench` (`python -m benchmarks`), seed {seed}, measured at {origins}. Python
{python}, SQLite {sqlite}, Neo4j {neo4j} Community with 4 GiB of heap and 1 GiB of page cache,
driver {driver}; {processor}, {cores} cores, {machine}, {system}.
"""
_WAYS = """
Times are milliseconds, warm, one client. *Raw* is the same statements sent straight to the engine
with the same rows fetched. *Memory* is networkx in the same process on the exported edge list: no
names, no time travel, and gone with the process. All ways take turns in one run; compare ratios,
as the machine is shared. Uploads and exports: `python -m benchmarks.upload`, `python -m
benchmarks.exports`.
"""


def _head(rows: Rows, seed: int) -> Iterable[str]:
    yield "# Results"
    yield ""
    yield from _wrapped(
        _HEAD.format(
            seed=seed,
            origins=", ".join(rows.origins()),
            python=platform.python_version(),
            sqlite=sqlite3.sqlite_version,
            neo4j=NEO4J["5"],
            driver=neo4j.__version__,
            processor=_processor(),
            cores=os.cpu_count(),
            machine=platform.machine(),
            system=platform.system(),
        )
    )
    yield ""
    yield from _wrapped(_WAYS)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), 110, break_on_hyphens=False)


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> Iterable[str]:
    yield _line(name for name, _ in columns)
    yield _line("---" for _ in columns)
    for row in rows:
        yield _line(cell(row) for _, cell in columns)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(name: str) -> Column:
    return name, lambda row: str(row.get(name, ""))


def _number(title: str, name: str, form: str = ".2f") -> Column:
    return title, lambda row: format(row[name], form) if name in row else ""


def _ratio(title: str, over: str, under: str, form: str = ".2f") -> Column:
    def cell(row: Row) -> str:
        return format(row[over] / row[under], form) if over in row and under in row else ""

    return title, cell


def _all(name: str) -> list[Column]:
    return [
        _number(f"{name} p50", f"{name} p50"),
        _number("p95", f"{name} p95"),
        _number("p99", f"{name} p99"),
    ]


def _verdict(row: Row) -> str:
    if "met" not in row:
        return ""
    return "met" if row["met"] else "**not met**"


_MET: Column = ("bar", _verdict)
_AGAINST_RAW = [*_all("registry"), *_all("raw"), _ratio("p50 x raw", "registry p50", "raw p50")]
_WHERE = [_text("engine"), _text("graph"), _text("question")]
_SECTIONS: tuple[tuple[str, str, str, Sequence[Column]], ...] = (
    (
        "Questions on realistic graphs",
        "Nodes are picked over the whole graph; *answer* is the mean size.",
        "questions",
        [
            *_WHERE,
            _number("answer", "answer", ".0f"),
            *_AGAINST_RAW,
            *_all("memory"),
            _ratio("p50 x memory", "registry p50", "memory p50", ".1f"),
        ],
    ),
    (
        "Large answers",
        f"""Bars at p95: impact {wide.BARS["sqlite", "impact"][1]:.0f} ms on SQLite and
        {wide.BARS["neo4j", "impact"][1]:.0f} ms on Neo4j, recall of 10,000 versions with a
        path to each {wide.BARS["sqlite", "recall"][1]:.0f} ms. The closure is written as
        JSON, edges included, held at once and streamed as a server does it; either median is at
        most {wide.JSON_BAR} times the least that reads the same nodes and edges as rows.""",
        "wide",
        [*_WHERE, _number("answer", "answer", ".0f"), *_AGAINST_RAW, _MET],
    ),
    (
        "Adversarial graphs",
        """Bars are medians: the lattice 5 ms on SQLite and 20 ms on Neo4j, the chain 250 ms.
        *MiB* is what the peak memory of this process grew by.""",
        "adversarial",
        [*_WHERE, *_all("registry"), _number("MiB", "MiB", ".0f"), _MET],
    ),
    (
        "Fifty generations, beside a loop over MLflow's client",
        f"""SQLite stands beside MLflow as a library on its own default, a SQLite file, and Neo4j
        beside a client of MLflow's own server on such a file, all on this machine. MLflow knows
        no parent of a version, so its users keep one in a
        tag and follow it version by version; ours is one `ancestors`, nodes and edges
        described. Bar: {generations.BAR} times as fast. The last way is what a careful user
        does as long as all generations are versions of one model; it has no bar.""",
        "generations",
        [
            _text("engine"),
            ("loop reads", lambda row: str(row["question"])),
            _text("mlflow"),
            *_all("registry"),
            *_all("loop"),
            _ratio("times as fast", "loop p50", "registry p50", ".0f"),
            _MET,
        ],
    ),
    (
        "Pictures of large answers",
        f"Bar: {adversarial.LAYOUT_BAR:,} ms.",
        "layouts",
        [_text("graph"), ("format", lambda row: str(row["question"])), *_all("registry"), _MET],
    ),
    (
        "Durable commits",
        "On 10,000 nodes.",
        "commits",
        [*_WHERE, *_AGAINST_RAW],
    ),
    (
        "Copies of the log, in and out",
        f"""Events a second of the whole call: a copy is checked to its end before any of it is
        written. Bars: {copies.BARS["sqlite"]:,} on SQLite, {copies.BARS["neo4j"]:,} on Neo4j.
        Beside an import *raw* is the bare driver writing the same rows in the same transactions;
        beside an export, reading the file and hashing its lines.""",
        "copies",
        [
            _text("engine"),
            _text("question"),
            ("events", lambda row: str(row["graph"])),
            _number("a second", "a second", ",.0f"),
            _number("raw", "raw a second", ",.0f"),
            _ratio("x raw", "a second", "raw a second"),
            _MET,
        ],
    ),
    (
        "Over HTTP",
        "Bar: twice in process and one and a half times a route that does nothing.",
        "http",
        [
            *_WHERE,
            *_all("http"),
            *_all("in process"),
            _number("empty route p50", "empty p50"),
            _MET,
        ],
    ),
    (
        "Folders of small files",
        f"""Seconds, one file of 1 KB after the other in 100 folders, each way into a registry of
        its own. *Copy* is a loop that copies, syncs and renames each file, as a careful user
        would. Bar: {folders.BAR:.0f} s.""",
        "folders",
        [
            _text("graph"),
            ("way", lambda row: str(row["question"])),
            _number("seconds", "seconds"),
            _number("copy", "copy"),
            _ratio("x copy", "seconds", "copy"),
            _MET,
        ],
    ),
    (
        "Looking into files",
        f"""Milliseconds to inspect a file of 1 GiB, each look in a new process, and its peak of
        memory over the bare interpreter, all modules counted. Bars: {inspection.BAR_MS} ms,
        {inspection.BAR_MIB} MiB.""",
        "inspection",
        [
            ("format", lambda row: str(row["question"])),
            _text("graph"),
            _number("first", "first"),
            _number("again", "again"),
            _number("MiB", "memory"),
            _MET,
        ],
    ),
    (
        "Loading (replay of a log into an empty store)",
        "A loaded graph is kept for later runs; the day says when it was loaded.",
        "load",
        [
            _text("engine"),
            _number("events", "events", ",d"),
            _number("events a second", "a second", ",.0f"),
            _text("loaded on"),
        ],
    ),
)
_GROWTH_TEXT = """
Medians of the same questions on the largest graph, as a multiple of the smallest; beside them how
much the answers grew.
"""


def _growth(rows: Sequence[Row]) -> Iterable[Row]:
    by_question: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_question.setdefault((row["engine"], row["question"]), []).append(row)
    for (engine, question), found in by_question.items():
        found.sort(key=_size)
        first, last = found[0], found[-1]
        if first is last:
            continue
        yield {
            "engine": engine,
            "question": question,
            "from": first["graph"],
            "to": last["graph"],
            "answer": last["answer"] / first["answer"],
            **{
                name: last[f"{name} p50"] / first[f"{name} p50"]
                for name in ("registry", "raw", "memory")
                if f"{name} p50" in first and f"{name} p50" in last
            },
        }


def _size(row: Row) -> Any:
    return int(row["graph"].replace(",", ""))


_GROWTH: Sequence[Column] = [
    _text("engine"),
    _text("question"),
    _text("from"),
    _text("to"),
    _number("answer x", "answer"),
    _number("registry p50 x", "registry"),
    _number("raw p50 x", "raw"),
    _number("memory p50 x", "memory"),
]
