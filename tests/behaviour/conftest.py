"""The set-ups and entrances that every behaviour is checked in."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_registry.registry import Registry
from tests.behaviour.places import (
    Place,
    opened,
    remove_bucket,
    remove_folder,
    settings_of,
    wipe_neo4j,
)
from tests.buckets import url_of

NEO4J, S3 = pytest.mark.neo4j, pytest.mark.s3
PLACES = [
    pytest.param("sdk sqlite folder", id="sdk-sqlite-folder"),
    pytest.param("sdk sqlite s3", id="sdk-sqlite-s3", marks=S3),
    pytest.param("sdk neo4j folder", id="sdk-neo4j-folder", marks=NEO4J),
    pytest.param("sdk neo4j s3", id="sdk-neo4j-s3", marks=[NEO4J, S3]),
    pytest.param("http sqlite folder", id="http-sqlite-folder"),
    pytest.param("cli sqlite folder", id="cli-sqlite-folder"),
    pytest.param("http neo4j s3", id="http-neo4j-s3", marks=[NEO4J, S3]),
    pytest.param("cli neo4j s3", id="cli-neo4j-s3", marks=[NEO4J, S3]),
]
# Here clients exchange bytes with S3 itself, by signed addresses.
SIGNED = pytest.param("http neo4j s3 signed", id="http-neo4j-s3-signed", marks=[NEO4J, S3])


def only(*ids: str) -> pytest.MarkDecorator:
    """Return a mark for tests that take long: they run in some of the places."""
    assert set(ids) <= {one.id for one in PLACES}
    return pytest.mark.parametrize("place", [one for one in PLACES if one.id in ids], indirect=True)


near_and_far = only("sdk-sqlite-folder", "sdk-neo4j-s3", "http-neo4j-s3")


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty registry in each set-up, through each entrance."""
    entrance, graph, artifacts, *signed = request.param.split()
    neo4j = request.getfixturevalue("neo4j_server") if graph == "neo4j" else None
    s3 = request.getfixturevalue("s3_server") if artifacts == "s3" else None
    bucket = f"behaviour-{uuid.uuid4().hex[:16]}"
    if neo4j is not None:
        wipe_neo4j(neo4j)
    settings = settings_of(tmp_path, neo4j, s3, bucket)
    if s3 is not None and signed:
        settings = settings.model_copy(update={"s3_public_url": url_of(s3)})
    with opened(settings, tmp_path, entrance) as found:
        yield found
    if s3 is not None:
        remove_bucket(s3, bucket)
    remove_folder(tmp_path)


@pytest.fixture
def registry(place: Place) -> Registry:
    """The entrance of `place`."""
    return place.registry
