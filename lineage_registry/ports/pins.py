"""Pins: notes in an artifact store that keep blobs safe until something names them."""

import json
import re
import uuid
from datetime import datetime
from typing import Final, NamedTuple, Self

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import IntegrityError, InvalidInputError

ANNOUNCEMENTS: Final = "removing."
"""What the names of notes begin with that say what is about to be removed."""

_PIN_ID = re.compile(r"[0-9a-f]{32}")


class PinNote(NamedTuple):
    """Some digests that are to be kept until a moment.

    A pin is any number of notes. A note is written once and never changed, so that adding to a pin
    needs no lock.
    """

    expires_at: datetime
    digests: frozenset[Digest]

    def encode(self) -> bytes:
        """Write the note as JSON."""
        digests = sorted(str(digest) for digest in self.digests)
        return json.dumps({"expires_at": self.expires_at.isoformat(), "digests": digests}).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a note.

        Raises:
            IntegrityError: The bytes are no note. What it kept is unknown, so that nothing may be
                removed before somebody has looked.
        """
        try:
            note = json.loads(data)
            expires_at = datetime.fromisoformat(note["expires_at"])
            return cls(expires_at, frozenset(map(Digest.parse, note["digests"])))
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"a pin cannot be read: {data[:100]!r}", hint="remove it if no upload is under way"
            ) from error


def new_pin_id() -> str:
    """Make an id that no other pin has."""
    return uuid.uuid4().hex


def note_name(pin_id: str) -> str:
    """Make a name for another note of the pin.

    Raises:
        InvalidInputError: This is not the id of a pin.
    """
    return f"{notes_prefix(pin_id)}{uuid.uuid4().hex[:12]}.json"


def notes_prefix(pin_id: str) -> str:
    """Compute what the names of all notes of the pin begin with.

    Raises:
        InvalidInputError: This is not the id of a pin.
    """
    if not _PIN_ID.fullmatch(pin_id):
        raise InvalidInputError(f"not the id of a pin: {pin_id[:100]!r}")
    return f"{pin_id}."


def announcement_name() -> str:
    """Make a name for a note that says what is about to be removed."""
    return f"{ANNOUNCEMENTS}{uuid.uuid4().hex}.json"
