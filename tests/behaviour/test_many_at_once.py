"""Many clients at once: pages that join while others write, numbers without gaps or twins."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import pytest

from lineage_registry.errors import AlreadyExistsError, LineageCycleError, RegistryError
from tests.behaviour.places import Place

T = TypeVar("T")


def race(*work: Callable[[], T]) -> list[T | RegistryError]:
    """Do things in as many threads, all at the same moment."""
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], T]) -> T | RegistryError:
        gate.wait()
        try:
            return one()
        except RegistryError as error:
            return error

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_threads_that_register_the_next_version_get_each_number_once(place: Place) -> None:
    registry = place.registry
    registry.create_model("m")
    found = race(*[lambda: registry.register("m").number] * 12)
    assert sorted(found) == list(range(1, 13))
    place.demand_sound()


def test_of_many_that_want_one_name_one_gets_it(place: Place) -> None:
    registry = place.registry
    found = race(*[lambda: registry.create_model("m").id] * 6)
    assert sum(isinstance(one, int) for one in found) == 1
    assert sum(isinstance(one, AlreadyExistsError) for one in found) == 5
    found = race(*[lambda: registry.register("m", label="1.0.0").number] * 6)
    assert sorted(one for one in found if isinstance(one, int)) == [1]
    assert sum(isinstance(one, AlreadyExistsError) for one in found) == 5
    place.demand_sound()


def test_of_two_promotions_one_holds_and_both_are_logged(place: Place) -> None:
    registry = place.registry
    for _ in range(4):
        registry.register("m")
    registry.promote("m:1", "Production")
    race(
        lambda: registry.promote("m:2", "Production"),
        lambda: registry.promote("m:3", "Production"),
        lambda: registry.promote("m:4", "Production"),
        lambda: registry.rollback("m"),
    )
    holders = [one.number for one in registry.versions("m", stage="Production")]
    assert len(holders) == 1
    assert registry.version("m:Production").number == holders[0]
    promoted = list(registry.events(type=["stage.moved"]))
    assert len(promoted) == 4
    moves = registry.history("m", stage="Production").moves
    for newer, older in pairwise(moves):
        assert newer.before == older.after
    place.demand_sound()


def test_two_edges_that_would_close_a_cycle_together_are_not_both_drawn(place: Place) -> None:
    registry = place.registry
    registry.register("a")
    registry.register("b")
    found = race(
        lambda: registry.add_dependency("a:1", "b:1"), lambda: registry.add_dependency("b:1", "a:1")
    )
    assert sum(isinstance(one, LineageCycleError) for one in found) == 1
    place.demand_sound()


def test_a_request_sent_twice_at_once_is_done_once(place: Place) -> None:
    registry = place.registry
    found = race(*[lambda: registry.register("m", key="k").reference] * 6)
    assert set(found) == {"models:/m/1"}
    assert registry.model("m").latest == 1


def test_pages_join_to_what_was_there_when_the_first_was_asked_for(place: Place) -> None:
    registry = place.registry
    for number in range(9):
        registry.register(f"m{number}")
        registry.run("r", run_id=f"r{number}")
    lists: dict[str, Callable[[], object]] = {
        "models": lambda: registry.models(limit=2),
        "versions": lambda: registry.search(limit=2),
        "runs": lambda: registry.runs(limit=2),
        "events": lambda: registry.events(limit=2),
    }
    expected = {name: [one.id_() for one in map(Row, ask())] for name, ask in lists.items()}  # type: ignore[call-overload]
    under_way = {name: iter(ask()) for name, ask in lists.items()}  # type: ignore[call-overload]
    first = {name: Row(next(rows)).id_() for name, rows in under_way.items()}
    registry.register("m0")
    registry.register("later")
    registry.delete_version("m3:1")
    registry.delete("m5")
    registry.update("m7", new_name="renamed")
    registry.run("r", run_id="late")
    for name, rows in under_way.items():
        assert [first[name], *(Row(one).id_() for one in rows)] == expected[name], name


class Row:
    """Any row, by what stays the same in it."""

    def __init__(self, row: object) -> None:
        self._row = row

    def id_(self) -> int:
        found = getattr(self._row, "id", None)
        return found if found is not None else self._row.position  # type: ignore[attr-defined]


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_pages_of_any_size_join_to_the_same_list(place: Place, limit: int) -> None:
    registry = place.registry
    for _ in range(7):
        registry.register("m")
    assert [one.number for one in registry.versions("m", limit=limit)] == [7, 6, 5, 4, 3, 2, 1]


def test_a_page_says_where_the_list_goes_on(place: Place) -> None:
    registry = place.registry
    for _ in range(5):
        registry.register("m")
    rows = registry.versions("m")
    first = rows.page(limit=2)
    registry.register("m")
    second = rows.page(limit=2, cursor=first.next_cursor)
    last = rows.page(cursor=second.next_cursor)
    pages = [first, second, last]
    assert [[one.number for one in page.items] for page in pages] == [[5, 4], [3, 2], [1]]
    assert {page.revision for page in pages} == {5}
    assert last.next_cursor is None
    assert [len(page.items) for page in rows.pages(limit=5)] == [5]
    assert [one.number for one in rows] == [6, 5, 4, 3, 2, 1]


def test_readers_see_whole_commits_only(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    registry.create_model("m")
    done = threading.Event()

    def write() -> None:
        try:
            for _ in range(15):
                registry.register("m", datasets=["d:1"])
        finally:
            done.set()

    def read() -> int:
        asked = 0
        while not done.is_set():
            for version in registry.versions("m"):
                assert version.run
                assert registry.get_run(version.run).outputs == [version.reference]
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        pool.submit(write).result()
        assert all(one.result() for one in readers)
