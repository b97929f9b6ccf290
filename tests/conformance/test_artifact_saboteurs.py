"""Stores that are broken on purpose: each rule of the suite is broken by at least one of them."""

import contextlib
import errno
import inspect
import io
import os

import pytest

from lineage_registry.artifacts.local import LocalArtifactStore
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.artifacts import Capability, Stored
from lineage_registry.testing.artifacts import MIB, ArtifactStoreContract
from tests.conformance.test_artifact_stores import RawFolder

RULES = {name for name in vars(ArtifactStoreContract) if name.startswith("test_")}


def cases(rule):
    """Give the arguments of each run of a rule, one list of them if it has a parameter."""
    for mark in getattr(rule, "pytestmark", []):
        if mark.name == "parametrize":
            name, values = mark.args
            return [{name: value} for value in values]
    return [{}]


def breaks(store_class, rule, values, folder):
    store = store_class(folder / "store")
    target = folder / "target"
    target.mkdir(parents=True)
    given = {"self": None, "store": store, "raw": RawFolder(store.root), "tmp_path": target}
    wanted = inspect.signature(rule).parameters
    arguments = {name: value for name, value in given.items() if name in wanted} | values
    with contextlib.suppress(Exception, pytest.fail.Exception):
        rule(**arguments)
        return False
    return True


class HashesLazily(LocalArtifactStore):
    """Shows the blob under the promised name while it is still coming."""

    def _put(self, source):
        digest = source.learn() or source.digest
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            while chunk := source.read():
                file.write(chunk)
        return False


class DoesNotVerify(LocalArtifactStore):
    """Gives whatever is stored."""

    def open(self, digest):
        return self.open_at(digest)


class ReadsAllAtOnce(LocalArtifactStore):
    """Holds the whole blob in memory."""

    def _put(self, source):
        whole = b"".join(iter(source.read, b""))
        return super()._put(_Again(source, whole))


class _Again:
    def __init__(self, source, whole):
        self.digest, self.size = source.digest, source.size
        self.read = io.BytesIO(whole).read


class LeavesItsRubbish(LocalArtifactStore):
    """Forgets to remove what was not finished."""

    def _put(self, source):
        (self.root / "tmp").mkdir(parents=True, exist_ok=True)
        (self.root / "tmp" / os.urandom(8).hex()).write_bytes(source.read(1))
        return super()._put(source)


class LeaksForeignErrors(LocalArtifactStore):
    """Lets the file system speak for itself."""

    def open(self, digest):
        return self._path(digest).open("rb")

    def open_at(self, digest, size=None):
        return self._path(digest).open("rb")

    def size(self, digest):
        return self._path(digest).stat().st_size

    def check(self):
        raise OSError(errno.EIO, "no disk")


class BelievesTheCaller(LocalArtifactStore):
    """Checks neither the announced digest nor the size."""

    def put(self, source, *, expected=None, size=None, progress=None):
        return super().put(source, progress=progress)


class LooksAtTheSizeLate(LocalArtifactStore):
    """Takes 48 MiB before it asks whether that was announced."""

    def put(self, source, *, progress=None, **promised):
        data = b""
        while len(data) < 48 * MIB and (more := source.read(MIB)):
            data += more
            progress(len(more))
        return super().put(io.BytesIO(data), **promised)


class WrapsTheCallersErrors(LocalArtifactStore):
    """Takes an exception of the source for its own."""

    def put(self, source, **promised):
        try:
            return super().put(source, **promised)
        except Exception as error:
            raise self._explain(error, "put") from error


class AlwaysStoresAgain(LocalArtifactStore):
    """Never notices what is there."""

    def _found(self, source):
        return None

    def _put(self, source):
        super()._put(source)
        return False


class NeverRepairs(LocalArtifactStore):
    """Takes any file under the name for the blob."""

    def _found(self, source):
        digest = source.expected
        if digest is None or self._size(digest) is None:
            return None
        return Stored(digest, self._size(digest), existed=True)

    def _put(self, source):
        while source.read():
            pass
        if self._size(source.digest) is not None:
            return True
        return super()._put(_Again(source, b""))


class KeepsWhatIsThere(LocalArtifactStore):
    """Looks at the size before it replaces."""

    def _replace(self, source):
        if self._found(source) is None:
            super()._replace(source)


class ForgetsPins(LocalArtifactStore):
    """Keeps no pin."""

    def _write_note(self, name, data):
        pass


class KeepsPinsForEver(LocalArtifactStore):
    """Gives up no pin."""

    def _remove_note(self, name):
        pass


