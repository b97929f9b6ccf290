"""What people give a method in place of text: a version for its reference, a number for a time."""

from datetime import UTC, date, datetime

import pytest

from lineage_registry import connect
from lineage_registry.errors import InvalidReferenceError, ModelNotFoundError


@pytest.fixture
def registry():
    with connect("memory://") as registry:
        registry.register("classifier")
        yield registry


@pytest.mark.parametrize("as_of", [True, False, 1.5, 2.0, b"1", object()])
def test_what_is_no_revision_and_no_time_is_refused(registry, as_of):
    for ask in (
        lambda: registry.version("classifier:1", as_of=as_of),
        lambda: registry.lineage("classifier:1", as_of=as_of),
    ):
        with pytest.raises(InvalidReferenceError, match="not a revision or time"):
            ask()


def test_a_date_is_the_end_of_that_day_as_its_text_is(registry):
    today = datetime.now(UTC).date()
    told = registry.lineage("classifier:1", as_of=today)
    assert told.nodes == registry.lineage("classifier:1", as_of=today.isoformat()).nodes != []
    with pytest.raises(ModelNotFoundError, match="classifier"):
        registry.version("classifier:1", as_of=date(2020, 1, 1))


def test_a_version_is_no_reference_but_has_one(registry):
    version = registry.version("classifier:1")
    for use in (
        lambda: registry.promote(version, "Production"),
        lambda: registry.load(version),
        lambda: registry.register("classifier", parents=[version]),
        lambda: registry.register("classifier", parents=version),
        lambda: registry.register("classifier", parents=[("classifier:1", "finetune", "more")]),
        lambda: registry.register("classifier", dependencies=[version]),
    ):
        with pytest.raises(InvalidReferenceError) as caught:
            use()
        assert caught.value.hint
        assert "reference" in caught.value.hint
    assert registry.model("classifier").latest == 1
    registry.register("classifier", parents=[version.reference])
