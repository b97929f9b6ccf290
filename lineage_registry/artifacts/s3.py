"""Artifacts in a bucket of any S3 server: MinIO, AWS, Ceph, Garage and others."""

import io
import os
import re
import threading
import uuid
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar, TypeVar
from urllib.parse import urlsplit

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    BackendError,
    DigestMismatchError,
    InvalidInputError,
    NotInstalledError,
    RegistryError,
)
from lineage_registry.ports.artifacts import (
    ArtifactStore,
    Blob,
    Capability,
    Leftover,
    Progress,
    missing,
)
from lineage_registry.ports.byte_streams import CheckedSource, RangeFile
from lineage_registry.ports.staging import SIGNED_FOR
from lineage_registry.ports.uploads import PART_SIZE, Fingerprint, Meter, send_parts

try:
    import certifi
    import urllib3
    from minio import Minio
    from minio.commonconfig import ComposeSource
    from minio.datatypes import Object
    from minio.deleteobjects import DeleteObject
    from minio.error import MinioException, S3Error
    from minio.helpers import check_bucket_name
except ImportError as error:
    raise NotInstalledError(
        "artifacts on S3 need the library minio", hint="pip install 'lineage-registry[s3]'"
    ) from error

from lineage_registry.artifacts import s3_multipart
from lineage_registry.artifacts.s3_errors import explain
from lineage_registry.artifacts.s3_signing import sign
from lineage_registry.artifacts.s3_staging import S3Staging
from lineage_registry.artifacts.s3_streams import ObjectStream, whole

