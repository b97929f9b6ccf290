"""What a metric comes to, however its points are split over requests."""

from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain import runs
from lineage_registry.domain.names import parse_measure
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.resolution import resolve
from lineage_registry.domain.view import GraphView
from lineage_registry.graph.sqlite.store import SqliteGraphStore
from lineage_registry.ports.graph import Request

ADA = Request("ada")
BATCHES = st.lists(st.lists(st.floats(), min_size=1, max_size=4), min_size=1, max_size=4)


@given(BATCHES)
def test_a_summary_is_the_same_however_the_points_came(batches: list[list[float]]) -> None:
    store = SqliteGraphStore.in_memory()
    store.transact(
        lambda view: runs.start(view, "r", facts={}, params={}, tags={}, inputs=(), parent=None),
        ADA,
    )

    def node(view: GraphView) -> int:
        return resolve(view, Reference(Space.RUNS, "r")).node

    for batch in batches:
        points = [runs.MetricPoint("m", parse_measure(value), 0, 0) for value in batch]
        store.transact(lambda view, p=points: runs.log_metrics(view, node(view), p), ADA)
    values = [value for batch in batches for value in batch]
    finite = [value for value in values if abs(value) < float("inf")]
    with store.view() as view:
        run = node(view)
        held = view.nodes([run])[run].values
    assert held["metric/m"] == parse_measure(values[-1])
    assert held["metric.count/m"] == len(values)
    assert held.get("metric.min/m") == min(finite, default=None)
    assert held.get("metric.max/m") == max(finite, default=None)
    store.close()
