"""The rules that every artifact store keeps, for authors of stores.

Derive a test class, give it the two fixtures, and let pytest collect it:

```python
class TestMyStore(ArtifactStoreContract):
    @pytest.fixture
    def store(self): ...

    @pytest.fixture
    def raw(self, store): ...
```
"""

import hashlib
import io
import threading
import time
import tracemalloc
from abc import ABC, abstractmethod
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

import pytest

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    ArtifactNotFoundError,
    DigestMismatchError,
    InvalidInputError,
    UnsupportedCapabilityError,
)
from lineage_registry.ports.artifacts import ArtifactStore, Capability, Source

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MIB = 1024 * 1024
BIG = 128 * MIB
FLAT = 100 * MIB
_NOWHERE = Digest("0" * 64)
_ROUNDS = 8
_SKEW = timedelta(seconds=5)


class RawArtifacts(Protocol):
    """The back door: what is stored, seen and changed without the store under test."""

    def write(self, digest: Digest, data: bytes) -> None:
        """Replace the bytes stored under `digest`."""

    def remove(self, digest: Digest) -> None:
        """Remove the bytes stored under `digest`."""

    def names(self) -> set[str]:
        """List every file or object there is, unfinished ones and pins too."""


class SourceBrokeError(Exception):
    """The caller's own exception, which no store may know or change."""


