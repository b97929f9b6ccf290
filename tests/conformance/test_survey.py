"""A survey is a census and a walk for each pick, however few walks an engine does it with."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.view import GraphView, Pick
from lineage_registry.testing.graph.random_graphs import RandomGraph, filters, starts, walks
from tests.conformance.graph_backends import opened

KINDS = st.none() | st.frozensets(st.sampled_from(NodeKind))
PICKS = st.lists(st.builds(Pick, KINDS, filters(often=True), st.integers(0, 60)), max_size=3)


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        pytest.param("reference", 40, id="reference"),
        pytest.param("sqlite-memory", 150, id="sqlite"),
        pytest.param("neo4j", 15, id="neo4j", marks=pytest.mark.neo4j),
    ],
)
def test_a_survey_is_what_a_census_and_walks_say(request, name, questions):
    with opened(name, request) as backend:
        graph = RandomGraph(backend.store, 5)
        graph.grow(60)

        @settings(
            max_examples=questions,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(starts(graph.ids), walks(graph.size), PICKS)
        def ask(begun, walk, picks):
            with backend.store.view() as view:
                found = view.survey(begun, walk, picks)
                plain = GraphView.survey(view, begun, walk, picks)
            assert found == plain
            for picked, pick in zip(found.picked, picks, strict=True):
                assert list(picked.distances.items()) == list(plain_order(picked.distances))
                assert len(picked.distances) <= pick.limit
                assert not set(picked.distances) & set(begun)

        ask()


def plain_order(distances):
    return sorted(distances.items(), key=lambda item: (item[1], item[0]))
