"""Uploads to S3 in parts, a few at once, visible only when all of it was right.

`Minio.put_object` can nearly do it, but when its source raises it aborts while its threads still
send parts - which stay behind on the server, unseen and paid for - and never ends those threads;
it cannot go on with an upload either. So the calls of the multipart protocol are made here. Each
part is bound to its SHA-256, which the server checks and tells again when it lists the parts. The
client library keeps these calls private; this file and `s3_signing` are the only ones that know.
"""

import base64
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error

from lineage_registry.artifacts.s3_signing import bound, checksum, sign
from lineage_registry.domain.digests import Digest
from lineage_registry.ports.byte_streams import CheckedSource
from lineage_registry.ports.uploads import PART_SIZE, part_size_of

_SENDERS = 3
_PARTS_PER_STEP = 2_000
_LIFETIME = timedelta(minutes=15)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Upload(NamedTuple):
    """An upload of which parts may be there."""

    bucket: str
    key: str
    id: str


class Part(NamedTuple):
    """A part that is there; its digest is None where the server computed none."""

    etag: str
    digest: Digest | None
    size: int
    stored_at: datetime


class Unfinished(NamedTuple):
    """An upload that nobody finished, and the bytes of its parts."""

    upload: Upload
    size: int


def begin(client: Minio, bucket: str, key: str) -> Upload:
    """Begin an upload whose parts are checked by SHA-256."""
    headers: dict[str, str | list[str] | tuple[str]] = {"x-amz-checksum-algorithm": "SHA256"}
    id_ = client._create_multipart_upload(bucket, key, headers)  # noqa: SLF001
    return Upload(bucket, key, id_)


def find(client: Minio, bucket: str, key: str) -> Upload | None:
    """Return the upload to this key that began last, if there is one."""
    found = client._list_multipart_uploads(bucket, prefix=key).uploads  # noqa: SLF001
    begun = [
        (item.initiated_time or _LONG_AGO, item.upload_id)
        for item in found
        if item.object_name == key and item.upload_id
    ]
    return Upload(bucket, key, max(begun)[1]) if begun else None


def parts_of(client: Minio, upload: Upload) -> dict[int, Part]:
    """Return the parts that are there."""
    found: dict[int, Part] = {}
    marker = "0"
    while True:
        response = client._execute(  # noqa: SLF001
            "GET",
            upload.bucket,
            upload.key,
            query_params={"uploadId": upload.id, "part-number-marker": marker},
        )
        page = ET.fromstring(response.data)  # noqa: S314 - the server that holds all our bytes
        for item in page.iterfind("{*}Part"):
            found[int(_text(item, "PartNumber"))] = _part(item)
        if _text(page, "IsTruncated") != "true":
            return found
        marker = _text(page, "NextPartNumberMarker")


def send(client: Minio, upload: Upload, number: int, data: bytes, digest: Digest) -> Part:
    """Send a part; the server refuses it if its bytes have another digest."""
    signed = sign(
        client,
        "PUT",
        upload.bucket,
        upload.key,
        lifetime=_LIFETIME,
        query={"partNumber": str(number), "uploadId": upload.id},
        headers=bound(len(data), digest),
    )
    response = client._http.urlopen(  # noqa: SLF001
        "PUT", signed.url, body=data, headers=signed.headers
    )
    if response.status != 200:
        raise _error(response)
    return Part(response.headers["ETag"].strip('"'), digest, len(data), datetime.now(UTC))


def complete(client: Minio, upload: Upload, parts: Mapping[int, Part]) -> None:
    """Make the object visible that the parts make together."""
    element = ET.Element("CompleteMultipartUpload")
    for number, part in sorted(parts.items()):
        item = ET.SubElement(element, "Part")
        ET.SubElement(item, "PartNumber").text = str(number)
        ET.SubElement(item, "ETag").text = f'"{part.etag}"'
        if part.digest is not None:
            ET.SubElement(item, "ChecksumSHA256").text = checksum(part.digest)
    response = client._execute(  # noqa: SLF001
        "POST",
        upload.bucket,
        upload.key,
        body=ET.tostring(element),
        headers={"Content-Type": "application/xml"},
        query_params={"uploadId": upload.id},
    )
    if ET.fromstring(response.data).tag.endswith("Error"):  # noqa: S314 - S3 answers 200 first
        raise _error(response)