class _Pattern(io.RawIOBase):
    """Bytes that differ from one MiB to the next, held nowhere; they can be read only once."""

    def __init__(self, size: int, fail_at: int | None) -> None:
        self._size = size
        self._fail_at = fail_at
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        if self._fail_at is not None and self._position >= self._fail_at:
            raise SourceBrokeError
        view = memoryview(buffer)
        number, offset = divmod(self._position, MIB)
        count = min(len(view), self._size - self._position, MIB - offset)
        block = number.to_bytes(8, "big") * (count // 8 + 2)
        view[:count] = block[offset % 8 : offset % 8 + count]
        self._position += count
        return count


def pattern(size: int, *, fail_at: int | None = None) -> BinaryIO:
    """Give `size` bytes that take no memory and can be read only once; raises at `fail_at`."""
    return cast("BinaryIO", _Pattern(size, fail_at))


class ArtifactStoreContract(ABC):
    """What every artifact store keeps. No rule can be overridden."""

    def __init_subclass__(cls) -> None:
        rules = {name for name in vars(ArtifactStoreContract) if name.startswith("test_")}
        if bent := sorted(rules & vars(cls).keys()):
            raise TypeError(f"{cls.__name__} overrides {bent}; fix the store instead")

    @abstractmethod
    def store(self) -> ArtifactStore:
        """Fixture: an empty store."""

    @abstractmethod
    def raw(self, store: ArtifactStore) -> RawArtifacts:
        """Fixture: the back door of `store`."""

    def test_what_was_put_is_what_is_read(self, store: ArtifactStore) -> None:
        data = bytes(range(256)) * 1000
        stored = store.put(io.BytesIO(data))
        assert stored == (Digest.of(data), len(data), False)
        assert _read(store, stored.digest) == data
        assert store.size(stored.digest) == len(data)
        store.verify(stored.digest)

    def test_an_empty_blob_is_a_blob(self, store: ArtifactStore) -> None:
        stored = store.put(io.BytesIO())
        assert stored == (Digest.of(b""), 0, False)
        assert _read(store, stored.digest) == b""
        assert store.contains([stored.digest]) == {stored.digest}

    def test_a_blob_of_many_parts_is_read_in_one_piece(self, store: ArtifactStore) -> None:
        data = pattern(40 * MIB + 17).read()
        stored = store.put(io.BytesIO(data), size=len(data))
        assert stored == (Digest.of(data), len(data), False)
        assert _read(store, stored.digest) == data

    def test_the_same_bytes_are_stored_once(self, store: ArtifactStore, raw: RawArtifacts) -> None:
        first = store.put(io.BytesIO(b"weights"))
        names = raw.names()
        assert store.put(io.BytesIO(b"weights")) == (first.digest, 7, True)
        assert store.put(io.BytesIO(b"weights"), expected=first.digest) == (first.digest, 7, True)
        assert raw.names() == names
        assert list(store.iter_digests()) == [first.digest]

    def test_a_source_is_read_from_where_it_stands(self, store: ArtifactStore) -> None:
        source = io.BytesIO(b"headerbody")
        source.seek(6)
        assert store.put(source).digest == Digest.of(b"body")
        assert not source.closed

    def test_a_known_blob_is_not_sent_again(self, store: ArtifactStore) -> None:
        digest = store.put(io.BytesIO(b"weights")).digest
        unread, steps = io.BytesIO(b"weights"), list[int]()
        assert store.put(unread, expected=digest, size=7, progress=steps.append).existed
        assert unread.tell() == 0
        assert steps == [7]

    @pytest.mark.parametrize("size", [10, 40 * MIB])
    def test_bytes_of_another_digest_are_refused_and_not_stored(
        self, store: ArtifactStore, raw: RawArtifacts, size: int
    ) -> None:
        store.put(io.BytesIO(b"something"))
        names = raw.names()
        with pytest.raises(DigestMismatchError):
            store.put(pattern(size), expected=Digest.of(b"promised"))
        assert raw.names() == names
        assert store.contains([Digest.of(b"promised")]) == frozenset()
        assert list(store.iter_digests()) == [Digest.of(b"something")]

    @pytest.mark.parametrize("announced", [0, 9, 11, 10**15])
    def test_another_number_of_bytes_is_refused_and_not_stored(
        self, store: ArtifactStore, raw: RawArtifacts, announced: int
    ) -> None:
        with pytest.raises(DigestMismatchError):
            store.put(io.BytesIO(b"0123456789"), size=announced)
        with pytest.raises(DigestMismatchError):
            store.put(pattern(10), expected=_digest(10), size=announced)
        assert raw.names() == set()

    def test_an_endless_source_is_stopped_at_the_announced_size(
        self, store: ArtifactStore, raw: RawArtifacts
    ) -> None:
        steps = list[int]()
        with pytest.raises(DigestMismatchError):
            store.put(pattern(10**15), size=3 * MIB, progress=steps.append)
        assert sum(steps) < 40 * MIB
        assert raw.names() == set()

    @pytest.mark.parametrize("fail_at", [0, 10, 40 * MIB])
    def test_a_source_that_breaks_leaves_nothing_and_its_own_exception_comes_out(
        self, store: ArtifactStore, raw: RawArtifacts, fail_at: int
    ) -> None:
        with pytest.raises(SourceBrokeError):
            store.put(pattern(50 * MIB, fail_at=fail_at), expected=_NOWHERE)
        with pytest.raises(SourceBrokeError):
            store.put(pattern(50 * MIB, fail_at=fail_at))
        assert raw.names() == set()

    def test_a_source_of_text_is_refused(self, store: ArtifactStore, raw: RawArtifacts) -> None:
        with pytest.raises(InvalidInputError, match="not bytes"):
            store.put(io.StringIO("text"))  # type: ignore[arg-type]
        assert raw.names() == set()

    @pytest.mark.parametrize("size", [100, 40 * MIB])
    def test_nothing_is_visible_before_the_last_byte_has_come(
        self, store: ArtifactStore, size: int
    ) -> None:
        digest = _digest(size)
        seen = list[object]()

        def look(_: int) -> None:
            seen.extend([*store.contains([digest]), *store.iter_digests()])

        store.put(pattern(size), expected=digest, size=size, progress=look)
        assert seen == []
        assert store.contains([digest]) == {digest}

    def test_progress_adds_up_to_the_size(self, store: ArtifactStore, tmp_path: Path) -> None:
        up, down = list[int](), list[int]()
        stored = store.put(pattern(3 * MIB), progress=up.append)
        store.fetch(stored.digest, tmp_path / "copy", progress=down.append)
        assert sum(up) == sum(down) == 3 * MIB

    @pytest.mark.parametrize("damage", ["flipped", "cut", "longer", "emptied", "last byte"])
    def test_damaged_bytes_are_never_read_to_the_end(
        self, store: ArtifactStore, raw: RawArtifacts, damage: str
    ) -> None:
        data = pattern(3 * MIB).read()
        digest = store.put(io.BytesIO(data)).digest
        wrong = _damaged(data, damage)
        raw.write(digest, wrong)
        with store.open(digest) as stream, pytest.raises(DigestMismatchError) as caught:
            stream.read()
        assert caught.value.context["digest"] == str(digest)
        if wrong:
            with store.open(digest) as stream, pytest.raises(DigestMismatchError):
                stream.read(len(wrong))
        with pytest.raises(DigestMismatchError):
            store.verify(digest)

    @pytest.mark.parametrize("wrong", [b"weigh", b"weights and more", b""])
    def test_a_blob_of_the_wrong_size_is_repaired_by_putting_it_again(
        self, store: ArtifactStore, raw: RawArtifacts, wrong: bytes
    ) -> None:
        digest = store.put(io.BytesIO(b"weights")).digest
        raw.write(digest, wrong)
        assert not store.put(io.BytesIO(b"weights")).existed
        store.verify(digest)
        raw.write(digest, wrong)
        assert not store.put(io.BytesIO(b"weights"), expected=digest, size=7).existed
        store.verify(digest)

    @pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "none"])
    def test_a_blob_is_replaced_by_right_bytes_only(
        self, store: ArtifactStore, raw: RawArtifacts, damage: str
    ) -> None:
        for size in (3, 17 * MIB):
            data = pattern(size).read()
            digest = store.put(io.BytesIO(data)).digest
            if damage == "gone":
                raw.remove(digest)
            elif damage != "none":
                raw.write(digest, _damaged(data, damage))
            before = store.sizes([digest]), raw.names()
            for wrong in (_damaged(data, "flipped"), b"more" + data):
                with pytest.raises(DigestMismatchError):
                    store.replace(io.BytesIO(wrong), digest, size=size)
            with pytest.raises(SourceBrokeError):
                store.replace(pattern(size, fail_at=0), digest, size=size)
            assert (store.sizes([digest]), raw.names()) == before
            steps = list[int]()
            store.replace(io.BytesIO(data), digest, size=size, progress=steps.append)
            store.verify(digest)
            assert sum(steps) == size

    def test_what_is_missing_is_said_by_its_digest(
        self, store: ArtifactStore, raw: RawArtifacts, tmp_path: Path
    ) -> None:
        gone = store.put(io.BytesIO(b"weights")).digest
        raw.remove(gone)
        questions = [store.open, store.open_at, store.size, store.verify]
        questions.append(lambda digest: store.fetch(digest, tmp_path / "copy"))
        if Capability.LOCAL_PATHS in store.capabilities:
            questions.append(store.local_path)
        for digest in (gone, _NOWHERE):
            for question in questions:
                with pytest.raises(ArtifactNotFoundError, match=digest.hex):
                    question(digest)
        assert store.contains([gone, _NOWHERE]) == frozenset()
        assert list(tmp_path.iterdir()) == []

    def test_many_are_looked_up_at_once(self, store: ArtifactStore) -> None:
        there = {store.put(io.BytesIO(bytes([n]))).digest for n in range(20)}
        missing = {Digest.of(bytes([n])) for n in range(20, 40)}
        assert store.contains(there | missing) == there
        assert store.contains(iter(there)) == there
        assert store.contains([]) == frozenset()
        assert store.sizes(there | missing) == dict.fromkeys(there, 1)

    def test_the_first_bytes_of_many_are_read_at_once(self, store: ArtifactStore) -> None:
        blobs = [
            b"",
            b"short",
            b"just as!",
            b"longer than that",
            *(b"blob %d" % n for n in range(40)),
        ]
        there = {store.put(io.BytesIO(data)).digest: data[:8] for data in blobs}
        assert store.heads([*there, *there, _NOWHERE], 8) == there
        assert store.heads([_NOWHERE], 8) == {}
        assert store.heads([], 8) == {}
        assert set(store.heads(iter(there), 1).values()) == {data[:1] for data in blobs}

    def test_many_are_stored_at_once_each_once(
        self, store: ArtifactStore, raw: RawArtifacts
    ) -> None:
        known, damaged = (store.put(io.BytesIO(data)).digest for data in (b"known", b"damaged"))
        raw.write(damaged, b"dam")
        texts = [b"known", b"damaged", b"", b"twice", *(b"%d" % n for n in range(60)), b"twice"]
        steps: dict[str, int] = {}

        def step(source: Source, count: int) -> None:
            steps[source.digest.hex] = steps.get(source.digest.hex, 0) + count

        store.put_many([_source(text) for text in texts], progress=step)
        assert list(store.iter_digests()) == sorted({Digest.of(text) for text in texts})
        for digest in store.iter_digests():
            store.verify(digest)
        twice = {Digest.of(b"twice").hex: 10, Digest.of(b"").hex: 0}
        wanted = {Digest.of(text).hex: len(text) for text in texts} | twice
        assert {name: steps.get(name, 0) for name in wanted} == wanted
        names = raw.names()
        store.put_many([])
        store.put_many([_source(b"known")])
        assert raw.names() == names
        store.verify(known)

    @pytest.mark.parametrize("broken", ["digest", "size", "source", "opening"])
    def test_one_wrong_source_among_many_is_refused_and_not_stored(
        self, store: ArtifactStore, raw: RawArtifacts, broken: str
    ) -> None:
        def refuse() -> BinaryIO:
            raise SourceBrokeError

        wrong, error = {
            "digest": (Source(_NOWHERE, 4, lambda: io.BytesIO(b"1234")), DigestMismatchError),
            "size": (Source(_digest(9), 8, lambda: pattern(9)), DigestMismatchError),
            "source": (Source(_digest(9), 9, lambda: pattern(9, fail_at=0)), SourceBrokeError),
            "opening": (Source(_NOWHERE, 1, refuse), SourceBrokeError),
        }[broken]
        with pytest.raises(error):
            store.put_many([*(_source(b"%d" % n) for n in range(9)), wrong])
        assert store.contains([wrong.digest]) == frozenset()
        there = list(store.iter_digests())
        assert sum(any(each.hex in name for each in there) for name in raw.names()) == len(
            raw.names()
        )
        for digest in there:
            store.verify(digest)

    def test_all_digests_are_walked_in_order_each_once(self, store: ArtifactStore) -> None:
        assert list(store.iter_digests()) == []
        there = {store.put(io.BytesIO(bytes([n]))).digest for n in range(40)}
        store.pin([_NOWHERE])
        assert list(store.iter_digests()) == sorted(there)

    def test_any_part_can_be_read_alone(self, store: ArtifactStore) -> None:
        data = pattern(3 * MIB).read()
        with store.open_at(store.put(io.BytesIO(data)).digest) as file:
            assert file.read(8) == data[:8]
            assert file.seek(2 * MIB + 5) == 2 * MIB + 5
            assert file.read(100_000) == data[2 * MIB + 5 : 2 * MIB + 100_005]
            assert file.seek(-3, io.SEEK_END) == len(data) - 3
            assert file.read() == data[-3:]
            assert file.read() == b""
            assert file.seek(10) == 10
            assert file.read(1) == data[10:11]
            assert file.seek(len(data) + 10) == len(data) + 10
            assert file.read(5) == b""

    def test_a_part_is_read_by_who_knows_the_size(self, store: ArtifactStore) -> None:
        data = pattern(MIB).read()
        with store.open_at(store.put(io.BytesIO(data)).digest, len(data)) as file:
            assert file.seek(-3, io.SEEK_END) == len(data) - 3
            assert file.read() == data[-3:]
        with pytest.raises(ArtifactNotFoundError), store.open_at(_NOWHERE, 10) as file:
            file.read(1)

    def test_a_copy_replaces_its_target_only_when_it_is_right(
        self, store: ArtifactStore, raw: RawArtifacts, tmp_path: Path
    ) -> None:
        target = tmp_path / "model.bin"
        target.write_bytes(b"old")
        digest = store.put(io.BytesIO(b"weights")).digest
        raw.write(digest, b"Weights")
        with pytest.raises(DigestMismatchError):
            store.fetch(digest, target)
        assert target.read_bytes() == b"old"
        raw.write(digest, b"weights")
        store.fetch(digest, target)
        assert target.read_bytes() == b"weights"
        assert list(tmp_path.iterdir()) == [target]

    def test_only_a_store_that_says_so_gives_paths_and_they_are_the_bytes(
        self, store: ArtifactStore
    ) -> None:
        path = store.local_path(store.put(io.BytesIO(b"weights")).digest)
        assert (path is not None) == (Capability.LOCAL_PATHS in store.capabilities)
        assert path is None or path.read_bytes() == b"weights"

    def test_a_pin_keeps_what_it_names_until_it_is_given_up(
        self, store: ArtifactStore, raw: RawArtifacts
    ) -> None:
        first, second, third = (Digest.of(bytes([n])) for n in range(3))
        one = store.pin([first, second])
        other = store.pin([second])
        assert store.pinned_digests() == {first, second}
        store.add_to_pin(other, [third])
        assert store.pinned_digests() == {first, second, third}
        store.unpin(one)
        assert store.pinned_digests() == {second, third}
        store.unpin(other)
        store.unpin(other)
        assert store.pinned_digests() == frozenset()
        assert raw.names() == set()

    def test_a_pin_ends_with_its_block_even_if_that_fails(self, store: ArtifactStore) -> None:
        with pytest.raises(SourceBrokeError), store.pinned([_NOWHERE]) as pin:  # noqa: PT012
            pin.add([Digest.of(b"more")])
            assert store.pinned_digests() == {_NOWHERE, Digest.of(b"more")}
            raise SourceBrokeError
        assert store.pinned_digests() == frozenset()

    def test_a_pin_that_was_forgotten_expires_and_is_swept(
        self, store: ArtifactStore, raw: RawArtifacts
    ) -> None:
        store.pin([_NOWHERE], ttl=timedelta(milliseconds=1))
        kept = store.pin([Digest.of(b"kept")])
        time.sleep(0.01)
        assert store.pinned_digests() == {Digest.of(b"kept")}
        assert store.sweep() == 1
        assert len(raw.names()) == 1
        store.unpin(kept)

    @pytest.mark.parametrize("pin_id", ["", "*", "../blobs", "a" * 31, "A" * 32])
    def test_only_the_id_of_a_pin_is_taken_for_one(self, store: ArtifactStore, pin_id: str) -> None:
        with pytest.raises(InvalidInputError):
            store.unpin(pin_id)
        with pytest.raises(InvalidInputError):
            store.add_to_pin(pin_id, [_NOWHERE])

    def test_sweeping_touches_no_blob_and_no_upload_under_way(self, store: ArtifactStore) -> None:
        digest = store.put(io.BytesIO(b"weights")).digest
        swept = list[int]()
        stored = store.put(pattern(20 * MIB), progress=lambda _: swept.append(store.sweep()))
        store.sweep(older_than=timedelta(0))
        assert set(swept) == {0}
        store.verify(digest)
        store.verify(stored.digest)

    def test_blobs_are_listed_with_their_sizes_and_times(self, store: ArtifactStore) -> None:
        if _does_not_collect(store):
            return
        before = datetime.now(UTC) - _SKEW
        blobs = {store.put(io.BytesIO(bytes(n))).digest: n for n in range(5)}
        found = list(store.iter_blobs())
        assert [(one.digest, one.size) for one in found] == sorted(blobs.items())
        assert all(before < one.stored_at < datetime.now(UTC) + _SKEW for one in found)

    def test_a_collection_removes_what_it_is_given_and_nothing_else(
        self, store: ArtifactStore, raw: RawArtifacts
    ) -> None:
        if _does_not_collect(store):
            return
        kept = store.put(io.BytesIO(b"kept")).digest
        names = raw.names()
        gone = {store.put(io.BytesIO(bytes([n]))).digest for n in range(5)}
        assert store.collect([*gone, _NOWHERE], lambda _: frozenset()) == gone | {_NOWHERE}
        assert list(store.iter_digests()) == [kept]
        assert raw.names() == names
        assert store.put(io.BytesIO(b"\0")).existed is False

    def test_a_collection_spares_what_is_pinned_and_what_is_needed(
        self, store: ArtifactStore
    ) -> None:
        if _does_not_collect(store):
            return
        pinned, needed, gone = (store.put(io.BytesIO(bytes([n]))).digest for n in range(3))
        asked = list[frozenset[Digest]]()

        def which(digests: frozenset[Digest]) -> frozenset[Digest]:
            asked.append(digests)
            return frozenset({needed})

        with store.pinned([pinned]):
            assert store.collect([pinned, needed, gone], which) == {gone}
        assert asked == [{needed, gone}]
        assert list(store.iter_digests()) == sorted([pinned, needed])

    def test_a_pin_that_comes_during_a_collection_waits_for_its_end(
        self, store: ArtifactStore
    ) -> None:
        if _does_not_collect(store):
            return
        digest = store.put(io.BytesIO(b"weights")).digest
        other = store.put(io.BytesIO(b"others")).digest
        with ThreadPoolExecutor(1) as pool:

            def asked(_: frozenset[Digest]) -> frozenset[Digest]:
                store.unpin(store.pin([other]))  # what is not about to go does not wait
                waiting.append(pool.submit(store.pin, [digest]))
                time.sleep(0.3)
                assert not waiting[0].done()
                return frozenset()

            waiting = list[Future[str]]()
            assert store.collect([digest], asked) == {digest}
            pin = waiting[0].result(timeout=20)
        assert store.contains([digest]) == frozenset()
        assert store.put(io.BytesIO(b"weights")).existed is False
        assert store.collect([digest], lambda _: frozenset()) == frozenset()
        store.unpin(pin)

    def test_a_collection_that_fails_removes_nothing_and_lets_pins_go_on(
        self, store: ArtifactStore, raw: RawArtifacts
    ) -> None:
        if _does_not_collect(store):
            return
        digest = store.put(io.BytesIO(b"weights")).digest
        names = raw.names()

        def broken(_: frozenset[Digest]) -> frozenset[Digest]:
            raise SourceBrokeError

        with pytest.raises(SourceBrokeError):
            store.collect([digest], broken)
        assert raw.names() == names
        store.unpin(store.pin([digest]))

    def test_many_threads_may_put_the_same_and_other_blobs(
        self, store: ArtifactStore, raw: RawArtifacts
    ) -> None:
        start = threading.Barrier(_ROUNDS)
        store.put(io.BytesIO(b"the first"))
        names_of_one = len(raw.names())

        def work(number: int) -> None:
            start.wait()
            for blob in range(6):
                store.put(io.BytesIO(b"shared %d" % blob))
                store.put(io.BytesIO(b"own %d %d" % (number, blob)))
                assert _read(store, Digest.of(b"shared %d" % blob)) == b"shared %d" % blob

        with ThreadPoolExecutor(_ROUNDS) as pool:
            list(pool.map(work, range(_ROUNDS)))
        count = 1 + 6 + 6 * _ROUNDS
        assert len(list(store.iter_digests())) == count
        assert len(raw.names()) == count * names_of_one
        for digest in store.iter_digests():
            store.verify(digest)

    def test_memory_stays_flat_while_a_big_blob_comes_and_goes(self, store: ArtifactStore) -> None:
        digest = _digest(BIG)
        tracemalloc.start()
        try:
            store.put(pattern(BIG), expected=digest)
            store.verify(digest)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < FLAT

    def test_a_store_that_can_be_used_says_so(self, store: ArtifactStore) -> None:
        store.check()


def _does_not_collect(store: ArtifactStore) -> bool:
    """Tell whether a store leaves collecting to others; then it says so."""
    if Capability.COLLECTION in store.capabilities:
        return False
    for question in (
        lambda: list(store.iter_blobs()),
        lambda: store.collect([_NOWHERE], lambda _: frozenset()),
    ):
        with pytest.raises(UnsupportedCapabilityError):
            question()
    return True


def _read(store: ArtifactStore, digest: Digest) -> bytes:
    with store.open(digest) as stream:
        return stream.read()


def _source(data: bytes) -> Source:
    return Source(Digest.of(data), len(data), lambda: io.BytesIO(data))


def _digest(size: int) -> Digest:
    hashed, source = hashlib.sha256(), pattern(size)
    while data := source.read(MIB):
        hashed.update(data)
    return Digest(hashed.hexdigest())


def _damaged(data: bytes, damage: str) -> bytes:
    middle = len(data) // 2
    return {
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "cut": data[:-1],
        "longer": data + b"!",
        "emptied": b"",
        "last byte": data[:-1] + bytes([data[-1] ^ 1]),
    }[damage]
