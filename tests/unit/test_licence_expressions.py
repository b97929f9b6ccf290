"""Licence expressions: one way of writing, the choices that truth tables say, the best of them."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.licence_choices import Offer, least, settle
from lineage_registry.domain.licence_conflicts import clashes
from lineage_registry.domain.licence_expressions import branches_of, parse_expression, written
from lineage_registry.domain.licence_table import KNOWN, join, may_become, may_meet
from lineage_registry.errors import InvalidInputError

IDS = ("MIT", "CC0-1.0", "GPL-3.0-only", "CC-BY-NC-4.0", "llama3.1", "LicenseRef-acme")
TREES = st.recursive(
    st.sampled_from(IDS),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner),
    max_leaves=5,
)


def text_of(tree, *, outer=True):
    if isinstance(tree, str):
        return tree
    left, word, right = tree
    said = f"{text_of(left, outer=False)} {word} {text_of(right, outer=False)}"
    return said if outer else f"({said})"


def holds(tree, true):
    if isinstance(tree, str):
        return tree in true
    left, word, right = tree
    sides = holds(left, true), holds(right, true)
    return all(sides) if word == "AND" else any(sides)


@given(TREES)
def test_the_branches_are_what_the_truth_table_says(tree):
    branches = branches_of(text_of(tree))
    for chosen in product([False, True], repeat=len(IDS)):
        true = {one for one, kept in zip(IDS, chosen, strict=True) if kept}
        assert holds(tree, true) == any(true.issuperset(branch) for branch in branches)


@given(TREES)
def test_there_is_one_way_of_writing_and_it_means_the_same(tree):
    text = text_of(tree)
    once = parse_expression(text)
    assert parse_expression(once) == once
    assert parse_expression(text.lower()).casefold() == once.casefold()
    assert branches_of(once) == branches_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mit", "MIT"),
        ("mit and apache-2.0 or gpl-3.0-only", "MIT AND Apache-2.0 OR GPL-3.0-only"),
        ("MIT AND (Apache-2.0 OR (ISC))", "MIT AND (Apache-2.0 OR ISC)"),
        ("(((MIT)))", "MIT"),
        ("gpl-2.0-only with Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("openrail++", "openrail++"),
    ],
)
def test_expressions_are_written_plainly(text, expected):
    assert parse_expression(text) == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", 1),
        ("MIT OR", 7),
        ("OR MIT", 1),
        ("MIT MIT", 5),
        ("(MIT", 5),
        ("MIT)", 4),
        ("MIT WITH (x)", 10),
        ("MIT OR AND ISC", 8),
        (" AND ".join(["(MIT OR ISC OR Zlib)"] * 1 + ["(0BSD OR X OR Y OR Z)"] * 3), None),
        ("(" * 300, None),
        ("M" * 2_000, None),
    ],
)
def test_what_is_no_expression_is_refused_with_the_place(text, place):
    with pytest.raises(InvalidInputError) as caught:
        parse_expression(text)
    if place is not None:
        assert f"at character {place}:" in caught.value.message


def test_an_exception_asks_for_what_its_licence_asks_for():
    one = "GPL-2.0-or-later WITH Classpath-exception-2.0"
    assert may_become(one, "GPL-3.0-only")
    assert may_meet(one, "GPL-3.0-only")
    assert branches_of(f"{one} OR MIT") == ((one,), ("MIT",))


def offers(expression):
    return [
        Offer(branch, {one: KNOWN[one] for one in branch if KNOWN.get(one)})
        for branch in branches_of(expression)
    ]


SIMPLE = st.lists(st.sampled_from(sorted(KNOWN)), min_size=1, max_size=3, unique=True)
EXPRESSIONS = SIMPLE.map(" OR ".join)


@given(EXPRESSIONS | st.none(), st.lists(EXPRESSIONS, max_size=3, unique=True))
def test_no_other_choice_contradicts_less_or_asks_for_less(own, inherited):
    mine = [] if own is None else offers(own)
    found = settle(mine, {one: offers(one) for one in inherited})
    taken = {}
    for one in inherited:
        taken |= {licence: KNOWN[licence] for licence in found.branches[one] if KNOWN[licence]}
    weight = len(found.clashes), len(join(taken.values()))
    for several in product(*(offers(one) for one in inherited)):
        terms = {name: held for offer in several for name, held in offer.terms.items()}
        against = {
            clash
            for offer in mine or [None]
            for clash in (
                clashes(None, frozenset(), terms)
                if offer is None
                else clashes(written(offer.branch), join(offer.terms.values()), terms)
            )
        }
        assert weight <= (len(against), len(join(terms.values())))
    if mine:
        assert len(join(least(mine).terms.values())) == min(
            len(join(offer.terms.values())) for offer in mine
        )
