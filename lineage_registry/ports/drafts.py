"""Drafts in an artifact store: notes that keep named files for a version still to come."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from lineage_registry.errors import IntegrityError, InvalidNameError

LIFETIME: Final = timedelta(days=30)
"""How long a draft is kept after its last change."""

PREFIX: Final = "draft-"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class DraftEntry(BaseModel):
    """What a note says of one path: a file, or that there is none any more.

    Attributes:
        digest: `sha256:<hex>`; None takes the file away.
        changed_at: When this was said; of two that speak of one path the later one holds.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    digest: str | None
    size: int = 0
    modified_at: datetime | None = None
    changed_at: datetime


class DraftNote(BaseModel):
    """What somebody knew of a draft when they changed it.

    A draft is any number of notes. Who changes it writes one with everything that they read and
    their change, and removes those that they read. So nobody waits for a lock, and what two
    people add at the same time is in it twice over rather than lost. Every note reads as one of a
    pin, too: that keeps the bytes from the clean-up.
    """

    model_config = ConfigDict(frozen=True)

    expires_at: datetime
    digests: list[str]
    created_at: datetime
    created_by: str
    entries: list[DraftEntry]

    @classmethod
    def of(
        cls,
        entries: Iterable[DraftEntry],
        *,
        created_at: datetime,
        created_by: str,
        expires_at: datetime,
    ) -> Self:
        """Collect entries, each path once, in order of their paths."""
        ordered = sorted(entries, key=lambda entry: entry.path)
        digests = sorted({entry.digest for entry in ordered if entry.digest is not None})
        return cls(
            expires_at=expires_at,
            digests=digests,
            created_at=created_at,
            created_by=created_by,
            entries=ordered,
        )

    def encode(self) -> bytes:
        """Write the note as JSON."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a note.

        Raises:
            IntegrityError: The bytes are none.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise IntegrityError(f"a draft cannot be read: {data[:100]!r}") from error


def joined(notes: Iterable[DraftNote]) -> dict[str, DraftEntry]:
    """Return what several notes say of each path; the order of the notes does not matter."""
    entries: dict[str, DraftEntry] = {}
    for note in notes:
        for entry in note.entries:
            held = entries.get(entry.path)
            if held is None or _rank(entry) > _rank(held):
                entries[entry.path] = entry
    return entries


def note_name(draft: str) -> str:
    """Make a name for another note of a draft."""
    return f"{notes_prefix(draft)}{uuid.uuid4().hex[:12]}.json"


def notes_prefix(draft: str) -> str:
    """Compute what the names of all notes of a draft begin with; `@` is in no name of one."""
    return f"{PREFIX}{checked_name(draft)}@"


def by_draft(notes: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Sort notes by the draft that they are of."""
    found: dict[str, dict[str, bytes]] = {}
    for name, data in notes.items():
        found.setdefault(name.removeprefix(PREFIX).partition("@")[0], {})[name] = data
    return found


def checked_name(draft: str) -> str:
    """Return the name of a draft.

    Raises:
        InvalidNameError: It can be none.
    """
    if not _NAME.fullmatch(draft):
        raise InvalidNameError(
            f"not the name of a draft: {draft[:80]!r}",
            hint="use 1 to 64 letters, digits, dots, _ and -, first a letter or digit",
        )
    return draft


def _rank(entry: DraftEntry) -> tuple[datetime, str]:
    return entry.changed_at, entry.digest or ""
