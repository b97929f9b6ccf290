"""Licences: what is declared, what passes on, what an agreement stops, what contradicts."""

import pytest

from lineage_registry.errors import (
    AlreadyExistsError,
    InvalidInputError,
    InvalidReferenceError,
    ModelNotFoundError,
)
from lineage_registry.ports.commands import LicenceConflict
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


@pytest.fixture
def family(registry: Registry) -> Registry:
    """raw (CC-BY-NC-4.0) <- (run t) <- base <- top; code (GPL-3.0-only) is needed by top."""
    registry.register_dataset("raw")
    registry.set_licence("datasets:/raw", "cc-by-nc-4.0")
    with registry.run("train", run_id="t", inputs=["datasets:/raw/1"]):
        registry.register("base")
    registry.register("code")
    registry.register("top", parents=[("base:1", "distilled")], dependencies=["code:1"])
    return registry


def told(conflicts: list[LicenceConflict]) -> list[tuple[str, str, str]]:
    return [(one.obligation, one.inherited, one.against) for one in conflicts]


def test_what_reaches_a_version_is_joined_and_comes_with_a_way(family: Registry) -> None:
    found = family.licences("top:1")
    assert (found.declared, found.by_family) == (None, False)
    assert found.obligations == ["attribution", "non-commercial", "none-given"]
    nc = next(one for one in found.terms if one.obligation == "non-commercial")
    assert (nc.licence, nc.origin, nc.distance) == ("CC-BY-NC-4.0", "datasets:/raw/1", 3)
    assert nc.witness == ["models:/top/1", "models:/base/1", "runs:/t", "datasets:/raw/1"]
    assert [one.origin for one in found.terms if one.licence == "NONE"] == ["models:/code/1"]
    source = family.licences("datasets:/raw/1")
    assert (source.declared, source.by_family) == ("CC-BY-NC-4.0", True)
    assert family.version("datasets:/raw/1").licence == "CC-BY-NC-4.0"
    assert family.dataset("raw").licence == "CC-BY-NC-4.0"
    assert found.table().rows[0][0] == "attribution"


def test_a_version_s_own_licence_comes_first_and_can_be_taken_back(family: Registry) -> None:
    before = family.set_licence("datasets:/raw/1", "CC0-1.0").revision
    assert family.licences("top:1").obligations == ["none-given"]
    family.set_licence("datasets:/raw/1", None)
    assert "non-commercial" in family.licences("top:1").obligations
    assert family.licences("top:1", as_of=before).obligations == ["none-given"]
    assert family.version("datasets:/raw/1", as_of=before).licence == "CC0-1.0"
    family.set_licence("datasets:/raw", None)
    assert family.licences("datasets:/raw/1").obligations == ["none-given"]


def test_a_declared_licence_must_not_grant_what_is_forbidden_upstream(family: Registry) -> None:
    family.set_licence("top:1", "MIT")
    (conflict,) = family.licences("top:1").conflicts
    assert told([conflict]) == [("non-commercial", "CC-BY-NC-4.0", "MIT")]
    assert conflict.declared
    assert (conflict.origin, conflict.witness[0]) == ("datasets:/raw/1", "models:/top/1")
    family.set_licence("top", "CC-BY-NC-4.0")
    family.set_licence("top:1", None)
    assert family.licences("top:1").conflicts == []


def test_two_inherited_licences_may_exclude_one_another(family: Registry) -> None:
    family.set_licence("code:1", "GPL-3.0-only")
    (conflict,) = family.licences("top:1").conflicts
    assert told([conflict]) == [("share-alike", "GPL-3.0-only", "CC-BY-NC-4.0")]
    assert not conflict.declared
    assert (conflict.origin, conflict.other_origin) == ("models:/code/1", "datasets:/raw/1")
    assert conflict.other_witness[-1] == "datasets:/raw/1"


def test_an_agreement_stops_obligations_at_an_edge(family: Registry, place: Place) -> None:
    family.set_licence("top:1", "MIT")
    stopped = family.stop_obligations(
        "top:1", "base:1", obligations=["non-commercial"], evidence="contract no. 12"
    )
    assert stopped.evidence == "contract no. 12"
    found = family.licences("top:1")
    assert found.conflicts == []
    assert "attribution" in found.obligations
    assert "non-commercial" not in found.obligations
    (stop,) = found.stops
    assert (stop.effect, stop.cause) == ("models:/top/1", "models:/base/1")
    assert "non-commercial" in family.licences("base:1").obligations
    family.stop_obligations("runs:/t", "datasets:/raw/1", evidence="permission of 3 May")
    assert family.licences("base:1").obligations == []
    family.stop_obligations("runs:/t", "datasets:/raw/1", obligations=[])
    assert "non-commercial" in family.licences("base:1").obligations
    family.stop_obligations("top:1", "base:1", obligations=[])
    assert len(family.licences("top:1").conflicts) == 1
    place.demand_sound()


def test_what_is_unknown_is_never_permissive_and_can_be_defined(family: Registry) -> None:
    said = family.set_licence("base:1", "LicenseRef-acme")
    assert said.obligations == ["unknown"]
    assert "unknown" in family.licences("top:1").obligations
    family.define_licence("LicenseRef-acme", ["use-restrictions", "attribution"])
    found = family.licences("top:1").obligations
    assert found == ["attribution", "non-commercial", "use-restrictions", "none-given"]
    family.define_licence("LicenseRef-acme", [])
    assert "use-restrictions" not in family.licences("top:1").obligations


