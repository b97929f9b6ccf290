"""Rows from elsewhere, through each entrance and on each engine."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_registry import connect
from lineage_registry.errors import (
    IdempotencyMismatchError,
    InvalidInputError,
    NotFoundError,
    VersionNotFoundError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import Place

ROWS = [
    {"model": {"name": "net", "owner": "vision", "tags": {"from": "old"}}},
    {"dataset_version": {"name": "photos", "label": "2026-10"}},
    {"run": {"run_id": "r1", "inputs": [{"reference": "datasets:/photos/1", "role": "train"}]}},
    {"params": {"run_id": "r1", "params": {"lr": 0.1}}},
    {"metrics": {"run_id": "r1", "metrics": {"loss": 0.5}, "step": 3}},
    {"version": {"name": "net", "run": "runs:/r1", "label": "1.0.0", "metrics": {"acc": 0.9}}},
    {"end": {"run_id": "r1"}},
    {"version": {"name": "small", "parents": [{"reference": "net:1", "kind": "distilled"}]}},
    {"dependency": {"name": "small", "version": "1", "on": "net:1", "role": "tokenizer"}},
    {"stage": {"name": "small", "version": "1", "stage": "Production"}},
    {"alias": {"name": "net", "alias": "champion", "version": "1.0.0"}},
    {"deployment": {"name": "shop", "version": "small:1"}},
]


@pytest.fixture
def registry_in_memory() -> Iterator[Registry]:
    with connect("memory://") as found:
        yield found


def test_rows_become_what_somebody_would_have_typed(place: Place) -> None:
    registry = place.registry
    done = registry.import_rows(ROWS, reason="moved")
    assert (done.rows, done.revision) == (len(ROWS), place.revision)
    assert done.events == place.graph.head().size
    assert place.revision == 1
    nodes = [one.reference for one in registry.lineage("deployments:/shop").nodes]
    assert nodes == [
        "deployments:/shop",
        "models:/small/1",
        "models:/net/1",
        "runs:/r1",
        "datasets:/photos/1",
    ]
    assert registry.model("net").owner == "vision"
    version = registry.version("net@champion")
    assert (version.label, version.metrics) == ("1.0.0", {"acc": 0.9})
    assert registry.version("small:Production").number == 1
    assert registry.get_run("r1").status == "finished"
    assert {one.reason for one in registry.events()} == {"moved"}
    place.demand_sound()


def test_a_file_is_imported_once_however_often_it_is_tried(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [{"version": {"name": f"m{number % 3}"}} for number in range(450)]
    rows[430] = {"version": {"name": "m0", "parents": [{"reference": "m0:999"}]}}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(VersionNotFoundError, match=r"row 431: ") as refused:
        place.local.import_rows(file)
    assert refused.value.context["row"] == 431
    assert place.revision == 2  # two parts of 200; nothing of the third
    rows[430] = {"version": {"name": "m0", "parents": [{"reference": "m0:2"}]}}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = place.local.import_rows(file)
    assert (done.rows, done.revision) == (450, 3)
    assert done.events == place.graph.head().size == 453
    again = place.local.import_rows(file)
    assert again == done
    assert place.revision == 3
    rows[0] = {"version": {"name": "other"}}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(IdempotencyMismatchError, match=r"rows 1 to 200 of 'rows\.jsonl'"):
        place.local.import_rows(file)
    assert place.revision == 3


BAD = [
    ({"thing": {}}, "not 'thing'"),
    ({}, "not none"),
    ({"model": {"name": "a"}, "run": {}}, "not 'model', 'run'"),
    ({"model": {"name": "a", "color": "red"}}, "color"),
    ({"model": {}}, "name"),
    ({"model": {"name": "a", "reason": "x"}}, "no reason"),
    ({"version": {"name": "../etc"}}, "row 2"),
    ({"model": {"name": "a", "space": "nowhere", "owner": 3}}, "owner"),
]


@pytest.mark.parametrize(("row", "said"), BAD)
def test_a_row_that_cannot_be_is_refused_with_all_others(
    place: Place, row: dict[str, dict[str, object]], said: str
) -> None:
    with pytest.raises(InvalidInputError, match="row 2: ") as refused:
        place.registry.import_rows([{"model": {"name": "first"}}, row])
    assert said in str(refused.value)
    assert place.revision == 0


@pytest.mark.parametrize(
    "text", ["nonsense", "[]", "3", '{"model": 3}', '{"model": {"name": "a"}', "[" * 100_000]
)
def test_a_line_that_is_no_row_is_named(
    registry_in_memory: Registry, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"model": {"name": "a"}}\n' + text)
    with pytest.raises(InvalidInputError, match="row 2 "):
        registry_in_memory.import_rows(file)
    with pytest.raises(NotFoundError):
        registry_in_memory.import_rows(tmp_path / "absent.jsonl")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"model": {"name": "b", "owner": "x", "owner": "y"}}', "owner"),
        ('{"model": {"name": "b"}, "model": {"name": "c"}}', "model"),
        ('{"model": {"name": "b", "tags": {"k": "1", "l": "", "k": "1"}}}', "k"),
        ('{"version": {"name": "b", "parents": [{"role": "a", "role": "b"}]}}', "role"),
    ],
)
def test_a_member_that_is_there_twice_is_refused_with_its_row_and_its_name(
    registry_in_memory: Registry, tmp_path: Path, text: str, name: str
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"model": {"name": "a"}}\n' + text)
    twice = f"row 2 cannot be read: the key '{name}' is there twice"
    with pytest.raises(InvalidInputError) as refused:
        registry_in_memory.import_rows(file)
    assert refused.value.message == twice
    assert refused.value.context == {"row": 2}
    assert registry_in_memory.status().events == 0


def test_compressed_rows_are_read(registry_in_memory: Registry, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl.gz"
    file.write_bytes(gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)))
    assert registry_in_memory.import_rows(file).rows == len(ROWS)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InvalidInputError, match="cannot be read"):
        registry_in_memory.import_rows(file)


def test_damaged_bytes_are_no_reason_to_crash(registry_in_memory: Registry, tmp_path: Path) -> None:
    rows = [{"model": {"name": hashlib.sha256(bytes([i])).hexdigest()}} for i in range(100)]
    whole = gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    file = tmp_path / "rows.jsonl.gz"
    for place in range(10, len(whole) - 8, len(whole) // 40):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(InvalidInputError, match="cannot be read"):
            registry_in_memory.import_rows(file)
