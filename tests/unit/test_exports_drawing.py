"""The layout: nothing overlaps, causes stand left, lines end at their nodes, big graphs in time."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_registry.exports.drawing import Link, Metrics, layout
from tests.processor import timed

M = Metrics()


def assert_sound(count, links):
    drawing = layout(count, links)
    assert len(drawing.places) == count
    assert_nothing_overlaps(drawing.places)
    for link, route in zip(links, drawing.routes, strict=True):
        begin, end = drawing.places[link.begin], drawing.places[link.end]
        assert route[0] == (begin.x + M.width, begin.y + M.height // 2)
        assert route[-1] == (end.x, end.y + M.height // 2)
        for x, y in route:
            assert 0 <= x <= drawing.width
            assert 0 <= y <= drawing.height
    return drawing


def assert_nothing_overlaps(places):
    rows = sorted(places, key=lambda place: (place.x, place.y))
    for one, other in pairwise(rows):
        assert other.x - one.x >= M.width or other.x > one.x or other.y - one.y >= M.height
    for one in rows if len(rows) < 200 else ():
        for other in rows:
            apart = abs(one.x - other.x) >= M.width or abs(one.y - other.y) >= M.height
            assert apart or one is other


edges = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(
            st.builds(
                lambda a, b, strong: Link(min(a, b), max(a, b), strong=strong),
                st.integers(0, n - 1),
                st.integers(0, n - 1),
                st.booleans(),
            ).filter(lambda link: link.begin != link.end),
            max_size=80,
            unique_by=lambda link: (link.begin, link.end),
        ),
    )
)


@given(edges)
@settings(max_examples=150, deadline=None)
def test_any_acyclic_graph_is_drawn_without_overlap_causes_left(graph):
    count, links = graph
    drawing = assert_sound(count, links)
    for link in links:
        begin, end = drawing.places[link.begin], drawing.places[link.end]
        assert begin.x < end.x or begin.y + M.height < end.y  # a band below, as in a text


@given(edges, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_graph_with_cycles_is_drawn_all_the_same(graph, dice):
    count, links = graph
    turned = [
        link._replace(begin=link.end, end=link.begin) if dice.random() < 0.5 else link
        for link in links
    ]
    assert_sound(count, turned)


def test_the_same_graph_is_drawn_the_same():
    dice = random.Random(5)
    links = [Link(dice.randrange(i), i) for i in range(1, 300)]
    assert layout(300, links) == layout(300, links)


def test_a_version_chain_is_straight_though_runs_stand_between():
    links = []
    for generation in range(0, 20, 2):
        version, run, after = generation, generation + 1, generation + 2
        links += [Link(version, run), Link(run, after), Link(version, after, strong=True)]
    drawing = assert_sound(21, links)
    versions = [drawing.places[version] for version in range(0, 21, 2)]
    for one, after in pairwise(versions):
        assert one.y == after.y or after.x < one.x  # or it begins the next band
    assert len({version.y for version in versions}) <= 4


@pytest.mark.parametrize("ranks", [14, 30, 100])
def test_a_flat_drawing_wraps_to_about_the_width_of_a_screen(ranks):
    drawing = assert_sound(ranks, [Link(i, i + 1) for i in range(ranks - 1)])
    assert drawing.width < 4_000
    assert drawing.width / drawing.height < 20


def test_lines_that_turn_into_the_next_band_have_a_place_of_their_own():
    links = [Link(i, i + 1, strong=True) for i in range(13)]
    links += [Link(i, i + 8) for i in range(6)]
    drawing = assert_sound(14, links)
    turning = [route for route in drawing.routes if any(a.x > b.x for a, b in pairwise(route))]
    levels = [y for route in turning for (x1, y), (x2, _) in pairwise(route) if x1 > x2]
    assert len(turning) > 1
    assert len(levels) == len(set(levels))


def test_lines_pass_no_node():
    dice = random.Random(7)
    links = list({(dice.randrange(i), i) for i in range(1, 60) for _ in range(2)})
    drawing = layout(60, [Link(*ends) for ends in sorted(links)])
    for route in drawing.routes:
        for (x1, y1), (x2, y2) in pairwise(route):
            if y1 != y2:
                continue
            for x, y in drawing.places:
                inside = y < y1 < y + M.height and x1 < x + M.width and x < x2
                assert not inside


@pytest.mark.parametrize(
    ("count", "links", "seconds"),
    [
        (2_000, [Link(i, i + 1, strong=True) for i in range(1_999)], 1),
        (10_000, [Link(i, i + 1, strong=True) for i in range(9_999)], 2),
        (1_001, [Link(0, i) for i in range(1, 1_001)], 1),
        (5_000, [Link(0, i) for i in range(1, 5_000)], 1),
        (5_000, [Link(i, 0) for i in range(1, 5_000)], 1),
        (5_000, [], 1),
    ],
    ids=["chain", "long-chain", "star", "big-star", "big-funnel", "loose"],
)
def test_large_simple_graphs_are_drawn_in_time_and_about_as_wide_as_a_screen(count, links, seconds):
    drawing, took = timed(lambda: layout(count, links))
    assert took < seconds
    assert 0.4 < drawing.width / drawing.height < 5


def test_one_hub_under_a_long_chain_does_not_explode():
    links = [Link(i, i + 1, strong=True) for i in range(4_999)]
    links += [Link(5_000, i) for i in range(5_000)]
    _, took = timed(lambda: layout(5_001, links))
    assert took < 2
