"""Random lives of a registry, on every store beside the reference.

`LINEAGE_SOAK=1` makes them many and long.
"""

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lineage_registry.testing.graph.machine import GraphMachine
from tests.conformance.graph_backends import (
    in_memory_reference,
    neo4j_server_store,
    sqlite_file,
    sqlite_in_memory,
)


def play(open_backend, *, examples, steps, shrinks=True):
    @contextmanager
    def open_empty():
        with open_backend() as backend:
            yield backend.store, backend.raw

    machine = type("Machine", (GraphMachine,), {"open_empty": staticmethod(open_empty)})
    soak = bool(os.environ.get("LINEAGE_SOAK"))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples * 20 if soak else examples,
            stateful_step_count=steps * 5 if soak else steps,
            deadline=None,
            database=None,
            derandomize=not soak,
            phases=tuple(Phase) if shrinks else (Phase.explicit, Phase.generate),
            print_blob=shrinks,
            suppress_health_check=list(HealthCheck),
        ),
    )


@contextmanager
def _sqlite_in_a_folder():
    with TemporaryDirectory() as folder, sqlite_file(Path(folder)) as backend:
        yield backend


def test_the_reference_lives_as_it_should():
    play(in_memory_reference, examples=20, steps=30)


def test_a_sqlite_file_lives_like_the_reference():
    play(_sqlite_in_a_folder, examples=40, steps=40)


def test_sqlite_in_memory_lives_like_the_reference():
    play(sqlite_in_memory, examples=20, steps=35)


def test_neo4j_lives_like_the_reference(neo4j_server):
    play(lambda: neo4j_server_store(neo4j_server), examples=6, steps=25)
