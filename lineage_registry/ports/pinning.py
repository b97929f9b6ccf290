"""What keeps blobs from being removed, and how they are removed without a race."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, final

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import BackendUnavailableError
from lineage_registry.ports.pins import (
    ANNOUNCEMENTS,
    PinNote,
    announcement_name,
    new_pin_id,
    note_name,
    notes_prefix,
)

PIN_LIFETIME = timedelta(days=2)
"""How long a pin keeps its blobs when nobody removes it; longer than any upload takes."""

_ANNOUNCED_FOR: Final = timedelta(minutes=3)
_REMOVE_WITHIN: Final = 60.0
_LONGEST_PAUSE: Final = 1.0

Needed = Callable[[frozenset[Digest]], frozenset[Digest]]
"""Tells which of some blobs something names by now."""


class Pin(NamedTuple):
    """A pin that is being held; see `Pinning.pinned`."""

    id: str
    add: Callable[[Iterable[Digest]], None]


class Pinning(ABC):
    """The part of an artifact store that keeps blobs, and lets go of them.

    Once `pin` has returned, no collection removes what the pin names: whoever pins writes the
    pin, then waits for the collections that have announced to remove one of its blobs; whoever
    collects announces, then reads the pins, then removes. One of the two sees the other. The
    promise needs clocks that agree within a minute, and no lock.
    """

    @final
    def pin(self, digests: Iterable[Digest] = (), *, ttl: timedelta = PIN_LIFETIME) -> str:
        """Keep blobs safe from clean-up, also ones still to come; return the id of the pin.

        Raises:
            BackendError: The store failed.
        """
        pin_id = new_pin_id()
        self.add_to_pin(pin_id, digests, ttl=ttl)
        return pin_id

    @final
    def add_to_pin(
        self, pin_id: str, digests: Iterable[Digest], *, ttl: timedelta = PIN_LIFETIME
    ) -> None:
        """Let the pin keep more blobs, for `ttl` from now; what it kept before is not prolonged.

        Raises:
            InvalidInputError: This is not the id of a pin.
            BackendError: The store failed.
        """
        name, note = note_name(pin_id), PinNote(datetime.now(UTC) + ttl, frozenset(digests))
        if not note.digests:
            return
        with self._translating("pin artifacts"):
            self._write_note(name, note.encode())
            self._wait_for_collections(note.digests)

    @final
    def unpin(self, pin_id: str) -> None:
        """Give up the pin; nothing happens if it is gone.

        Raises:
            InvalidInputError: This is not the id of a pin.
            BackendError: The store failed.
        """
        prefix = notes_prefix(pin_id)
        with self._translating("unpin artifacts"):
            for name in list(self._note_names(prefix)):
                self._remove_note(name)

    @final
    @contextmanager
    def pinned(
        self, digests: Iterable[Digest] = (), *, ttl: timedelta = PIN_LIFETIME
    ) -> Iterator[Pin]:
        """Keep blobs safe from clean-up while inside: from before the upload until the commit.

        Raises:
            BackendError: The store failed.
        """
        pin_id = self.pin(digests, ttl=ttl)
        try:
            yield Pin(pin_id, lambda more: self.add_to_pin(pin_id, more, ttl=ttl))
        finally:
            self.unpin(pin_id)

    @final
    def pinned_digests(self) -> frozenset[Digest]:
        """Return what is kept by any pin that has not expired.

        Raises:
            IntegrityError: A pin cannot be read, so that what it keeps is unknown.
            BackendError: The store failed.
        """
        now = datetime.now(UTC)
        with self._translating("read the pins"):
            kept = [
                note.digests
                for name, note in self._all_notes().items()
                if note.expires_at > now and not name.startswith(ANNOUNCEMENTS)
            ]
        return frozenset().union(*kept)

    @final
    def notes(self, prefix: str) -> dict[str, bytes]:
        """Return the notes whose names begin so; see `write_note`.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("read notes"):
            found = ((name, self._read_note(name)) for name in list(self._note_names(prefix)))
            return {name: data for name, data in found if data is not None}

    @final
    def write_note(self, name: str, data: bytes) -> None:
        """Store a small text beside the blobs, under a new name, all of it or nothing.

        Pins are such notes, so that every note says as they do what it keeps and until when. Who
        writes one that keeps blobs holds a pin on them meanwhile, which waits for collections.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("write a note"):
            self._write_note(name, data)

    @final
    def remove_notes(self, names: Iterable[str]) -> None:
        """Remove notes; they may be gone.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("remove notes"):
            for name in names:
                self._remove_note(name)

    @final
    def collect(self, unneeded: Collection[Digest], needed: Needed) -> frozenset[Digest]:
        """Remove blobs, except those that a pin keeps or something needs by now.

        What is committed under a pin is safe: either the pin is still there when the pins are
        read, or the commit is there when `needed` is asked afterwards. Meant for some hundreds
        at a time: whoever pins one of them waits until this returns.

        Args:
            unneeded: Blobs that nothing seems to need.
            needed: Tells which of them are needed; asked once.

        Returns:
            What was removed.

        Raises:
            IntegrityError: A pin cannot be read, so that what it keeps is unknown.
            BackendUnavailableError: The store is too slow to remove anything safely.
            UnsupportedCapabilityError: The store is behind a server, which collects itself.
            BackendError: The store failed; some may have been removed.
        """
        begun, asked = time.monotonic(), frozenset(unneeded)
        with self._announced(asked):
            left = asked - self.pinned_digests()
            left -= needed(left)
            if time.monotonic() - begun > _REMOVE_WITHIN:
                raise BackendUnavailableError(
                    "the store is too slow to remove anything safely", hint="try again"
                )
            with self._translating("remove artifacts"):
                self._remove(left)
        return left

    @contextmanager
    def _announced(self, digests: frozenset[Digest]) -> Iterator[None]:
        name = announcement_name()
        note = PinNote(datetime.now(UTC) + _ANNOUNCED_FOR, digests)
        with self._translating("announce a removal"):
            self._write_note(name, note.encode())
        try:
            yield
        finally:
            with self._translating("announce a removal"):
                self._remove_note(name)

    def _wait_for_collections(self, digests: frozenset[Digest]) -> None:
        pause = 0.01
        while any(
            note.expires_at > datetime.now(UTC) and not digests.isdisjoint(note.digests)
            for _, note in self._notes(ANNOUNCEMENTS)
        ):
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _all_notes(self) -> dict[str, PinNote]:
        """Return every note, also where somebody replaces one while they are read.

        Drafts write the new note before they remove the old one. A listing may miss both, and a
        note may go before it is read; then the next listing has the one that took its place.
        """
        found: dict[str, PinNote] = {}
        while True:
            unseen = [name for name in self._note_names("") if name not in found]
            read = {name: self._read_note(name) for name in unseen}
            found |= {name: PinNote.decode(data) for name, data in read.items() if data is not None}
            if not unseen:
                return found

    def _notes(self, prefix: str = "") -> Iterator[tuple[str, PinNote]]:
        for name in list(self._note_names(prefix)):
            data = self._read_note(name)
            if data is not None:
                yield name, PinNote.decode(data)

    @abstractmethod
    def _write_note(self, name: str, data: bytes) -> None:
        """Store a note of a pin under a new name, all of it or nothing."""

    @abstractmethod
    def _note_names(self, prefix: str) -> Iterator[str]:
        """Walk over the names of the notes that begin with `prefix`."""

    @abstractmethod
    def _read_note(self, name: str) -> bytes | None:
        """Return a note, None if it is gone."""

    @abstractmethod
    def _remove_note(self, name: str) -> None:
        """Remove a note; it may be gone."""

    @abstractmethod
    def _remove(self, digests: frozenset[Digest]) -> None:
        """Remove blobs; some may be gone."""

    @abstractmethod
    def _translating(self, action: str) -> AbstractContextManager[None]:
        """Make a context in which foreign errors become errors of the package."""
