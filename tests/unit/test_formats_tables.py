"""The tables that TensorFlow keeps its variables in, and their checksum."""

import contextlib
import io
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_registry.errors import FormatError
from lineage_registry.formats.tensorflow.crc32c import crc32c, masked
from lineage_registry.formats.tensorflow.sstable import read_table
from lineage_registry.formats.tensorflow.variables import read_variables
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus import tensor_bundles
from tests.corpus.tensor_bundles import INDEX, closed, handle, of_blocks, table

SECONDS = 5.0
KEYS = st.binary(max_size=12) | st.text("ab/", max_size=30).map(str.encode)


def rows_of(data: bytes) -> list[tuple[bytes, bytes]]:
    return list(read_table(io.BytesIO(data), len(data)))


def test_the_checksum_is_that_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert masked(crc32c(b"foo")) != crc32c(b"foo")


@given(data=st.binary(max_size=200))
def test_the_checksum_is_that_of_bits(data):
    assert crc32c(data) == tensor_bundles.crc32c(data)
    assert masked(crc32c(data)).to_bytes(4, "little") == tensor_bundles.masked(crc32c(data))


@given(rows=st.dictionaries(KEYS, st.binary(max_size=40), max_size=60), per_block=st.integers(1, 9))
@settings(deadline=None)
def test_rows_are_read_as_they_were_written(rows, per_block):
    written = sorted(rows.items()) or [(b"", b"")]
    assert rows_of(table(written, per_block)) == written


@given(block=st.binary(max_size=300), places=st.lists(st.binary(max_size=12), max_size=4))
@settings(deadline=None)
def test_any_block_with_a_good_checksum_is_read_or_refused(block, places):
    handles = [(b"a%d" % number, place) for number, place in enumerate(places)]
    for given_handles in (handles, [(b"z", handle(0, len(block)))]):
        data = of_blocks(closed(block), given_handles)
        with contextlib.suppress(FormatError):
            rows_of(data)
        with contextlib.suppress(FormatError):
            read_variables(MemoryFiles({INDEX: data}))


def test_twenty_thousand_variables_are_counted_in_bounded_time():
    names = (f"model/layer_{number:06}/attention/kernel" for number in range(20_000))
    files = tensor_bundles.bundle(*(tensor_bundles.Variable(name, (2,)) for name in names))
    started = time.process_time()
    assert read_variables(MemoryFiles(files)).census.parameters == 40_000
    assert time.process_time() - started < SECONDS
