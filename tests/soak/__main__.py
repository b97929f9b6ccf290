"""`python -m tests.soak --sqlite 2000 --neo4j 100 --seed 1`: kill, restart, check, and say so."""

import argparse
import logging
import random
import sys
import tempfile
from pathlib import Path

from lineage_registry.bootstrap import connect
from tests.behaviour.places import settings_of, wipe_neo4j
from tests.servers import BRIEF, Neo4jServer
from tests.soak.killing import kill_clients, kill_server

SLOW_START = 1.5
"""Seconds in which a writer that just came up does a few writes on a server."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--sqlite", type=int, default=2_000, help="kills of clients on SQLite")
    parser.add_argument("--neo4j", type=int, default=100, help="kills on Neo4j, half the server's")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    with tempfile.TemporaryDirectory(prefix="lineage-soak-") as folder:
        if asked.sqlite:
            on_sqlite(Path(folder, "sqlite"), asked.sqlite, asked.seed)
        if asked.neo4j:
            on_neo4j(Path(folder, "neo4j"), asked.neo4j, asked.seed)


def on_sqlite(folder: Path, kills: int, seed: int) -> None:
    folder.mkdir()
    settings = settings_of(folder / "registry", None, None, "")
    warm_up(folder)
    say(f"sqlite, clients: {kill_clients(settings, folder, kills, seed)}")


def on_neo4j(folder: Path, kills: int, seed: int) -> None:
    logging.getLogger("neo4j").setLevel(logging.CRITICAL)  # it tells of every broken connection
    for place in (folder / "clients", folder / "server"):
        place.mkdir(parents=True)
    with Neo4jServer(tuning=BRIEF) as server:
        settings = settings_of(folder / "registry", server.address, None, "")
        found = kill_clients(
            settings, folder / "clients", kills - kills // 2, seed, longest=SLOW_START
        )
        say(f"neo4j, clients: {found}")
        wipe_neo4j(server.address)
        found = kill_server(
            settings,
            folder / "server",
            kills // 2,
            seed,
            kill=server.kill,
            restart=server.restart,
        )
        say(f"neo4j, server: {found}")


def warm_up(folder: Path) -> None:
    """Import here what every writer needs, so that a forked one begins at once."""
    file = folder / "warm.bin"
    file.write_text("warm")
    with connect("memory://") as registry:
        registry.register("m", file, datasets=[], metrics={"a": 1.0})
        registry.validate()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
