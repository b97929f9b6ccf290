"""The artifact store of a server: bytes stream through its API, checked on both sides."""

import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, cast
from urllib.parse import urlencode

import httpx2

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    ArtifactNotFoundError,
    BackendUnavailableError,
    DigestMismatchError,
    RegistryError,
    UnsupportedCapabilityError,
)
from lineage_registry.ports import drafts
from lineage_registry.ports.artifacts import (
    ArtifactStore,
    Blob,
    Leftover,
    Progress,
    Progresses,
    Source,
    checked_source,
    missing,
)
from lineage_registry.ports.blob_frames import MOST, write_frames
from lineage_registry.ports.byte_streams import CHUNK, CheckedSource, RangeFile, SourceFailedError
from lineage_registry.ports.pins import ANNOUNCEMENTS, PinNote
from lineage_registry.ports.uploads import Fingerprint, Meter
from lineage_registry.remote.signed_streams import SignedStream
from lineage_registry.remote.streams import BlobStream, BrokenBlob
from lineage_registry.remote.transport import (
    PREFIX,
    Transport,
    checked,
    json_of,
    not_understood,
    translated,
)
from lineage_registry.remote.uploads import Upload

_BATCH: Final = 10_000
_SMALL: Final = 256 * 1024
_MESSAGE: Final = 4 * 1024 * 1024
_SENDERS: Final = 4
_EVERYTHING: Final = "all"
_JSON: Final = {"Content-Type": "application/json"}


