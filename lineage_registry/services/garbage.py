"""Garbage collection: what nothing names goes, what anything might need stays."""

import logging
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.events import (
    CollectionEnded,
    CollectionStarted,
    Event,
    VersionRegistered,
)
from lineage_registry.errors import ConflictError
from lineage_registry.ports.artifacts import Blob
from lineage_registry.ports.commands import CollectGarbage, Context, Garbage, Tally, Unnamed
from lineage_registry.ports.graph import Commit, EventFilter
from lineage_registry.services.clock import now
from lineage_registry.services.contents import read_manifest
from lineage_registry.services.workplace import Workplace

log = logging.getLogger("lineage_registry")

_AT_ONCE: Final = 500
_EVENTS: Final = 1_000
_READERS: Final = 8
_UPLOADS_REST: Final = timedelta(hours=1)


class Named:
    """The blobs that versions name: every version that was ever registered, deleted or not.

    Read from the log, so that it can be brought up to date by reading what was added.
    """

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._position = 0
        self._digests: set[bytes] = set()
        self.catch_up()

    def __contains__(self, digest: Digest) -> bool:
        return bytes.fromhex(digest.hex) in self._digests

    def catch_up(self) -> None:
        """Read the versions that were registered since.

        Raises:
            ArtifactNotFoundError: A list of files is gone, so that what it names is unknown.
            IntegrityError: A list of files is damaged.
        """
        with ThreadPoolExecutor(_READERS, "manifest") as pool:
            while events := self._next():
                made = [event for event in events if event.manifest is not None]
                unlisted = [event.manifest or "" for event in made if not event.files]
                self._add(Digest.parse(event.manifest or "").hex for event in made)
                self._add(file for event in made for file in event.files)
                for files in pool.map(self._files, unlisted):
                    self._add(digest.hex for digest in files)

    def _next(self) -> list[VersionRegistered]:
        where = EventFilter(types=frozenset({VersionRegistered.type}), after=self._position)
        found = self._work.graph.events(where, _EVENTS)
        if found:
            self._position = found[-1].position
        return [one.event for one in found if isinstance(one.event, VersionRegistered)]

    def _files(self, manifest: str) -> list[Digest]:
        return [entry.digest for entry in read_manifest(self._work, manifest).files]

    def _add(self, digests: Iterable[str]) -> None:
        self._digests.update(map(bytes.fromhex, digests))


class _Count:
    """A tally that grows."""

    def __init__(self) -> None:
        self.count = self.bytes = 0

    def add(self, size: int) -> None:
        self.count += 1
        self.bytes += size

    def tally(self) -> Tally:
        return Tally(count=self.count, bytes=self.bytes)


@dataclass
class _Survey:
    """What is in the store, sorted by why it stays or goes."""

    garbage: list[Blob] = field(default_factory=list)
    unnamed: list[Unnamed] = field(default_factory=list)
    more: bool = False
    named: _Count = field(default_factory=_Count)
    pinned: _Count = field(default_factory=_Count)
    young: _Count = field(default_factory=_Count)


class _Removed(NamedTuple):
    """What a collection removed."""

    blobs: Tally
    uploads: Tally


def collect_garbage(work: Workplace, command: CollectGarbage, context: Context) -> Garbage:
    """Remove what nothing names, or say what would be removed.

    Safe while others register: what they upload is pinned before and until it is named, and
    `ArtifactStore.collect` asks for pins, then for names, after it announced what it will remove.

    Raises:
        ConflictError: The registry names nothing in the store: it is hardly its own.
        IntegrityError: A pin or a list of files cannot be read: nothing is removed then.
    """
    named = Named(work)
    survey = _survey(work, command, named)
    if command.dry_run:
        found = work.artifacts.abandoned(older_than=_rest(command))
        removed = _Removed(
            _tally([blob.size for blob in survey.garbage]),
            Tally(count=len(found), bytes=sum(found)),
        )
    else:
        _demand_own_store(survey, command)
        removed = _remove(work, survey, named, command, context)
    head = work.graph.head()
    with work.graph.view(head.revision) as view:
        as_of = view.at(head.revision)
    return Garbage(
        dry_run=command.dry_run,
        removed=removed.blobs,
        uploads=removed.uploads,
        named=survey.named.tally(),
        pinned=survey.pinned.tally(),
        young=survey.young.tally(),
        unnamed=survey.unnamed,
        truncated=survey.more,
        revision=head.revision,
        as_of=as_of,
    )


