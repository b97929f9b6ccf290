"""Measured rows, kept between runs, so that a part can be measured again by itself."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.timing import Times

_FILE = Path(__file__).parents[1] / ".cache" / "benchmarks" / "rows.json"
Row = dict[str, Any]
_KEY = ("part", "engine", "graph", "question")


class Rows:
    """What was measured; the newest of each part, engine, graph and question."""

    def __init__(self, *, fresh: bool) -> None:
        """Read what earlier runs measured, unless everything is measured anew."""
        self._rows: dict[tuple[str, ...], Row] = {}
        if not fresh and _FILE.exists():
            for row in json.loads(_FILE.read_text(encoding="utf-8")):
                self._rows[_key(row)] = row
        self._commit = _commit()

    def add(self, row: Row) -> None:
        """Take a row, write all of them down, say it."""
        row |= {"on": time.strftime("%Y-%m-%d", time.gmtime()), "commit": self._commit}
        self._rows[_key(row)] = row
        _FILE.parent.mkdir(parents=True, exist_ok=True)
        _FILE.write_text(json.dumps(list(self._rows.values()), indent=0), encoding="utf-8")
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {_said(row)}\n")
        sys.stdout.flush()

    def of(self, part: str) -> list[Row]:
        """Return the rows of a part."""
        return [row for row in self._rows.values() if row["part"] == part]

    def origins(self) -> list[str]:
        """Return the commits and days that the rows come from."""
        return sorted({f"{row['commit']} ({row['on']})" for row in self._rows.values()})


def times(name: str, measured: Times) -> Row:
    """Return the quantiles as cells of a row, in milliseconds."""
    return {
        f"{name} p50": measured.p50,
        f"{name} p95": measured.p95,
        f"{name} p99": measured.p99,
    }


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")) for name in _KEY)


def _said(row: Row) -> str:
    return "  ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in row.items()
        if name not in {"on", "commit"}
    )


def _commit() -> str:
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip()
