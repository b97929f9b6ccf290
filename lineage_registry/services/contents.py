"""What is inside a version: its files in the artifact store, and what a format handler reads."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, Final, NamedTuple

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.domain.graph import Scalar
from lineage_registry.errors import ArtifactNotFoundError, ManifestIncompleteError
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.byte_streams import READ_AHEAD, HeadedFile
from lineage_registry.ports.commands import File, RegisterVersion
from lineage_registry.ports.filesets import remembering
from lineage_registry.ports.formats import ensure_storable
from lineage_registry.services.content_facts import facts_of
from lineage_registry.services.content_weights import weights_of
from lineage_registry.services.workplace import Workplace

# A version with more files is found by reading its manifest: an index of all outgrows the graph.
_MAX_LISTED = 32
REPAIR_HINT: Final = (
    "give a copy of the right files: verify(repair=PATH), lreg verify --repair PATH, or over HTTP "
    "PUT /api/v1/blobs/DIGEST?replace=true"
)


class Content(NamedTuple):
    """What a version holds: the digest of its file list, and facts about it.

    Attributes:
        files: Digests of its files, each once; none if there are many.
        reasons: Why the verdict on them is what it is.
        weights: Digest of its tensors, if one is known.
    """

    manifest: str | None
    facts: dict[str, Scalar]
    files: Sequence[str] = ()
    reasons: Sequence[str] = ()
    weights: str | None = None


class StoredFiles:
    """The files of a manifest, read by ranges where they are stored."""

    def __init__(self, artifacts: ArtifactStore, manifest: Manifest) -> None:
        self._artifacts = artifacts
        self._entries = {entry.path: entry for entry in manifest.files}
        self._heads: dict[Digest, bytes] = {}

    def paths(self) -> list[str]:
        """Return the names of all files, sorted."""
        return list(self._entries)

    def size(self, path: str) -> int:
        """Return the size of one file in bytes."""
        return self._entry(path).size

    def open(self, path: str) -> BinaryIO:
        """Return one file, seekable."""
        entry = self._entry(path)
        whole = partial(self._artifacts.open_at, entry.digest, entry.size)
        head = self._heads.get(entry.digest)
        if head is None:
            return whole()
        return io.BufferedReader(HeadedFile(head, entry.size, whole), READ_AHEAD)

    def heads(self, paths: Sequence[str], count: int) -> dict[str, bytes]:
        """Return the first bytes of many files, asked for at once; they are not fetched again."""
        digests = {path: self._entry(path).digest for path in paths}
        self._heads |= self._artifacts.heads(digests.values(), count)
        there = ((path, self._heads.get(digest)) for path, digest in digests.items())
        return {path: head for path, head in there if head is not None}

    def identity(self, path: str) -> object:
        """Return the digest of one file."""
        return self._entry(path).digest

    def _entry(self, path: str) -> FileEntry:
        if path not in self._entries:
            raise ArtifactNotFoundError(f"the version has no file {path!r}", path=path)
        return self._entries[path]


@contextmanager
def kept(work: Workplace, command: RegisterVersion) -> Iterator[None]:
    """Keep the files of a version, and their list, from being collected while inside."""
    if not command.files:
        yield
        return
    manifest = manifest_of(command.files)
    with work.artifacts.pinned({manifest.digest, *(entry.digest for entry in manifest.files)}):
        yield


def examine(work: Workplace, command: RegisterVersion) -> Content:
    """Check that the files are there, look into them, and store their list.

    Raises:
        ManifestIncompleteError: Bytes of a file are missing, or of another size than announced.
        UnsafeArtifactError: The files are refused.
        FormatError: They are not of the format that is announced.
    """
    if not command.files:
        return Content(None, {} if command.format is None else {"format": command.format})
    manifest = manifest_of(command.files)
    demand_bytes(work.artifacts, manifest)
    files = remembering(StoredFiles(work.artifacts, manifest))
    inspection = work.formats.inspect(files, command.format)
    ensure_storable(inspection)
    with io.BytesIO(manifest.encode()) as data:
        work.artifacts.put(data)
    digests = sorted({entry.digest.hex for entry in manifest.files})
    listed = digests if len(digests) <= _MAX_LISTED else []
    facts = facts_of(inspection, manifest)
    weights = weights_of(work, command, files, inspection, facts)
    return Content(str(manifest.digest), facts, listed, inspection.reasons, weights)


def read_manifest(work: Workplace, digest: str) -> Manifest:
    """Return the file list of a version, checked.

    Raises:
        ArtifactNotFoundError: The list is gone from the store.
        IntegrityError: What is stored is not the list.
    """
    with work.artifacts.open(Digest.parse(digest)) as stream:
        return Manifest.decode(stream.read())


def manifest_of(files: Sequence[File]) -> Manifest:
    """Collect the files that a command announces.

    Raises:
        InvalidInputError: A path or digest cannot be one, or a path occurs twice.
    """
    return Manifest.of(FileEntry(file.path, Digest.parse(file.digest), file.size) for file in files)


def demand_bytes(artifacts: ArtifactStore, manifest: Manifest) -> None:
    """Check that the bytes of all files are in the store; one question however many they are.

    Raises:
        ManifestIncompleteError: Bytes of a file are missing, or of another size than announced.
    """
    sizes = artifacts.sizes({entry.digest for entry in manifest.files})
    missing = [entry for entry in manifest.files if entry.digest not in sizes]
    if missing:
        raise ManifestIncompleteError(
            f"the bytes of {missing[0].path!r} are not in the store",
            hint="upload the files first, then register",
            missing=[entry.path for entry in missing[:100]],
        )
    for entry in manifest.files:
        size = sizes[entry.digest]
        if size != entry.size:
            raise ManifestIncompleteError(
                f"{entry.path!r} has {size} bytes in the store, not {entry.size}",
                path=entry.path,
            )
