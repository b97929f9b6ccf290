"""Uploading a stream to S3 in parts, a few at once, visible only when all of it was right.

`Minio.put_object` can nearly do it, but when its source raises it aborts while its threads still
send parts - which stay behind on the server, unseen and paid for - and never ends those threads.
So the five calls of the multipart protocol are made here. The client library keeps them private;
this file is the only one that knows.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime

import urllib3
from minio import Minio
from minio.datatypes import Part
from minio.error import MinioException

from lineage_registry.ports.byte_streams import CheckedSource

PART_SIZE = 16 * 1024 * 1024
_SENDERS = 3
_MOST_PARTS = 10_000
_PARTS_PER_STEP = 2_000


def upload(client: Minio, bucket: str, key: str, source: CheckedSource, first: bytes) -> None:
    """Store `first` and the rest of `source` as one object; nothing is stored if reading raises.

    Memory holds at most one part more than there are senders.
    """
    upload_id = client._create_multipart_upload(bucket, key, {})  # noqa: SLF001
    try:
        parts = _send_parts(client, bucket, key, upload_id, _parts(source, first))
        client._complete_multipart_upload(bucket, key, upload_id, parts)  # noqa: SLF001
    except BaseException:
        abort(client, bucket, key, upload_id)
        raise


def abort(client: Minio, bucket: str, key: str, upload_id: str) -> None:
    """Remove the parts of an unfinished upload, as far as the server can be reached."""
    with suppress(MinioException, urllib3.exceptions.HTTPError):  # `sweep` comes back to them
        client._abort_multipart_upload(bucket, key, upload_id)  # noqa: SLF001


def unfinished(client: Minio, bucket: str, prefix: str, before: datetime) -> list[tuple[str, str]]:
    """List key and upload id of the uploads under `prefix` that began before then."""
    marker: str | None = None
    found = []
    while True:
        # MinIO answers only for a whole bucket or one whole key, so the prefix is looked at here.
        page = client._list_multipart_uploads(bucket, key_marker=marker)  # noqa: SLF001
        for item in page.uploads:
            old = item.initiated_time is not None and item.initiated_time < before
            if old and item.upload_id and item.object_name.startswith(prefix):
                found.append((item.object_name, item.upload_id))
        marker = page.next_key_marker
        if not page.is_truncated or not marker:
            return found


def _send_parts(
    client: Minio, bucket: str, key: str, upload_id: str, parts: Iterator[bytes]
) -> list[Part]:
    def send(number: int, data: bytes) -> Part:
        etag = client._upload_part(bucket, key, data, None, upload_id, number)  # noqa: SLF001
        return Part(number, etag)

    sent: list[Part] = []
    waiting: set[Future[Part]] = set()
    with ThreadPoolExecutor(_SENDERS, "s3-part") as pool:
        for number, data in enumerate(parts, start=1):
            waiting.add(pool.submit(send, number, data))
            if len(waiting) == _SENDERS:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                sent += [part.result() for part in done]
        sent += [part.result() for part in waiting]
    return sorted(sent, key=lambda part: part.part_number)


def _parts(source: CheckedSource, first: bytes) -> Iterator[bytes]:
    yield first
    number = 1
    while data := source.read_part(_part_size(source.promised_size, number)):
        yield data
        number += 1


def _part_size(total: int | None, number: int) -> int:
    """Choose so that 10,000 parts, the most that S3 takes, are enough for 5 TiB."""
    if total is not None:
        return max(PART_SIZE, -(-total // (_MOST_PARTS - 2)))
    return PART_SIZE << (2 * (number // _PARTS_PER_STEP))