class HttpArtifactStore(ArtifactStore):
    """The artifact store behind a server; see `HttpCommands`.

    A blob is sent under its name. A source that can be read only once, and whose name nobody has
    said, is written to a temporary file first.
    """

    _names_first = True

    def __init__(self, base_url: str, *, token: str | None = None, timeout: float = 300.0) -> None:
        self._transport = Transport(base_url, token=token, timeout=timeout)

    def _put(self, source: CheckedSource) -> bool:
        if source.expected is not None:
            return self._send(source, source.expected, _sized(source.promised_size))
        with tempfile.TemporaryFile() as file:
            while data := source.read(CHUNK):
                file.write(data)
            file.seek(0)
            again = CheckedSource(cast("BinaryIO", file), expected=source.digest, size=source.size)
            return self._send(again, source.digest, _sized(source.size))

    def _replace(self, source: CheckedSource) -> None:
        digest = source.expected or source.digest
        self._send(source, digest, {**_sized(source.promised_size), "replace": "true"})

    def _send(self, source: CheckedSource, digest: Digest, asked: Mapping[str, str]) -> bool:
        """Send what comes, and let the server refuse it if it is not the whole.

        A source that fails ends the body in good order: under another name than its own nothing
        is stored, and when the refusal is here, the server has cleaned up.
        """
        failures: list[Exception] = []
        request = self._transport.build(
            "PUT",
            _path(digest),
            query=urlencode(asked),
            content=_body(source, failures),
            headers={"Content-Type": "application/octet-stream"},
        )
        response = self._transport.send(request)
        if failures:
            raise failures[0]
        stored = json_of(checked(response))
        return bool(stored.get("existed")) if isinstance(stored, dict) else False

    def _put_many(self, sources: Sequence[Source], progress: Progresses) -> None:
        """Send small ones many at a time: a request costs more than their bytes."""

        def send(some: Sequence[Source]) -> None:
            blobs = [(source.digest, _bytes(source, progress)) for source in some]
            self._transport.request(
                "POST",
                f"{PREFIX}/blobs",
                content=write_frames(blobs),
                headers={"Content-Type": "application/octet-stream"},
            )

        with ThreadPoolExecutor(_SENDERS, "send") as pool:
            for _ in pool.map(send, _groups([one for one in sources if one.size <= _SMALL])):
                pass
        super()._put_many([one for one in sources if one.size > _SMALL], progress)

    def _upload(self, path: Path, known: Fingerprint, progress: Progress | None) -> bool:
        if len(known.parts) == 1:
            return super()._upload(path, known, progress)
        return Upload(self._transport, path, known).run(Meter(progress))

    def _open(self, digest: Digest) -> tuple[io.RawIOBase, int]:
        try:
            return self._stream(digest)
        except ArtifactNotFoundError:
            raise
        except DigestMismatchError as error:  # told when it is read, as by every store
            return BrokenBlob(error), 0

    def _stream(self, digest: Digest) -> tuple[io.RawIOBase, int]:
        """Open a blob where the server leads us, or through it."""
        stream = BlobStream(self._transport, _path(digest))
        found = stream.connect(direct=True)
        if isinstance(found, int):
            return stream, found
        led = SignedStream(found, lambda: str(stream.connect(direct=True)))
        try:
            return led, led.connect()
        except BackendUnavailableError:  # the address may be none for us
            return stream, int(stream.connect())

    def _open_at(self, digest: Digest, size: int | None) -> io.RawIOBase:
        size = self._size(digest) if size is None else size
        if size is None:
            raise missing(digest)
        path = _path(digest)

        def fetch(offset: int, length: int) -> bytes:
            span = {"Range": f"bytes={offset}-{offset + length - 1}"}
            return self._transport.request("GET", path, headers=span).content[:length]

        return RangeFile(size, fetch)

    def _size(self, digest: Digest) -> int | None:
        request = self._transport.build("HEAD", _path(digest))
        response = self._transport.send(request)
        if response.status_code == httpx2.codes.NOT_FOUND:
            return None
        return int(checked(response).headers["Content-Length"])

    def _sizes(self, digests: frozenset[Digest]) -> dict[Digest, int]:
        names = sorted(digests)
        sizes: dict[Digest, int] = {}
        for start in range(0, len(names), _BATCH):
            batch = [str(digest) for digest in names[start : start + _BATCH]]
            answer = self._ask("POST", "/blobs/missing", {"digests": batch})
            sizes |= {Digest.parse(name): int(size) for name, size in answer["sizes"].items()}
        return sizes

    def _iter_digests(self) -> Iterator[Digest]:
        request = self._transport.build("GET", f"{PREFIX}/blobs")
        response = self._transport.send(request, stream=True)
        try:
            with translated():
                for line in checked(response).iter_lines():
                    yield Digest.parse(line)
        finally:
            response.close()

    # The server keeps the notes of pins; here one name stands for all notes of a pin, and one
    # more for everything that is pinned.

    def _write_note(self, name: str, data: bytes) -> None:
        if name.startswith(ANNOUNCEMENTS):
            raise _done_there()
        note = PinNote.decode(data)
        left = max(note.expires_at - datetime.now(UTC), timedelta(0))
        document = {"digests": sorted(map(str, note.digests)), "ttl": left.total_seconds()}
        self._ask("PUT", f"/pins/{name.partition('.')[0]}", document)

    def _note_names(self, prefix: str) -> Iterator[str]:
        if prefix.startswith(drafts.PREFIX):
            raise UnsupportedCapabilityError("the server keeps the notes of drafts", hint="ask it")
        if prefix != ANNOUNCEMENTS:  # the server has waited for them
            yield prefix.rstrip(".") or _EVERYTHING

    def _read_note(self, name: str) -> bytes | None:
        del name  # nobody reads the notes of one pin
        answer = self._ask("GET", "/pins", None)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        return PinNote(tomorrow, frozenset(map(Digest.parse, answer["digests"]))).encode()

    def _remove_note(self, name: str) -> None:
        self._transport.request("DELETE", f"{PREFIX}/pins/{name}")

    def _sweep(self, older_than: timedelta) -> int:
        answer = self._ask("POST", "/sweep", {"older_than": older_than.total_seconds()})
        return int(answer["removed"])

    def _unfinished_uploads(self, _before: datetime) -> Iterator[Leftover]:
        raise _done_there()

    def _iter_blobs(self) -> Iterator[Blob]:
        raise _done_there()

    def _remove(self, _digests: frozenset[Digest]) -> None:
        raise _done_there()

    def _check(self) -> None:
        self._transport.request("GET", "/readyz")

    def _close(self) -> None:
        self._transport.close()

    def _ask(self, method: str, path: str, document: Any) -> dict[str, Any]:
        content = None if document is None else json.dumps(document).encode()
        headers = None if document is None else _JSON
        answer = json_of(
            self._transport.request(method, PREFIX + path, content=content, headers=headers)
        )
        if not isinstance(answer, dict):
            raise not_understood()
        return answer

    def _explain(self, error: Exception, action: str) -> RegistryError:
        if isinstance(error, KeyError | TypeError | ValueError):
            return not_understood()
        return super()._explain(error, action)


def _done_there() -> UnsupportedCapabilityError:
    return UnsupportedCapabilityError(
        "a server collects its garbage itself", hint="call collect_garbage() on the registry"
    )


def _sized(size: int | None) -> dict[str, str]:
    return {} if size is None else {"size": str(size)}


def _bytes(source: Source, progress: Progresses) -> bytes:
    with checked_source(source, progress) as checked:
        return b"".join(iter(checked.read, b""))


def _groups(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Yield sources in parts of one message each."""
    some: list[Source] = []
    size = 0
    for source in sources:
        if some and (len(some) == MOST or size + source.size > _MESSAGE):
            yield some
            some, size = [], 0
        some.append(source)
        size += source.size
    if some:
        yield some


def _path(digest: Digest) -> str:
    return f"{PREFIX}/blobs/{digest}"


def _body(source: CheckedSource, failures: list[Exception]) -> Iterator[bytes]:
    try:
        while data := source.read(CHUNK):
            yield data
    except (SourceFailedError, RegistryError) as error:
        failures.append(error)