def _survey(work: Workplace, command: CollectGarbage, named: Named) -> _Survey:
    found, before = _Survey(), now() - timedelta(seconds=command.grace)
    pinned = work.artifacts.pinned_digests()
    for blob in work.artifacts.iter_blobs():
        if blob.digest in named:
            found.named.add(blob.size)
            continue
        reason = "pinned" if blob.digest in pinned else None
        reason = reason or ("young" if blob.stored_at > before else None)
        match reason:
            case "pinned":
                found.pinned.add(blob.size)
            case "young":
                found.young.add(blob.size)
            case _:
                found.garbage.append(blob)
        if len(found.unnamed) == command.limit:
            found.more = True
            continue
        found.unnamed.append(
            Unnamed(
                digest=str(blob.digest),
                size=blob.size,
                stored_at=blob.stored_at,
                kept=reason,
            )
        )
    return found


def _demand_own_store(survey: _Survey, command: CollectGarbage) -> None:
    if survey.garbage and not survey.named.count and not command.force:
        raise ConflictError(
            "the registry names none of the blobs in its artifact store",
            hint="is it the store of another registry? If they are garbage all the same, force it",
            blobs=len(survey.garbage),
        )


def _remove(
    work: Workplace,
    survey: _Survey,
    named: Named,
    command: CollectGarbage,
    context: Context,
) -> _Removed:
    started = CollectionStarted(
        blobs=len(survey.garbage),
        bytes=sum(blob.size for blob in survey.garbage),
        grace=command.grace,
    )
    commit = work.write(lambda _: _once(started), command, context)
    if commit.replayed and (before := _ended(work, commit)):
        return before
    uploads = work.artifacts.abandoned(older_than=_rest(command))
    work.artifacts.sweep(older_than=_rest(command))
    removed = _Removed(
        _tally(_sizes_of_removed(work, survey, named)),
        Tally(count=len(uploads), bytes=sum(uploads)),
    )
    ended = CollectionEnded(
        started=commit.events[0].position,
        blobs=removed.blobs.count,
        bytes=removed.blobs.bytes,
        uploads=removed.uploads.count,
    )
    work.write(lambda _: _once(ended), command, Context(context.actor))
    log.info("removed %s blobs of %s bytes", removed.blobs.count, removed.blobs.bytes)
    return removed


def _sizes_of_removed(work: Workplace, survey: _Survey, named: Named) -> list[int]:
    def needed(digests: frozenset[Digest]) -> frozenset[Digest]:
        named.catch_up()
        return frozenset(digest for digest in digests if digest in named)

    sizes: list[int] = []
    for start in range(0, len(survey.garbage), _AT_ONCE):
        batch = survey.garbage[start : start + _AT_ONCE]
        gone = work.artifacts.collect([blob.digest for blob in batch], needed)
        sizes += [blob.size for blob in batch if blob.digest in gone]
    return sizes


def _ended(work: Workplace, commit: Commit) -> _Removed | None:
    """Return what the same request removed before; None if it was interrupted."""
    started = commit.events[0].position
    where = EventFilter(types=frozenset({CollectionEnded.type}), after=started)
    for recorded in work.graph.events(where, _EVENTS):
        event = recorded.event
        if isinstance(event, CollectionEnded) and event.started == started:
            blobs = Tally(count=event.blobs, bytes=event.bytes)
            return _Removed(blobs, Tally(count=event.uploads))
    return None


def _rest(command: CollectGarbage) -> timedelta:
    return max(timedelta(seconds=command.grace), _UPLOADS_REST)


def _once(event: Event) -> Generator[Event, int, None]:
    yield event


def _tally(sizes: list[int]) -> Tally:
    return Tally(count=len(sizes), bytes=sum(sizes))
