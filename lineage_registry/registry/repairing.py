"""Damaged blobs: the right bytes are put where wrong ones are, or none."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from io import BytesIO
from typing import NamedTuple

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.artifacts import ArtifactStore, Source
from lineage_registry.ports.commands import VersionCheck
from lineage_registry.ports.formats import LocalFiles
from lineage_registry.registry.transfers import Progress, sources_of, step_of


class _Known(NamedTuple):
    name: str
    source: Source


class Repair:
    """Repairs versions from files, which are known by their bytes, whatever their names are.

    The list of a version's files is repaired if they are all there, under their names. Nothing is
    read while nothing is damaged.

    Args:
        artifacts: Where the blobs are.
        local: The files, copies of which are right.
        again: Checks a version anew.
        progress: Told of every file that is put back.
    """

    def __init__(
        self,
        artifacts: ArtifactStore,
        local: LocalFiles,
        again: Callable[[VersionCheck], VersionCheck],
        progress: Progress | None,
    ) -> None:
        self._artifacts = artifacts
        self._local = local
        self._again = again
        self._progress = progress
        self._done: set[Digest] = set()

    def version(self, check: VersionCheck) -> VersionCheck:
        """Put right what is wrong with a version, as far as the files go; return the new check.

        Raises:
            DigestMismatchError: A file changed since it was hashed.
            BackendError: The artifact store failed.
        """
        tried = set[Digest]()
        # Again and again: a check names some files only, and none before their list is right.
        while wrong := self._known_of(check) - tried:
            tried |= wrong
            for digest in wrong - self._done:
                self._put(digest)
            check = self._again(check)
        return check

    def _known_of(self, check: VersionCheck) -> set[Digest]:
        wrong = {Digest.parse(problem.digest) for problem in check.problems}
        return wrong & self._known.keys() if wrong else set()

    def _put(self, digest: Digest) -> None:
        name, source = self._known[digest]
        step = step_of(self._progress, name, source.size)
        with source.open() as stream:
            self._artifacts.replace(stream, digest, size=source.size, progress=step)
        self._done.add(digest)

    @cached_property
    def _known(self) -> dict[Digest, _Known]:
        places = {name: self._local.place(name) for name in self._local.paths()}
        sources = sources_of(places)
        entries = (FileEntry(name, one.digest, one.size) for name, one in sources.items())
        known = {one.digest: _Known(name, one) for name, one in sources.items()}
        with suppress(InvalidInputError):  # files whose names no version could have
            text = Manifest.of(entries).encode()
            listed = Source(Digest.of(text), len(text), lambda: BytesIO(text))
            known.setdefault(listed.digest, _Known("the list of files", listed))
        return known