def test_wrong_licences_are_refused(family: Registry) -> None:
    for wrong in (
        lambda: family.set_licence("base:1", "MIT OR"),
        lambda: family.set_licence("base:1", "MIT WITH"),
        lambda: family.set_licence("base:1", "(MIT OR GPL-3.0-only"),
        lambda: family.set_licence("base:1", "MIT Apache-2.0"),
        lambda: family.define_licence("MIT OR LicenseRef-a", []),
        lambda: family.set_licence("base:1", ""),
        lambda: family.define_licence("LicenseRef-a", ["everything"]),
        lambda: family.define_licence("LicenseRef-a", ["none-given"]),
        lambda: family.stop_obligations("top:1", "base:1"),
    ):
        with pytest.raises(InvalidInputError):
            wrong()
    with pytest.raises(AlreadyExistsError):
        family.define_licence("mit", [])
    with pytest.raises(ModelNotFoundError):
        family.set_licence("nothing:1", "MIT")
    for wrong in (
        lambda: family.set_licence("runs:/t", "MIT"),
        lambda: family.licences("top"),
        lambda: family.stop_obligations("top:1", "datasets:/raw/1", evidence="x"),
    ):
        with pytest.raises(InvalidReferenceError):
            wrong()
    assert family.version("base:1").licence is None


def test_a_licensee_chooses_the_branch_that_contradicts_least(family: Registry) -> None:
    said = family.set_licence("base:1", "gpl-3.0-only or ( cc-by-nc-4.0 AND mit )")
    assert said.licence == "GPL-3.0-only OR CC-BY-NC-4.0 AND MIT"
    assert said.obligations == ["attribution", "share-alike"]
    family.set_licence("datasets:/raw", "CC0-1.0")
    family.set_licence("code:1", "MIT")
    family.set_licence("top:1", "AGPL-3.0-only")
    free = family.licences("top:1")
    assert free.conflicts == []
    assert {one.licence for one in free.terms} == {"AGPL-3.0-only", "GPL-3.0-only", "MIT"}
    (chosen,) = (one for one in free.terms if one.obligation == "share-alike" and one.distance)
    assert chosen.expression == said.licence
    assert chosen.witness == ["models:/top/1", "models:/base/1"]
    # Another licensee of the same thing takes the other branch.
    family.set_licence("top:1", "CC-BY-NC-4.0")
    bound = family.licences("top:1")
    assert bound.conflicts == []
    assert bound.obligations == ["attribution", "non-commercial"]
    assert family.impact("base:1").licence_conflicts == 0
    family.set_licence("top:1", "Apache-2.0")
    (conflict,) = family.licences("top:1").conflicts
    assert told([conflict]) == [("share-alike", "GPL-3.0-only", "Apache-2.0")]
    assert family.impact("base:1").conflicting == ["models:/top/1"]


def test_licences_joined_by_and_hold_together_and_those_offered_all_count(family: Registry) -> None:
    family.set_licence("datasets:/raw", "CC0-1.0")
    family.set_licence("code:1", "MIT AND LicenseRef-acme")
    assert family.licences("top:1").obligations == ["attribution", "unknown"]
    family.set_licence("code:1", "GPL-3.0-only")
    family.set_licence("top:1", "MIT AND GPL-3.0-only")
    assert family.licences("top:1").conflicts == []
    # Who is offered a choice may take MIT, which keeps nothing of it.
    family.set_licence("top:1", "MIT OR GPL-3.0-only")
    assert told(family.licences("top:1").conflicts) == [("share-alike", "GPL-3.0-only", "MIT")]
    # An exception permits more, and the table does not know what: it asks for the same.
    family.set_licence("code:1", "GPL-2.0-only WITH Classpath-exception-2.0")
    (found,) = {one.licence for one in family.licences("code:1").terms}
    assert found == "GPL-2.0-only WITH Classpath-exception-2.0"
    assert family.licences("code:1").obligations == ["attribution", "share-alike"]


def test_deleting_launders_no_licence(family: Registry) -> None:
    family.delete_version("base:1", force=True, reason="x")
    assert "non-commercial" in family.licences("top:1").obligations


def test_impact_names_what_contradicts_as_it_names_everything_else(family: Registry) -> None:
    family.set_licence("base:1", "MIT")
    family.set_licence("top:1", "MIT")
    both = ["models:/base/1", "models:/top/1"]
    assert family.impact("datasets:/raw/1").conflicting == both
    family.delete_version("base:1", force=True, reason="x")
    hit = family.impact("datasets:/raw/1")
    assert (hit.licence_conflicts, hit.conflicting) == (1, ["models:/top/1"])
    assert family.impact("datasets:/raw/1", deleted=True).conflicting == both
    none = family.impact("datasets:/raw/1", node_kinds=["deployment"])
    assert (none.licence_conflicts, none.conflicting) == (0, [])


def test_impact_names_what_contradicts_downstream(family: Registry) -> None:
    family.set_licence("top:1", "MIT")
    hit = family.impact("datasets:/raw/1")
    assert (hit.licence_conflicts, hit.conflicting) == (1, ["models:/top/1"])
    assert hit.licences_complete
    assert family.impact("code:1").licence_conflicts == 0
    family.set_licence("code:1", "GPL-3.0-only")
    assert family.impact("code:1").conflicting == ["models:/top/1"]


def test_the_audit_report_tells_the_terms(family: Registry) -> None:
    from lineage_registry.reports import audit_html

    family.set_licence("top:1", "MIT")
    report = family.audit_report("top:1")
    assert told(report.licences.conflicts) == [("non-commercial", "CC-BY-NC-4.0", "MIT")]
    assert "CC-BY-NC-4.0 asks for non-commercial" in audit_html(report)
    assert not [one for one in report.missing if one.item.startswith("licence of datasets:/raw")]