class SweepsTooMuch(LocalArtifactStore):
    """Takes uploads under way and blobs for rubbish."""

    def _sweep(self, older_than):
        files = [path for path in self.root.rglob("*") if path.is_file()]
        for path in files:
            path.unlink()
        return len(files)


class TakesAnyPin(LocalArtifactStore):
    """Checks no id, so that a name can lead out of the folder."""

    def unpin(self, pin_id):
        try:
            super().unpin(pin_id)
        except InvalidInputError:
            return


class ListsEverything(LocalArtifactStore):
    """Takes every file for a blob, in any order."""

    def _iter_digests(self):
        for path in self.root.rglob("*"):
            if path.is_file():
                yield Digest(path.stem.ljust(64, "0")[:64])


class SaysYes(LocalArtifactStore):
    """Has everything, if you ask."""

    def _sizes(self, digests):
        return dict.fromkeys(digests, 0)

    def _size(self, digest):
        return super()._size(digest) or 0


class CopiesInPlace(LocalArtifactStore):
    """Overwrites the target while it reads, and says nothing."""

    def fetch(self, digest, target, *, progress=None):
        with self.open(digest) as stream, target.open("wb") as file:
            file.write(stream.read())


class PretendsToHavePaths(LocalArtifactStore):
    """Promises paths and has none."""

    capabilities = frozenset({Capability.LOCAL_PATHS})

    def local_path(self, digest):
        return None


