"""Every question about the past has the answer that it had then, to the byte."""

import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from lineage_registry.errors import RegistryError
from lineage_registry.ports import commands as c
from lineage_registry.ports.commands import COMMANDS, Context, build
from lineage_registry.registry import Registry
from tests.behaviour.conftest import PLACES
from tests.behaviour.lives import Life
from tests.behaviour.places import ACTOR, Place

SOME_PLACES = [
    place
    for place in PLACES
    if place.id in {"sdk-sqlite-folder", "sdk-neo4j-folder", "http-sqlite-folder"}
]
Fields = dict[str, Any]
Ask = Callable[["Around"], Fields]


class Around:
    """What a question can be about, drawn from what a life made."""

    def __init__(self, life: Life, seed: int) -> None:
        self._life = life
        self._random = random.Random(seed)

    def model_version(self) -> str:
        return self._random.choice(self._life.models)

    def version(self) -> str:
        return self._random.choice(self._life.versions)

    def run(self) -> str:
        return self._random.choice(self._life.runs)

    def node(self) -> str:
        return self._random.choice([*self._life.versions, *self._life.runs])

    def anything(self) -> str:
        return self._random.choice([*self._life.deletable, *self._life.runs])

    def flag(self) -> bool:
        return self._random.random() < 0.5

    def parts(self, reference: str) -> Fields:
        """The fields that name a version, or a model or dataset."""
        space, _, name = reference.partition(":/")
        family, _, version = name.partition("/")
        return {"space": space, "name": family} | ({"version": version} if version else {})

    def family(self) -> Fields:
        return self.parts(self.version().rpartition("/")[0])


# One way to ask each question. A question that comes new needs its line here: the fields that it
# needs, drawn from what `Around` knows; `as_of` is added to them.
QUESTIONS: dict[type[c.Query[Any]], Ask] = {
    c.GetFamily: lambda around: around.family(),
    c.ListFamilies: lambda around: {"space": "models", "deleted": around.flag()},
    c.GetVersion: lambda around: {**around.parts(around.version()), "deleted": around.flag()},
    c.ListVersions: lambda around: {**around.family(), "deleted": around.flag(), "limit": 3},
    c.SearchVersions: lambda around: {"space": "models", "metric": ["acc>0.5"], "limit": 3},
    c.GetFiles: lambda around: around.parts(around.version()),
    c.InspectVersion: lambda around: around.parts(around.version()),
    c.GetRun: lambda around: {"run_id": around.run().removeprefix("runs:/")},
    c.ListRuns: lambda _: {"status": "running", "limit": 3},
    c.GetMetricHistory: lambda around: {"run_id": around.run()[6:], "key": "loss"},
    c.GetHistory: lambda around: around.family(),
    c.GetStages: lambda _: {},
    c.GetDeployment: lambda _: {"name": "web"},
    c.ListDeployments: lambda around: {"deleted": around.flag()},
    c.GetLineage: lambda around: {
        "start": [around.anything()],
        "direction": "both",
        "deleted": around.flag(),
    },
    c.GetSiblings: lambda around: {"of": around.version(), "deleted": around.flag()},
    c.GetNeighbours: lambda around: {"of": around.node(), "deleted": around.flag()},
    c.GetImpact: lambda around: {"start": [around.anything()], "deleted": around.flag()},
    c.GetPaths: lambda around: {"source": around.node(), "target": around.node()},
    c.GetCommonAncestors: lambda around: {"start": [around.version(), around.version()]},
    c.GetRoots: lambda around: {"start": [around.version()]},
    c.GetLeaves: lambda around: {"start": [around.version()]},
    c.GetOrder: lambda around: {"start": [around.version()], "direction": "both"},
    c.SelectNodes: lambda around: {"selector": f"2+{around.version()}+ - kind:run | tag:team"},
    c.GetSubgraph: lambda around: {"start": [around.version(), around.version()]},
    c.GetRebuildPlan: lambda around: {"start": [around.version()], "cost": around.flag()},
    c.GetHotList: lambda around: {"transitive": around.flag(), "limit": 5},
    c.GetSameWeights: lambda around: {"of": around.version(), "deleted": around.flag()},
    c.ListOrphans: lambda around: {"deleted": around.flag(), "limit": 5},
    c.ListUnused: lambda around: {"deleted": around.flag(), "limit": 5},
    c.GetTaints: lambda around: {"of": around.version()} if around.flag() else {},
    c.ListTainted: lambda _: {},
    c.GetLicences: lambda around: {"of": around.version()},
    c.GetRollbackCandidates: lambda around: {
        "name": around.parts(around.model_version())["name"],
        "stage": "Production",
    },
    c.GetRecall: lambda around: {"start": [around.version()], "evaluated": around.flag()},
    c.GetExposure: lambda around: {"start": [around.version()], "models": around.flag()},
    c.GetDiff: lambda around: {
        "before": around.version(),
        "after": around.version(),
        "deleted": around.flag(),
    },
    c.GetStaleness: lambda around: {"start": [around.version()] if around.flag() else []},
    c.GetLineageHistory: lambda around: {"of": around.node(), "newest_first": around.flag()},
    c.GetReproducibility: lambda around: {"of": around.node()},
    c.GetDeletionPreview: lambda around: {"of": around.anything()},
    c.ListEvents: lambda around: {"subject": around.anything(), "limit": 5},
    c.GetAuditReport: lambda around: {"of": around.version()},
    c.VerifyVersions: lambda around: {"deleted": around.flag(), "limit": 3},
    c.GetStatistics: lambda around: {"deleted": around.flag()},
}
# What says when it was asked, not what was so then.
PASSING = {c.GetAuditReport: ("generated_at",)}


class Asked(NamedTuple):
    """A question, and what was answered at a revision."""

    command: type[c.Query[Any]]
    fields: Fields
    revision: int
    time: datetime
    said: str


def test_every_question_about_a_time_can_be_asked_here() -> None:
    queries = {one for one in COMMANDS if issubclass(one, c.Query)}
    missing = sorted(one.__name__ for one in queries - QUESTIONS.keys())
    assert not missing, f"add a line for {', '.join(missing)} to QUESTIONS in {__name__}"
    assert not QUESTIONS.keys() - queries


@pytest.mark.parametrize("place", SOME_PLACES, indirect=True)
def test_an_answer_about_the_past_never_changes(place: Place) -> None:
    life = Life(place.local, seed=1)
    asked: list[Asked] = []
    for turn in range(6):
        life.live(20)
        asked += ask_everything(place, Around(life, turn))
    answered = {one.command for one in asked if not one.said.startswith("refused")}
    assert answered == QUESTIONS.keys()
    for one in asked:
        for time in (one.revision, one.time):
            again = answer(place.registry, one.command, {**one.fields, "as_of": time})
            assert again == one.said, (one.command.__name__, one.fields, one.revision)


def ask_everything(place: Place, around: Around) -> list[Asked]:
    """Ask each question once about now."""
    with place.graph.view() as view:
        revision, time = view.revision, view.at(view.revision)
    assert time is not None
    return [
        Asked(command, fields, revision, time, answer(place.registry, command, fields))
        for command, fields in ((each, make(around)) for each, make in QUESTIONS.items())
    ]


def answer(registry: Registry, command: type[c.Query[Any]], fields: Fields) -> str:
    """Return the bytes of an answer, or why there is none."""
    try:
        found = registry.sender.commands.run(build(command, fields), Context(ACTOR))
    except RegistryError as error:
        return f"refused: {error.code} {error.message}"
    told = found.model_dump(mode="json")
    for key in PASSING.get(command, ()):
        told.pop(key)
    return json.dumps(told)
