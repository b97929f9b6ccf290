"""A file whose first bytes are known reads like any other."""

import io

from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.ports.byte_streams import HeadedFile

DATA = bytes(range(256)) * 4


@given(
    st.integers(0, len(DATA)),
    st.lists(st.tuples(st.integers(0, 1100), st.integers(-1, 1100)), max_size=8),
    st.integers(1, 300),
)
def test_every_part_is_what_it_is_in_the_whole(head, steps, buffer):
    opened = []

    def whole():
        opened.append(io.BufferedReader(io.BytesIO(DATA), 64))
        return opened[-1]

    plain = io.BytesIO(DATA)
    with io.BufferedReader(HeadedFile(DATA[:head], len(DATA), whole), buffer) as file:
        for offset, count in steps:
            assert file.seek(offset) == plain.seek(offset)
            assert file.read(count) == plain.read(count)
            assert file.tell() == plain.tell()
    assert len(opened) <= 1
    assert all(one.closed for one in opened)


def test_who_needs_only_the_head_opens_nothing():
    def whole():
        raise AssertionError

    with io.BufferedReader(HeadedFile(DATA[:100], len(DATA), whole), 64) as file:
        assert file.read(100) == DATA[:100]
