"""Uploads in parts into a bucket; clients who hold nothing but a signed URL may send them."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

import urllib3
from minio import Minio
from minio.commonconfig import ComposeSource
from minio.error import MinioException, S3Error

from lineage_registry.artifacts import s3_multipart
from lineage_registry.artifacts.s3_signing import bound, sign
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import DigestMismatchError
from lineage_registry.ports.byte_streams import CHUNK
from lineage_registry.ports.staging import (
    SIGNED_FOR,
    Guard,
    Signed,
    Staged,
    Staging,
    demand_all,
    over,
)
from lineage_registry.ports.uploads import Fingerprint

_OVER: Final = frozenset({"NoSuchUpload", "NoSuchKey"})


class S3Staging(Staging):
    """Multipart uploads to keys below `under`, which no reader looks at.

    Args:
        client: Reaches the bucket from here.
        bucket: Name of the bucket.
        public: Knows the address by which clients reach the bucket, if they do.
        under: What the keys begin with.
        key_of: Returns the key of a blob.
    """

    def __init__(
        self,
        guard: Guard,
        client: Minio,
        bucket: str,
        *,
        public: Minio | None,
        under: str,
        key_of: Callable[[Digest], str],
    ) -> None:
        super().__init__(guard)
        self._client = client
        self._public = public
        self._bucket = bucket
        self._under = under
        self._key_of = key_of

    def _begin(self, name: str) -> Staged:
        key = self._under + name
        upload = s3_multipart.find(self._client, self._bucket, key)
        if upload is None:
            return Staged(s3_multipart.begin(self._client, self._bucket, key).id, {})
        parts = s3_multipart.parts_of(self._client, upload)
        return Staged(upload.id, _digests(parts))

    def _put_part(self, name: str, id_: str, number: int, data: bytes, digest: Digest) -> None:
        with _over_or_not():
            s3_multipart.send(self._client, self._upload(name, id_), number, data, digest)

    def _sign_part(
        self, name: str, id_: str, number: int, size: int, digest: Digest
    ) -> Signed | None:
        if self._public is None:
            return None
        return sign(
            self._client,
            "PUT",
            self._bucket,
            self._under + name,
            lifetime=SIGNED_FOR,
            query={"partNumber": str(number), "uploadId": id_},
            headers=bound(size, digest),
            at=self._public,
        )

    def _finish(self, name: str, id_: str, known: Fingerprint) -> None:
        # What came is read once, and exactly that is copied to the place of the blob.
        upload = self._upload(name, id_)
        try:
            self._complete(upload, known)
        except S3Error as error:
            if error.code not in _OVER:
                raise
            # Another server may be reading what came, or ended while it did: the same is done here.
        with _over_or_not():
            self._promote(upload.key, known)

    def _complete(self, upload: s3_multipart.Upload, known: Fingerprint) -> None:
        parts = s3_multipart.parts_of(self._client, upload)
        demand_all(known, _digests(parts))
        wanted = {number: parts[number] for number in range(1, len(known.parts) + 1)}
        s3_multipart.complete(self._client, upload, wanted)

    def _promote(self, key: str, known: Fingerprint) -> None:
        try:
            etag = self._checked(key, known)
            # Another upload of the same name may end just now: only what was read is copied.
            origin = ComposeSource(self._bucket, key, match_etag=etag)
            self._client.compose_object(self._bucket, self._key_of(known.digest), [origin])
        finally:
            with suppress(MinioException, urllib3.exceptions.HTTPError):  # `sweep` finds the rest
                self._client.remove_object(self._bucket, key)

    def _give_up(self, name: str, id_: str) -> None:
        s3_multipart.abort(self._client, self._upload(name, id_))

    def _checked(self, key: str, known: Fingerprint) -> str:
        """Read an object from start to end, and return the ETag of what was read."""
        response = self._client.get_object(self._bucket, key)
        try:
            hashed, size = hashlib.sha256(), 0
            for data in iter(partial(response.read, CHUNK), b""):
                hashed.update(data)
                size += len(data)
        finally:
            response.close()
            response.release_conn()
        if (hashed.hexdigest(), size) != (known.digest.hex, known.size):
            raise DigestMismatchError(
                f"the parts together are not {known.digest}", found=f"sha256:{hashed.hexdigest()}"
            )
        return str(response.headers["ETag"]).strip('"')

    def _upload(self, name: str, id_: str) -> s3_multipart.Upload:
        return s3_multipart.Upload(self._bucket, self._under + name, id_)


def _digests(parts: dict[int, s3_multipart.Part]) -> dict[int, Digest]:
    return {number: part.digest for number, part in parts.items() if part.digest is not None}


@contextmanager
def _over_or_not() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code not in _OVER:
            raise
        raise over() from None
