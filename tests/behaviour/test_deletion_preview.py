"""What a delete would do, told before it is done."""

import random

import pytest

from lineage_registry.errors import HasDependentsError, InvalidReferenceError, ModelNotFoundError
from lineage_registry.registry import Registry
from tests.behaviour.conftest import PLACES
from tests.behaviour.lives import Life
from tests.behaviour.places import Place

ENGINES = [place for place in PLACES if place.id in {"sdk-sqlite-folder", "sdk-neo4j-folder"}]


@pytest.fixture
def served(registry: Registry) -> Registry:
    """d:1 under base:1 under clf:1, which serves as web and is in Production; base:2 is free."""
    registry.register_dataset("d")
    registry.register("base", datasets=["d:1"])
    registry.register("base")
    registry.create_model("clf", owner="ada")
    registry.register("clf", parents=["base:1"])
    registry.promote("clf:1", "Production")
    registry.set_alias("clf:1", "champion")
    registry.deploy("web", "clf:1", owner="ops")
    return registry


def test_what_would_stop_it_is_named(served: Registry) -> None:
    told = served.deletion_preview("models:/clf/1")
    assert (told.reference, told.blocked, told.deleted) == ("models:/clf/1", True, False)
    assert (told.blocked_by, told.blockers) == (["deployments:/web"], 1)
    assert told.holds == told.ends == ["alias/champion", "stage/Production"]
    assert (told.total, told.deployments, told.owners) == (1, ["deployments:/web"], ["ops"])
    assert told.table().rows[:3] == [
        ("alias/champion", "blocks", None, None),
        ("stage/Production", "blocks", None, None),
        ("deployments:/web", "blocks", None, 1),
    ]


def test_what_would_be_stranded_is_named(served: Registry) -> None:
    told = served.deletion_preview("models:/base/1")
    assert told.blocked_by == ["models:/clf/1"]
    assert [one.reference for one in told.stranded] == ["models:/clf/1", "deployments:/web"]
    assert told.production == ["models:/clf/1"]
    assert told.owners == ["ada", "ops"]
    whole = served.deletion_preview("models:/base")
    assert whole.versions == ["models:/base/1", "models:/base/2"]
    assert (whole.blocked, whole.total) == (True, 2)
    data = served.deletion_preview("datasets:/d")
    assert (data.blocked, data.total) == (True, 4)
    assert served.deletion_preview("models:/clf").holds == ["stage/Production"]
    free = served.deletion_preview("models:/base/2")
    assert (free.blocked, free.total, free.table().rows) == (False, 0, [])
    assert not served.deletion_preview("deployments:/web").blocked


def test_nothing_is_written_and_the_past_can_be_asked(place: Place, served: Registry) -> None:
    before = place.revision
    for reference in ("models:/clf/1", "models:/base", "deployments:/web"):
        served.deletion_preview(reference)
    assert place.revision == before
    served.delete_version("base:2")
    assert served.deletion_preview("models:/base/2").deleted
    assert not place.registry.deletion_preview("base:2", as_of=before).deleted
    assert place.registry.deletion_preview("base", limit=1).versions == ["models:/base/1"]


def test_runs_and_what_is_not_there_are_refused(served: Registry, place: Place) -> None:
    run = served.version("base:1").run
    assert run
    with pytest.raises(InvalidReferenceError):
        place.registry.deletion_preview(run)
    with pytest.raises(ModelNotFoundError):
        served.deletion_preview("models:/nothing")


@pytest.mark.parametrize("place", ENGINES, indirect=True)
def test_the_preview_says_blocked_exactly_when_the_delete_is_refused(
    place: Place,
) -> None:
    life = Life(place.local, seed=1)
    chance = random.Random(1)
    told: set[bool] = set()
    for _ in range(25):
        life.live(3)
        for reference in chance.sample(life.deletable, min(3, len(life.deletable))):
            preview = place.registry.deletion_preview(reference)
            if preview.deleted:
                continue
            told.add(preview.blocked)
            if preview.blocked:
                with pytest.raises(HasDependentsError) as caught:
                    life.delete(reference)
                holds, by = preview.holds, preview.blocked_by
                assert caught.value.context["blocked_by"] == [*by[:20], *holds]
                assert caught.value.context["count"] == preview.blockers + len(holds)
            else:
                life.delete(reference)
    assert told == {True, False}
