"""Drafts: files collected for a version that is not registered yet."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.domain.events import VersionRegistered
from lineage_registry.domain.formats import Inspection
from lineage_registry.domain.resolution import resolve_version
from lineage_registry.errors import (
    ArtifactNotFoundError,
    DraftNotFoundError,
    InvalidInputError,
    StaleWriteError,
)
from lineage_registry.ports.commands import (
    AddToDraft,
    Context,
    DiscardDraft,
    Draft,
    DraftContent,
    Drafts,
    GetDraft,
    InspectDraft,
    ListDrafts,
    ListedFile,
    RemoveFromDraft,
)
from lineage_registry.ports.drafts import (
    LIFETIME,
    PREFIX,
    DraftEntry,
    DraftNote,
    by_draft,
    joined,
    note_name,
    notes_prefix,
)
from lineage_registry.ports.scanning import media_type
from lineage_registry.services.clock import now
from lineage_registry.services.contents import StoredFiles, demand_bytes, read_manifest
from lineage_registry.services.workplace import Workplace, read

_MOST = 100_000
_MOST_PATHS = 200_000
_REMEMBERED = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class _Read:
    """A draft as its notes have it, and the names of these notes."""

    name: str
    notes: tuple[str, ...]
    entries: Mapping[str, DraftEntry]
    created_at: datetime
    created_by: str
    expires_at: datetime

    @property
    def state(self) -> str:
        """Another text after each change, also after one by somebody who saw no other."""
        return hashlib.sha256("\n".join(sorted(self.notes)).encode()).hexdigest()[:32]

    @cached_property
    def files(self) -> list[DraftEntry]:
        """What is in it, by path."""
        kept = (entry for entry in self.entries.values() if entry.digest is not None)
        return sorted(kept, key=lambda entry: entry.path)

    def changed(self, entries: Mapping[str, DraftEntry], at: datetime) -> "_Read":
        """Return the draft after a change."""
        return replace(self, notes=(), entries=entries, expires_at=at + LIFETIME)


def add_to_draft(work: Workplace, command: AddToDraft, context: Context) -> Draft:
    """Put files into a draft, which is made if there is none.

    Raises:
        ManifestIncompleteError: Bytes of a file are missing, or of another size than announced.
        InvalidInputError: A path can be none, or is a folder of another one.
    """
    held = _read(work, command.name) or _new(command.name, context)
    at = _after(now(), held)
    said = [*_of_version(work, command.version, at), *_announced(command, at)]
    added = {entry.path: entry for entry in said}
    manifest = Manifest.of(_entries(added.values()))
    with work.artifacts.pinned(entry.digest for entry in manifest.files):
        demand_bytes(work.artifacts, manifest)
        return _write(work, held, held.changed({**held.entries, **added}, at))


def remove_from_draft(work: Workplace, command: RemoveFromDraft, _: Context) -> Draft:
    """Take files out of a draft.

    Raises:
        DraftNotFoundError: There is none of this name.
        ArtifactNotFoundError: Nothing in it has one of the paths.
    """
    held = _demanded(work, command.name)
    at = _after(now(), held)
    entries, paths = dict(held.entries), [entry.path for entry in held.files]
    for path in command.path:
        gone = _at_or_below(paths, path)
        if not gone:
            raise ArtifactNotFoundError(
                f"the draft {command.name!r} has no file or folder {path!r}",
                hint="look at its files",
                path=path,
            )
        for one in gone:
            entries[one] = DraftEntry(path=one, digest=None, changed_at=at)
    return _write(work, held, held.changed(entries, at))


def get_draft(work: Workplace, command: GetDraft, _: Context) -> DraftContent:
    """Return a draft with its files, or those that were registered from it.

    Raises:
        DraftNotFoundError: There is none of this name, and the key registered none.
    """
    held = _read(work, command.name)
    if held is None and command.registered_with is not None:
        known = _registered(work, command.name, command.registered_with)
        if known is not None:
            return known
    if held is None:
        raise _missing(command.name)
    listed = [
        ListedFile(
            path=entry.path,
            digest=str(entry.digest),
            size=entry.size,
            modified_at=entry.modified_at,
            added_at=entry.changed_at,
            media_type=media_type(entry.path),
        )
        for entry in held.files
    ]
    return DraftContent(**dict(_told(held)), state=held.state, listed=listed)


def inspect_draft(work: Workplace, command: InspectDraft, _: Context) -> Inspection:
    """Look into the files of a draft.

    Raises:
        DraftNotFoundError: There is none of this name.
        InvalidInputError: It has no files.
        ManifestIncompleteError: Bytes of a file are gone from the store.
    """
    manifest = Manifest.of(_entries(_demanded(work, command.name).files))
    if not manifest.files:
        raise InvalidInputError(f"the draft {command.name!r} is empty", hint="add files first")
    demand_bytes(work.artifacts, manifest)
    found = work.formats.inspect(StoredFiles(work.artifacts, manifest), command.format)
    return found.model_copy(update={"digest": str(manifest.digest)})


def list_drafts(work: Workplace, _command: ListDrafts, _: Context) -> Drafts:
    """List all drafts."""
    found = by_draft(work.artifacts.notes(PREFIX))
    read = (_of_notes(name, notes) for name, notes in sorted(found.items()))
    return Drafts(drafts=[_told(one) for one in read if one is not None])


def discard_draft(work: Workplace, command: DiscardDraft, _: Context) -> Draft:
    """Throw a draft away; its bytes are cleaned up unless something else names them.

    Raises:
        DraftNotFoundError: There is none of this name.
        StaleWriteError: It is not in the state that the caller saw.
    """
    held = _demanded(work, command.name)
    if command.state not in {None, held.state}:
        raise StaleWriteError(
            f"the draft {command.name!r} changed meanwhile", hint="look at its files again"
        )
    work.artifacts.remove_notes(held.notes)
    return _told(held)


def _read(work: Workplace, name: str) -> _Read | None:
    return _of_notes(name, work.artifacts.notes(notes_prefix(name)))


def _of_notes(name: str, found: Mapping[str, bytes]) -> _Read | None:
    moment = now()
    notes = [DraftNote.decode(data) for data in found.values()]
    living = [note for note in notes if note.expires_at > moment]
    if not living:
        return None
    first = min(living, key=lambda note: (note.created_at, note.created_by))
    return _Read(
        name=name,
        notes=tuple(found),
        entries=joined(living),
        created_at=first.created_at,
        created_by=first.created_by,
        expires_at=max(note.expires_at for note in living),
    )


def _demanded(work: Workplace, name: str) -> _Read:
    held = _read(work, name)
    if held is None:
        raise _missing(name)
    return held


def _missing(name: str) -> DraftNotFoundError:
    return DraftNotFoundError(
        f"there is no draft {name!r}", hint="list the drafts, or add files to a new one"
    )


def _registered(work: Workplace, name: str, key: str) -> DraftContent | None:
    """Return the files of the version that a request of this key registered, None without one.

    A batch registers several in one commit: then nobody knows which of them this draft became.
    """
    made = [one for one in work.graph.written_with(key) if one.type == VersionRegistered.type]
    if len(made) != 1:
        return None
    event, at = made[0].event, made[0].time
    if not isinstance(event, VersionRegistered) or event.manifest is None:
        return None
    files = read_manifest(work, event.manifest).files
    return DraftContent(
        name=name,
        files=len(files),
        size=sum(size for _, _, size in files),
        created_at=at,
        created_by=made[0].actor,
        changed_at=at,
        expires_at=at,
        state="",
        listed=[
            ListedFile(
                path=path,
                digest=str(digest),
                size=size,
                added_at=at,
                media_type=media_type(path),
            )
            for path, digest, size in files
        ],
    )


def _at_or_below(paths: list[str], path: str) -> list[str]:
    """Return the path and what is in it as a folder, out of sorted paths."""
    folder, at = f"{path.rstrip('/')}/", bisect_left(paths, path)
    below = paths[bisect_left(paths, folder) : bisect_left(paths, f"{folder[:-1]}0")]
    return [path, *below] if paths[at : at + 1] == [path] else below


def _remembered(held: _Read, entries: Mapping[str, DraftEntry]) -> dict[str, DraftEntry]:
    """Leave out what was taken out long ago: nobody writes any more who read before that.

    A note that was left over may still say otherwise; where there are several, all is kept.
    """
    if len(held.notes) > 1:
        return dict(entries)
    before = now() - _REMEMBERED
    return {
        path: entry
        for path, entry in entries.items()
        if entry.digest is not None or entry.changed_at > before
    }


def _write(work: Workplace, held: _Read, new: _Read) -> Draft:
    new = replace(new, entries=_remembered(held, new.entries))
    if len(new.entries) > _MOST_PATHS:
        raise InvalidInputError(
            f"{_MOST_PATHS:,} paths were put into the draft or taken out within a day",
            hint="discard it and begin another one",
            limit=_MOST_PATHS,
        )
    if len(new.files) > _MOST:
        raise InvalidInputError(f"a draft has at most {_MOST:,} files", limit=_MOST)
    Manifest.of(_entries(new.files))
    note = DraftNote.of(
        new.entries.values(),
        created_at=new.created_at,
        created_by=new.created_by,
        expires_at=new.expires_at,
    )
    work.artifacts.write_note(note_name(new.name), note.encode())
    work.artifacts.remove_notes(held.notes)
    return _told(new)


def _of_version(work: Workplace, text: str | None, at: datetime) -> Iterator[DraftEntry]:
    if text is None:
        return
    reference = read(text)
    with work.ask(None, [reference]) as view:
        found = resolve_version(view, reference)
        manifest = view.nodes([found.node], ())[found.node].facts.get("manifest")
    if manifest is None:
        raise InvalidInputError(f"{text} has no files")
    for path, digest, size in read_manifest(work, str(manifest)).files:
        yield DraftEntry(path=path, digest=str(digest), size=size, changed_at=at)


def _announced(command: AddToDraft, at: datetime) -> Iterator[DraftEntry]:
    for file in command.files:
        yield DraftEntry(
            path=file.path,
            digest=file.digest,
            size=file.size,
            modified_at=file.modified_at,
            changed_at=at,
        )


def _entries(entries: Iterable[DraftEntry]) -> Iterator[FileEntry]:
    return (
        FileEntry(entry.path, Digest.parse(entry.digest), entry.size)
        for entry in entries
        if entry.digest is not None
    )


def _after(moment: datetime, held: _Read) -> datetime:
    """Return a time later than anything that was said, though a clock may go back."""
    return max([moment, *(entry.changed_at + _TICK for entry in held.entries.values())])


def _new(name: str, context: Context) -> _Read:
    moment = now()
    return _Read(name, (), {}, moment, context.actor, moment + LIFETIME)


def _told(held: _Read) -> Draft:
    return Draft(
        name=held.name,
        files=len(held.files),
        size=sum(entry.size for entry in held.files),
        created_at=held.created_at,
        created_by=held.created_by,
        changed_at=held.expires_at - LIFETIME,
        expires_at=held.expires_at,
    )
