"""What the log says, for ever: the JSON of every event is written down here."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from lineage_registry.domain.events import (
    EVENT_TYPES,
    AliasMoved,
    ArtifactRefused,
    Cause,
    CollectionEnded,
    CollectionStarted,
    DatasetCreated,
    DependencyAdded,
    DependencyRemoved,
    DeploymentCreated,
    DeploymentMoved,
    DetailsChanged,
    Event,
    InputsAdded,
    LicenceDeclared,
    LicenceDefined,
    MetricPoint,
    MetricsLogged,
    MetricSummary,
    ModelCreated,
    NameChanged,
    NodeDeleted,
    NodeRestored,
    ObligationsStopped,
    ParamsLogged,
    RunEnded,
    RunStarted,
    SiblingDeclared,
    StageLeft,
    StageMoved,
    StagesConfigured,
    StagesGuarded,
    TaintLifted,
    TaintRaised,
    TrustGranted,
    VerdictReached,
    VersionRegistered,
    VersionRolledBack,
)
from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.errors import LogCorruptError
from lineage_registry.ports.graph import Recorded, Request, leaf_hash, record

USED = Cause(kind=EdgeKind.USED, target=3, role="train")
INFERRED = Cause(kind=EdgeKind.USED, target=4, role="base", declared=False)
POINTER: dict[str, Any] = {"model": 1, "before": 5, "version": 7, "below": 9}
POINTER_JSON = '"model":1,"pointer":"%s","before":5,"version":7,"below":9'

# An event that was written once is read for ever: a line here changes only together with
# `schema_version` and an upcast of what lies in the logs of others.
WRITTEN: list[tuple[Event, str]] = [
    (
        ModelCreated(
            name="Net", key="net", last_number=3, description="d", owner="o", tags={"a": "b"}
        ),
        '{"name":"Net","key":"net","last_number":3,"description":"d","owner":"o","tags":{"a":"b"}}',
    ),
    (DatasetCreated(name="D", key="d"), '{"name":"D","key":"d"}'),
    (
        NameChanged(node=1, kind=NodeKind.MODEL, before="a", name="B", key="b"),
        '{"node":1,"kind":"model","before":"a","name":"B","key":"b"}',
    ),
    (
        DetailsChanged(node=1, values={"owner": None}, before={"owner": "x"}),
        '{"node":1,"values":{"owner":null},"before":{"owner":"x"}}',
    ),
    (
        NodeDeleted(
            node=1, members=[2], forced=True, blocked_by=[3], family=4, pointers=["stage/P"]
        ),
        '{"node":1,"members":[2],"forced":true,"blocked_by":[3],"family":4,"pointers":["stage/P"]}',
    ),
    (NodeRestored(node=1, members=[2]), '{"node":1,"members":[2]}'),
    (
        VersionRegistered(
            kind=NodeKind.MODEL_VERSION,
            owner=1,
            number=2,
            label="1.0.0",
            manifest="sha256:00",
            facts={"size": 3},
            description="d",
            tags={"a": "b"},
            metrics={"acc": 0.5, "loss": "NaN"},
            params={"n": 1, "lr": 0.1, "on": True, "opt": "adam"},
            causes=[USED, INFERRED],
        ),
        (
            '{"kind":"model_version","owner":1,"number":2,"label":"1.0.0","manifest":"sha256:00",'
            '"facts":{"size":3},"description":"d","tags":{"a":"b"},"metrics":{"acc":0.5,"loss":"NaN"},'
            '"params":{"n":1,"lr":0.1,"on":true,"opt":"adam"},'
            '"causes":[{"kind":"USED","target":3,"role":"train"},'
            '{"kind":"USED","target":4,"role":"base","declared":false}]}'
        ),
    ),
    (DependencyAdded(source=1, target=2, role="r"), '{"source":1,"target":2,"role":"r"}'),
    (DependencyRemoved(source=1, target=2, role=""), '{"source":1,"target":2,"role":""}'),
    (SiblingDeclared(source=2, target=1), '{"source":2,"target":1}'),
    (
        RunStarted(
            run_id="r",
            facts={"name": "n"},
            params={"a": 1},
            tags={"b": "c"},
            causes=[USED],
            status="finished",
        ),
        (
            '{"run_id":"r","facts":{"name":"n"},"params":{"a":1},"tags":{"b":"c"},'
            '"causes":[{"kind":"USED","target":3,"role":"train"}],"status":"finished"}'
        ),
    ),
    (
        InputsAdded(run=1, causes=[USED]),
        '{"run":1,"causes":[{"kind":"USED","target":3,"role":"train"}]}',
    ),
    (ParamsLogged(node=1, params={"a": "b"}), '{"node":1,"params":{"a":"b"}}'),
    (
        MetricsLogged(
            node=1,
            points=[MetricPoint("acc", 0.5, 3, 17), MetricPoint("acc", "NaN", 4, 18)],
            summaries={"acc": MetricSummary("NaN", 0.5, 0.5, 2)},
        ),
        (
            '{"node":1,"points":[["acc",0.5,3,17],["acc","NaN",4,18]],'
            '"summaries":{"acc":["NaN",0.5,0.5,2]}}'
        ),
    ),
    (
        RunEnded(run=1, status="failed", message="m"),
        '{"run":1,"status":"failed","message":"m"}',
    ),
    (StagesConfigured(stages=["None", "Live"]), '{"stages":["None","Live"]}'),
    (StagesGuarded(stages=["Live"]), '{"stages":["Live"]}'),
    (
        TaintRaised(taint=3, node=1, kind="pii", severity="critical", reason="names in it"),
        '{"taint":3,"node":1,"kind":"pii","severity":"critical","reason":"names in it"}',
    ),
    (
        LicenceDeclared(node=1, licence=None, before="MIT"),
        '{"node":1,"licence":null,"before":"MIT"}',
    ),
    (
        LicenceDefined(licence="LicenseRef-a", obligations=["attribution"]),
        '{"licence":"LicenseRef-a","obligations":["attribution"]}',
    ),
    (
        ObligationsStopped(effect=2, cause=1, obligations=["share-alike"], evidence="no. 12"),
        '{"effect":2,"cause":1,"obligations":["share-alike"],"evidence":"no. 12"}',
    ),
    (
        VerdictReached(node=7, format="pickle", verdict="needs-trust", policy="2", reasons=["r"]),
        '{"node":7,"format":"pickle","verdict":"needs-trust","policy":"2","reasons":["r"]}',
    ),
    (
        ArtifactRefused(
            owner=None,
            space="models",
            name="net",
            manifest="sha256:ab",
            format="pickle",
            policy="2",
            reasons=["r"],
        ),
        (
            '{"owner":null,"space":"models","name":"net","manifest":"sha256:ab",'
            '"format":"pickle","policy":"2","reasons":["r"]}'
        ),
    ),
    (
        TrustGranted(node=7, manifest="sha256:ab", verdict="needs-trust", reason="ours"),
        '{"node":7,"manifest":"sha256:ab","verdict":"needs-trust","reason":"ours"}',
    ),
    (TaintLifted(taint=3, node=1), '{"taint":3,"node":1}'),
    (
        CollectionStarted(blobs=3, bytes=9, grace=60),
        '{"blobs":3,"bytes":9,"grace":60}',
    ),
    (
        CollectionEnded(started=4, blobs=2, bytes=5, uploads=1),
        '{"started":4,"blobs":2,"bytes":5,"uploads":1}',
    ),
    (
        StageMoved(
            pointer="stage/P", stages={7: "P", 5: None}, pointers={"stage/S": None}, **POINTER
        ),
        "{"
        + POINTER_JSON % "stage/P"
        + ',"stages":{"7":"P","5":null},"pointers":{"stage/S":null}}',
    ),
    (AliasMoved(pointer="alias/a", **POINTER), "{" + POINTER_JSON % "alias/a" + "}"),
    (
        VersionRolledBack(pointer="alias/a", mark="slow", **POINTER),
        "{" + POINTER_JSON % "alias/a" + ',"mark":"slow"}',
    ),
    (
        StageLeft(model=1, version=2, before="P", pointers=["stage/P"]),
        '{"model":1,"version":2,"before":"P","pointers":["stage/P"]}',
    ),
    (
        DeploymentCreated(
            name="S", key="s", version=1, environment="eu", facts={"a": 1}, owner="o"
        ),
        '{"name":"S","key":"s","version":1,"environment":"eu","facts":{"a":1},"owner":"o"}',
    ),
    (
        DeploymentMoved(deployment=1, before=2, version=None),
        '{"deployment":1,"before":2,"version":null}',
    ),
    (
        DeploymentMoved(deployment=1, before=2, version=3, despite=[7]),
        '{"deployment":1,"before":2,"version":3,"despite":[7]}',
    ),
]


def name_of(value: object) -> str:
    return value.type if isinstance(value, Event) else ""


def test_every_type_of_event_is_written_down_here() -> None:
    assert {event.type for event, _ in WRITTEN} == set(EVENT_TYPES)
    assert all(EVENT_TYPES[event.type] is type(event) for event, _ in WRITTEN)


@pytest.mark.parametrize(("event", "text"), WRITTEN, ids=name_of)
def test_an_event_is_written_as_it_always_was(event: Event, text: str) -> None:
    assert event.model_dump_json(exclude_defaults=True) == text


@pytest.mark.parametrize(("event", "text"), WRITTEN, ids=name_of)
def test_what_lies_in_a_log_is_read_as_the_same_event(event: Event, text: str) -> None:
    assert type(event).model_validate_json(text) == event
    assert list(type(event).model_validate_json(text).changes(11)) == list(event.changes(11))


@pytest.mark.parametrize(("event", "text"), WRITTEN, ids=name_of)
def test_a_recorded_event_is_read_back_from_its_bytes(event: Event, text: str) -> None:
    request = Request("ada", "why", "key", "digest")
    recorded = record(event, 11, 5, 1_700_000_000_000_000, request)
    assert recorded.body.decode() == (
        f'{{"type":"{event.type}","v":1,"revision":5,"at":1700000000000000,"actor":"ada",'
        f'"reason":"why","key":"key","digest":"digest","data":{text}}}'
    )
    again = Recorded.parse(11, recorded.body)
    assert again == recorded
    assert again.event == event
    assert again.leaf == leaf_hash(recorded.body)


def test_what_is_left_out_has_the_value_it_always_had() -> None:
    old = VersionRegistered.model_validate_json('{"kind":"dataset_version","owner":1,"number":2}')
    assert old == VersionRegistered(kind=NodeKind.DATASET_VERSION, owner=1, number=2)
    assert RunStarted.model_validate_json('{"run_id":"r"}').status == "running"
    assert ModelCreated.model_validate_json('{"name":"a","key":"a"}').last_number == 0


@pytest.mark.parametrize(("event", "text"), WRITTEN, ids=name_of)
def test_an_event_with_fields_of_another_time_is_not_guessed_at(event: Event, text: str) -> None:
    with pytest.raises(ValidationError):
        type(event).model_validate_json(text[:-1] + ',"colour":"red"}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b'{"type":"model.created"}',
        b'{"type":"model.burnt","v":1,"revision":1,"at":1,"actor":"a","data":{}}',
        b'{"type":"model.created","v":1,"revision":1,"at":1,"actor":"a","data":{"name":1}}',
        b'{"type":"model.created","v":1,"revision":"x","at":1,"actor":"a","data":{}}',
    ],
)
def test_bytes_that_are_no_event_are_told_as_damage(body: bytes) -> None:
    with pytest.raises(LogCorruptError, match="event 7"):
        _ = Recorded.parse(7, body).event


def test_no_event_changes_after_it_was_made() -> None:
    event = WRITTEN[0][0]
    with pytest.raises(ValidationError):
        event.name = "other"  # type: ignore[attr-defined]
    assert json.loads(event.model_dump_json())["name"] == "Net"