def abort(client: Minio, upload: Upload) -> None:
    """Remove the parts of an unfinished upload, as far as the server can be reached."""
    with suppress(MinioException, urllib3.exceptions.HTTPError):  # `sweep` comes back to them
        client._abort_multipart_upload(*upload)  # noqa: SLF001


def upload_stream(
    client: Minio, bucket: str, key: str, source: CheckedSource, first: bytes
) -> None:
    """Store `first` and the rest of `source` as one object; nothing is stored if reading raises.

    Memory holds at most one part more than there are senders.
    """
    upload = begin(client, bucket, key)
    try:
        complete(client, upload, _send_all(client, upload, _cut(source, first)))
    except BaseException:
        abort(client, upload)
        raise


def unfinished(client: Minio, bucket: str, prefix: str, before: datetime) -> Iterator[Unfinished]:
    """Walk over the uploads under `prefix` to which nothing was added since then."""
    for upload in list(_begun(client, bucket, prefix, before)):
        with suppress(S3Error):  # finished or aborted meanwhile
            parts = parts_of(client, upload).values()
            if all(part.stored_at < before for part in parts):
                yield Unfinished(upload, sum(part.size for part in parts))


def _begun(client: Minio, bucket: str, prefix: str, before: datetime) -> Iterator[Upload]:
    marker: str | None = None
    while True:
        # MinIO answers only for a whole bucket or one whole key, so the prefix is looked at here.
        page = client._list_multipart_uploads(bucket, key_marker=marker)  # noqa: SLF001
        for item in page.uploads:
            old = item.initiated_time is not None and item.initiated_time < before
            if old and item.upload_id and item.object_name.startswith(prefix):
                yield Upload(bucket, item.object_name, item.upload_id)
        marker = page.next_key_marker
        if not page.is_truncated or not marker:
            return


def _send_all(client: Minio, upload: Upload, parts: Iterable[bytes]) -> dict[int, Part]:
    def work(number: int, data: bytes) -> tuple[int, Part]:
        return number, send(client, upload, number, data, Digest.of(data))

    sent: dict[int, Part] = {}
    waiting: set[Future[tuple[int, Part]]] = set()
    with ThreadPoolExecutor(_SENDERS, "s3-part") as pool:
        for number, data in enumerate(parts, start=1):
            waiting.add(pool.submit(work, number, data))
            if len(waiting) == _SENDERS:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                sent.update(part.result() for part in done)
        sent.update(part.result() for part in waiting)
    return sent


def _cut(source: CheckedSource, first: bytes) -> Iterator[bytes]:
    yield first
    number = 1
    while data := source.read_part(_part_size(source.promised_size, number)):
        yield data
        number += 1


def _part_size(total: int | None, number: int) -> int:
    """Choose so that 10,000 parts, the most that S3 takes, are enough for 5 TiB."""
    if total is not None:
        return part_size_of(total)
    return PART_SIZE << (2 * (number // _PARTS_PER_STEP))


def _part(item: ET.Element) -> Part:
    said = item.findtext("{*}ChecksumSHA256")
    digest = Digest(base64.b64decode(said).hex()) if said else None
    at = datetime.fromisoformat(_text(item, "LastModified"))
    return Part(_text(item, "ETag").strip('"'), digest, int(_text(item, "Size")), at)


def _text(item: ET.Element, name: str) -> str:
    return item.findtext(f"{{*}}{name}") or ""


def _error(response: urllib3.BaseHTTPResponse) -> Exception:
    if "application/xml" in response.headers.get("content-type", "") and response.data:
        return S3Error.fromxml(response)
    kind = response.headers.get("content-type") or ""
    return InvalidResponseError(response.status, kind, response.data.decode(errors="replace"))