class BelievesMany(LocalArtifactStore):
    """Writes many under the names that it is told, and trusts the caller for the bytes."""

    def _put_many(self, sources, progress):
        for source in sources:
            with source.open() as stream:
                data = stream.read()
            path = self._path(source.digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(data)
            progress(source, source.size)


class LosesOneOfMany(LocalArtifactStore):
    """Stops one too early."""

    def _put_many(self, sources, progress):
        super()._put_many(sources[:-1], progress)


class CannotSeek(LocalArtifactStore):
    """Reads on from where it stands, wherever it was told to go."""

    def open_at(self, digest, size=None):
        file = super().open_at(digest, size)
        file.seek = lambda offset, whence=0: offset  # type: ignore[method-assign]
        return file


class RewindsTheSource(LocalArtifactStore):
    """Reads the source from its start and closes it."""

    def put(self, source, **promised):
        if source.seekable():
            source.seek(0)
        with source:
            return super().put(source, **promised)


class CountsProgressTwice(LocalArtifactStore):
    """Reports each step twice."""

    def put(self, source, *, progress=None, **promised):
        return super().put(source, progress=progress and (lambda n: progress(2 * n)), **promised)


class LosesTheTail(LocalArtifactStore):
    """Stores the first part of what came."""

    def _put(self, source):
        existed = super()._put(source)
        path = self._path(source.digest)
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(whole[:1000])
        return existed


class SharesOnePartialFile(LocalArtifactStore):
    """Gives every upload the same name on the way."""

    def _put(self, source):
        self._tmp.mkdir(parents=True, exist_ok=True)
        partial = self._tmp / "partial"
        with partial.open("wb") as file:
            while chunk := source.read():
                file.write(chunk)
        path = self._path(source.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(path)
        return False


class RefusesEmptyBlobs(LocalArtifactStore):
    """Takes nothing for a failure."""

    def _size(self, digest):
        return super()._size(digest) or None


class ReadsText(LocalArtifactStore):
    """Encodes text instead of refusing it."""

    def put(self, source, **promised):
        if isinstance(source, io.StringIO):
            source = io.BytesIO(source.read().encode())
        return super().put(source, **promised)


class GivesTooMuch(LocalArtifactStore):
    """Reads a whole blob where its first bytes are wanted."""

    def _heads(self, digests, count):
        return {digest: self._path(digest).read_bytes() for digest in self._sizes(digests)}


class ForgetsSizes(LocalArtifactStore):
    """Lists blobs, and nothing about them."""

    def _iter_blobs(self):
        return (blob._replace(size=0) for blob in super()._iter_blobs())


class RemovesNothing(LocalArtifactStore):
    """Says that it removed something."""

    def _remove(self, digests):
        pass


class CollectsUnseen(LocalArtifactStore):
    """Looks neither at pins nor at what is needed."""

    def collect(self, unneeded, needed):
        self._remove(frozenset(unneeded))
        return frozenset(unneeded)


class WaitsForNobody(LocalArtifactStore):
    """Pins what is just being removed."""

    def _wait_for_collections(self, digests):
        pass


class RemovesBeforeItAsks(LocalArtifactStore):
    """Asks whether it was needed when it is gone."""

    def collect(self, unneeded, needed):
        self._remove(frozenset(unneeded))
        return super().collect(unneeded, needed)


SABOTEURS = {
    AlwaysStoresAgain: ["the_same_bytes_are_stored_once", "a_known_blob_is_not_sent_again"],
    BelievesTheCaller: [
        "bytes_of_another_digest_are_refused_and_not_stored",
        "another_number_of_bytes_is_refused_and_not_stored",
    ],
    BelievesMany: ["one_wrong_source_among_many_is_refused_and_not_stored"],
    CannotSeek: ["any_part_can_be_read_alone", "a_part_is_read_by_who_knows_the_size"],
    CollectsUnseen: ["a_collection_spares_what_is_pinned_and_what_is_needed"],
    CopiesInPlace: ["a_copy_replaces_its_target_only_when_it_is_right"],
    CountsProgressTwice: ["progress_adds_up_to_the_size"],
    DoesNotVerify: ["damaged_bytes_are_never_read_to_the_end"],
    ForgetsPins: ["a_pin_keeps_what_it_names_until_it_is_given_up"],
    ForgetsSizes: ["blobs_are_listed_with_their_sizes_and_times"],
    GivesTooMuch: ["the_first_bytes_of_many_are_read_at_once"],
    HashesLazily: ["nothing_is_visible_before_the_last_byte_has_come"],
    KeepsWhatIsThere: ["a_blob_is_replaced_by_right_bytes_only"],
    KeepsPinsForEver: [
        "a_pin_ends_with_its_block_even_if_that_fails",
        "a_pin_that_was_forgotten_expires_and_is_swept",
    ],
    LeaksForeignErrors: [
        "what_is_missing_is_said_by_its_digest",
        "a_store_that_can_be_used_says_so",
    ],
    LeavesItsRubbish: ["a_source_that_breaks_leaves_nothing_and_its_own_exception_comes_out"],
    ListsEverything: ["all_digests_are_walked_in_order_each_once"],
    LooksAtTheSizeLate: ["an_endless_source_is_stopped_at_the_announced_size"],
    LosesOneOfMany: ["many_are_stored_at_once_each_once"],
    LosesTheTail: ["what_was_put_is_what_is_read", "a_blob_of_many_parts_is_read_in_one_piece"],
    NeverRepairs: ["a_blob_of_the_wrong_size_is_repaired_by_putting_it_again"],
    PretendsToHavePaths: ["only_a_store_that_says_so_gives_paths_and_they_are_the_bytes"],
    ReadsAllAtOnce: ["memory_stays_flat_while_a_big_blob_comes_and_goes"],
    ReadsText: ["a_source_of_text_is_refused"],
    RefusesEmptyBlobs: ["an_empty_blob_is_a_blob"],
    RemovesBeforeItAsks: ["a_collection_that_fails_removes_nothing_and_lets_pins_go_on"],
    RemovesNothing: ["a_collection_removes_what_it_is_given_and_nothing_else"],
    RewindsTheSource: ["a_source_is_read_from_where_it_stands"],
    SaysYes: ["many_are_looked_up_at_once"],
    SharesOnePartialFile: ["many_threads_may_put_the_same_and_other_blobs"],
    SweepsTooMuch: ["sweeping_touches_no_blob_and_no_upload_under_way"],
    TakesAnyPin: ["only_the_id_of_a_pin_is_taken_for_one"],
    WaitsForNobody: ["a_pin_that_comes_during_a_collection_waits_for_its_end"],
    WrapsTheCallersErrors: ["a_source_that_breaks_leaves_nothing_and_its_own_exception_comes_out"],
}
PAIRS = [(store, f"test_{rule}") for store, rules in SABOTEURS.items() for rule in rules]


@pytest.mark.parametrize(("store_class", "name"), PAIRS)
def test_the_rule_catches_the_store_that_breaks_it(store_class, name, tmp_path):
    rule = getattr(ArtifactStoreContract, name)
    outcomes = [
        breaks(store_class, rule, values, tmp_path / str(number))
        for number, values in enumerate(cases(rule))
    ]
    assert any(outcomes)


def test_each_rule_has_a_store_that_breaks_it():
    assert {name for _, name in PAIRS} == RULES


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_sound_store_is_not_accused(name, tmp_path):
    rule = getattr(ArtifactStoreContract, name)
    assert not breaks(LocalArtifactStore, rule, cases(rule)[0], tmp_path)


def test_no_rule_can_be_overridden():
    with pytest.raises(TypeError, match="test_an_empty_blob_is_a_blob"):
        type("Bent", (ArtifactStoreContract,), {"test_an_empty_blob_is_a_blob": None})