_HEX = re.compile(r"[0-9a-f]{64}")
_MISSING = frozenset({"NoSuchKey", "NoSuchUpload", "NotFound"})
# Somebody was faster, or our key may use the bucket but not ask for it: what follows will tell.
_NOT_OURS_TO_CREATE = frozenset({"AccessDenied", "BucketAlreadyExists", "BucketAlreadyOwnedByYou"})
_NO_SUCH_RANGE = "InvalidRange"
_LOOKUPS = 16
_T = TypeVar("_T")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class S3ArtifactStore(ArtifactStore):
    """Artifacts in `bucket`, under `prefix`, with the same layout as the local folder.

    ```text
    blobs/sha256/ab/ab12...   one object for each blob, named by its digest
    staging/                  uploads whose digest is not known yet
    pins/                     what uploads keep from clean-up
    ```

    No conditional write is used: whoever loses a race to a name replaces bytes by the same bytes.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.COLLECTION})
    _names_first: ClassVar[bool] = True

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        access_key: str,
        secret_key: str,
        *,
        secure: bool = True,
        region: str | None = None,
        prefix: str = "",
        create_bucket: bool = True,
        public_url: str | None = None,
    ) -> None:
        """Remember where the artifacts are; the first use connects.

        Args:
            endpoint: Host and port, without a scheme.
            bucket: Name of the bucket.
            access_key: Who we are.
            secret_key: What proves it.
            secure: Whether to speak TLS.
            region: Saves one question to the server, if known.
            prefix: What all keys begin with; a slash is added.
            create_bucket: Whether to create the bucket if it is missing.
            public_url: `http://` or `https://`, host and port by which clients of a server reach
                the same S3: they then exchange large files with it themselves.

        Raises:
            InvalidInputError: The endpoint or the bucket cannot be the name of one.
        """
        if not endpoint or "/" in endpoint:
            raise InvalidInputError(f"not HOST or HOST:PORT: {endpoint[:100]!r}")
        self.bucket = bucket
        self._prefix = _checked_prefix(prefix)
        self._create_bucket = create_bucket
        self._connecting = threading.Lock()
        self._http = _http_pool()
        try:
            check_bucket_name(bucket)
            self._unconnected = Minio(
                endpoint,
                access_key,
                secret_key,
                secure=secure,
                region=region,
                http_client=self._http,
            )
            self._public = _public(public_url, access_key, secret_key, region)
        except ValueError as error:
            raise InvalidInputError(f"not an S3 address: {endpoint}/{bucket}: {error}") from error

    @property
    def staging(self) -> S3Staging:
        """Where a server puts the parts that clients send: `staging/`."""
        under = f"{self._prefix}staging/"
        return S3Staging(
            self._translating,
            self._client,
            self.bucket,
            public=self._public,
            under=under,
            key_of=self._key,
        )

    def _signed_url(self, digest: Digest) -> str | None:
        if self._public is None:
            return None
        key = self._key(digest)
        return sign(self._client, "GET", self.bucket, key, lifetime=SIGNED_FOR, at=self._public).url

    @property
    def _client(self) -> Minio:
        with self._connecting:
            return self._connected

    @cached_property
    def _connected(self) -> Minio:
        if self._create_bucket:
            try:
                if not self._unconnected.bucket_exists(self.bucket):
                    self._unconnected.make_bucket(self.bucket)
            except S3Error as error:
                if error.code not in _NOT_OURS_TO_CREATE:
                    raise
        return self._unconnected

    def _put(self, source: CheckedSource) -> bool:
        first = source.read_part(PART_SIZE)
        if len(first) < PART_SIZE:
            return self._put_small(source, first)
        if source.expected is None:
            return self._put_unnamed(source, first)
        self._stream(self._key(source.expected), source, first)
        return False

    def _put_small(self, source: CheckedSource, data: bytes) -> bool:
        """Send what memory already holds, under the name that is now known."""
        # Of a name that was known before it has been asked already.
        if source.expected is None and self._size(source.digest) == source.size:
            return True
        self._client.put_object(self.bucket, self._key(source.digest), io.BytesIO(data), len(data))
        return False

    def _put_unnamed(self, source: CheckedSource, first: bytes) -> bool:
        """Send under a passing name what can be read only once, then let the server copy it."""
        staging = f"{self._prefix}staging/{uuid.uuid4().hex}"
        try:
            self._stream(staging, source, first)
            existed = self._size(source.digest) == source.size
            if not existed:
                origin = ComposeSource(self.bucket, staging)
                self._client.compose_object(self.bucket, self._key(source.digest), [origin])
                self._expect(self._key(source.digest), source.size)
        finally:
            with suppress(MinioException, urllib3.exceptions.HTTPError):  # `sweep` finds the rest
                self._client.remove_object(self.bucket, staging)
        return existed

    def _stream(self, key: str, source: CheckedSource, first: bytes) -> None:
        s3_multipart.upload_stream(self._client, self.bucket, key, source, first)
        self._expect(key, source.size)

    def _upload(self, path: Path, known: Fingerprint, progress: Progress | None) -> bool:
        if len(known.parts) == 1:
            return super()._upload(path, known, progress)
        key, tell = self._key(known.digest), Meter(progress)
        for again in (True, True, False):
            upload = s3_multipart.find(self._client, self.bucket, key)
            upload = upload or s3_multipart.begin(self._client, self.bucket, key)
            try:
                self._send(path, known, upload, tell)
                break
            except S3Error as error:
                if error.code not in _MISSING or not again:
                    raise
            # Somebody else has finished the upload, or given it up.
            if self._size(known.digest) == known.size:
                tell.reach(known.size)
                return True
        self._expect(key, known.size)
        return False

    def _send(
        self, path: Path, known: Fingerprint, upload: s3_multipart.Upload, tell: Meter
    ) -> None:
        """Send the parts that are not there. What was sent stays if it is interrupted."""
        there = {
            number: part
            for number, part in s3_multipart.parts_of(self._client, upload).items()
            if number <= len(known.parts) and part.digest == known.parts[number - 1]
        }
        missing = set(range(1, len(known.parts) + 1)) - there.keys()

        def send(number: int, data: bytes, digest: Digest) -> None:
            there[number] = s3_multipart.send(self._client, upload, number, data, digest)

        send_parts(path, known, missing, send, tell.start())
        s3_multipart.complete(self._client, upload, there)

    def _expect(self, key: str, size: int) -> None:
        stored = self._client.stat_object(self.bucket, key).size
        if stored != size:
            self._client.remove_object(self.bucket, key)
            raise DigestMismatchError(f"{size} bytes were sent, the server has stored {stored}")

    def _open(self, digest: Digest) -> tuple[io.RawIOBase, int]:
        stream = ObjectStream(self._client, self.bucket, self._key(digest))
        try:
            return stream, stream.connect()
        except S3Error as error:
            if error.code not in _MISSING:
                raise
            raise missing(digest) from None

    def _open_at(self, digest: Digest, size: int | None) -> io.RawIOBase:
        size = self._size(digest) if size is None else size
        if size is None:
            raise missing(digest)

        def fetch(offset: int, length: int) -> bytes:
            try:
                return whole(self._client, self.bucket, self._key(digest), offset, length)
            except S3Error as error:
                if error.code not in _MISSING:
                    raise
                raise missing(digest) from None

        return RangeFile(size, fetch)

    def _size(self, digest: Digest) -> int | None:
        try:
            return self._client.stat_object(self.bucket, self._key(digest)).size
        except S3Error as error:
            if error.code not in _MISSING:
                raise
            return None

    def _sizes(self, digests: frozenset[Digest]) -> dict[Digest, int]:
        return _of_each(digests, self._size)

    def _heads(self, digests: frozenset[Digest], count: int) -> dict[Digest, bytes]:
        return _of_each(digests, partial(self._head, count=count))

    def _head(self, digest: Digest, count: int) -> bytes | None:
        try:
            return whole(self._client, self.bucket, self._key(digest), 0, count)
        except S3Error as error:
            if error.code == _NO_SUCH_RANGE:  # an empty object has no first byte
                return b""
            if error.code not in _MISSING:
                raise
            return None

    def _iter_digests(self) -> Iterator[Digest]:
        return (blob.digest for blob in self._iter_blobs())

    def _iter_blobs(self) -> Iterator[Blob]:
        for item in self._objects("blobs/sha256/"):
            key = item.object_name or ""
            name = key.rpartition("/")[2]
            if _HEX.fullmatch(name) and key == self._key(Digest(name)):
                yield Blob(Digest(name), item.size or 0, item.last_modified or _LONG_AGO)

    def _write_note(self, name: str, data: bytes) -> None:
        self._client.put_object(
            self.bucket, f"{self._prefix}pins/{name}", io.BytesIO(data), len(data)
        )

    def _note_names(self, prefix: str) -> Iterator[str]:
        return (key.rpartition("/")[2] for key in self._list(f"pins/{prefix}"))

    def _read_note(self, name: str) -> bytes | None:
        try:
            return whole(self._client, self.bucket, f"{self._prefix}pins/{name}")
        except S3Error as error:
            if error.code not in _MISSING:
                raise
            return None

    def _remove_note(self, name: str) -> None:
        self._client.remove_object(self.bucket, f"{self._prefix}pins/{name}")

    def _remove(self, digests: frozenset[Digest]) -> None:
        doomed = [DeleteObject(self._key(digest)) for digest in digests]
        for error in self._client.remove_objects(self.bucket, doomed):
            raise BackendError(f"cannot remove {error.name}: {error.code}: {error.message}")

    def _unfinished_uploads(self, before: datetime) -> Iterator[Leftover]:
        client = self._client
        for item in client.list_objects(self.bucket, f"{self._prefix}staging/", recursive=True):
            if item.object_name and item.last_modified and item.last_modified < before:
                remove = partial(client.remove_object, self.bucket, item.object_name)
                yield Leftover(item.size or 0, remove)
        for left in s3_multipart.unfinished(client, self.bucket, self._prefix, before):
            yield Leftover(left.size, partial(s3_multipart.abort, client, left.upload))

    def _check(self) -> None:
        # Asks for the rights that reading needs; a bucket that is merely there proves nothing.
        next(self._list("pins/"), None)

    def _close(self) -> None:
        self._http.clear()

    def _explain(self, error: Exception, action: str) -> RegistryError:
        return explain(error, action) or super()._explain(error, action)

    def _list(self, under: str) -> Iterator[str]:
        return (item.object_name for item in self._objects(under) if item.object_name)

    def _objects(self, under: str) -> Iterator[Object]:
        yield from self._client.list_objects(self.bucket, f"{self._prefix}{under}", recursive=True)

    def _key(self, digest: Digest) -> str:
        return f"{self._prefix}blobs/sha256/{digest.hex[:2]}/{digest.hex}"


def _of_each(digests: Collection[Digest], look: Callable[[Digest], _T | None]) -> dict[Digest, _T]:
    """Return what `look` finds of each, many at a time; what it does not find is left out."""
    with ThreadPoolExecutor(_LOOKUPS, "s3-lookup") as pool:
        found = zip(digests, pool.map(look, digests), strict=True)
        return {digest: what for digest, what in found if what is not None}


def _checked_prefix(prefix: str) -> str:
    parts = [part for part in prefix.split("/") if part]
    if not prefix.isprintable() or {".", ".."} & set(parts):
        raise InvalidInputError(f"not a prefix of keys: {prefix[:100]!r}")
    return "".join(f"{part}/" for part in parts)


def _public(url: str | None, access_key: str, secret_key: str, region: str | None) -> Minio | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
        raise InvalidInputError(f"not http://HOST:PORT: {url[:100]!r}")
    secure = parts.scheme == "https"
    return Minio(parts.netloc, access_key, secret_key, secure=secure, region=region)


def _http_pool() -> urllib3.PoolManager:
    # Five minutes, the default of the client, is long for somebody who waits; a server that is
    # gone is told within seconds, a slow one may take a minute for each answer.
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=5, read=60),
        maxsize=_LOOKUPS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        retries=urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
    )
