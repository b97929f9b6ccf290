"""Where the parts of an upload lie until all of them are there: seen by nobody, named by nobody.

A server takes parts on behalf of its clients. What they send is checked here, part by part when it
comes and as a whole before it becomes a blob: a client is not believed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Final, NamedTuple, final

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import ManifestIncompleteError, NotFoundError
from lineage_registry.ports.uploads import Fingerprint

SIGNED_FOR: Final = timedelta(minutes=15)
"""How long a signed request may be sent: it is asked for when it is needed."""


Guard = Callable[[str], AbstractContextManager[None]]
"""Told what is done, makes a context in which foreign errors become errors of the package."""


class Signed(NamedTuple):
    """A request that anybody may send until it expires: a URL, and the headers to send with it."""

    url: str
    headers: dict[str, str]


class Staged(NamedTuple):
    """An upload under way: its id, and the digests of the parts that are there."""

    id: str
    parts: dict[int, Digest]


class Staging(ABC):
    """The unfinished uploads of an artifact store.

    An upload has a name, which says who uploads what, and an id, which the store gives. Whoever
    begins an upload of the same name again goes on with it.

    Args:
        guard: Makes a context in which foreign errors become errors of the package.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    @final
    def begin(self, name: str) -> Staged:
        """Begin an upload, or go on with the one of this name.

        Raises:
            BackendError: The store failed.
        """
        with self._guard("begin an upload"):
            return self._begin(name)

    @final
    def put_part(self, name: str, id_: str, number: int, data: bytes, digest: Digest) -> None:
        """Store a part, durably.

        Raises:
            NotFoundError: There is no such upload: it was finished or given up.
            DigestMismatchError: The bytes have another digest; nothing was stored.
            BackendError: The store failed.
        """
        with self._guard("store a part"):
            self._put_part(name, id_, number, data, digest)

    @final
    def sign_part(
        self, name: str, id_: str, number: int, size: int, digest: Digest
    ) -> Signed | None:
        """Return a request that stores this part and nothing else; None if there can be none.

        Raises:
            BackendError: The store failed.
        """
        with self._guard("sign a request"):
            return self._sign_part(name, id_, number, size, digest)

    @final
    def finish(self, name: str, id_: str, known: Fingerprint) -> None:
        """Make the parts a blob, and forget the upload.

        Raises:
            NotFoundError: There is no such upload: it was finished or given up.
            ManifestIncompleteError: Parts are missing, or other ones than announced; the upload
                goes on.
            DigestMismatchError: Together they have another digest; the upload is given up.
            BackendError: The store failed.
        """
        with self._guard("finish an upload"):
            self._finish(name, id_, known)

    @final
    def give_up(self, name: str, id_: str) -> None:
        """Forget an upload and its parts; it may be gone.

        Raises:
            BackendError: The store failed.
        """
        with self._guard("give up an upload"):
            self._give_up(name, id_)

    @abstractmethod
    def _begin(self, name: str) -> Staged: ...

    @abstractmethod
    def _put_part(self, name: str, id_: str, number: int, data: bytes, digest: Digest) -> None: ...

    def _sign_part(
        self, name: str, id_: str, number: int, size: int, digest: Digest
    ) -> Signed | None:
        """Return a signed request; a store that clients cannot reach has none."""
        del name, id_, number, size, digest
        return None

    @abstractmethod
    def _finish(self, name: str, id_: str, known: Fingerprint) -> None: ...

    @abstractmethod
    def _give_up(self, name: str, id_: str) -> None: ...


def demand_all(known: Fingerprint, there: dict[int, Digest]) -> None:
    """Check that all parts are there, and are the announced ones.

    Raises:
        ManifestIncompleteError: They are not.
    """
    missing = [
        number for number, digest in enumerate(known.parts, 1) if there.get(number) != digest
    ]
    if missing:
        raise ManifestIncompleteError(
            f"{len(missing)} parts of the upload are missing",
            hint="send them, then finish again",
            missing=missing[:100],
        )


def over() -> NotFoundError:
    """Make the error for an upload that was finished or given up."""
    return NotFoundError("there is no such upload", hint="it was finished or given up: begin again")
