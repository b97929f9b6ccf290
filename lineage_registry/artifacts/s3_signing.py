"""URLs that allow one request, of one kind, for a while: AWS Signature Version 4 in the query.

`Minio.get_presigned_url` signs the host alone. Here the headers that are given are signed, too:
an upload is bound to its length and its SHA-256, and S3 refuses every other one.
(https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html)
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlunsplit

from minio import Minio, signer

from lineage_registry.domain.digests import Digest
from lineage_registry.ports.staging import Signed

CHECKSUM = "x-amz-checksum-sha256"


def checksum(digest: Digest) -> str:
    """Return a digest as S3 writes checksums."""
    return base64.b64encode(bytes.fromhex(digest.hex)).decode()


def bound(size: int, digest: Digest) -> dict[str, str]:
    """Return the headers that bind an upload to its length and digest."""
    return {"content-length": str(size), CHECKSUM: checksum(digest)}


def sign(
    client: Minio,
    method: str,
    bucket: str,
    key: str,
    *,
    lifetime: timedelta,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    at: Minio | None = None,
) -> Signed:
    """Return a URL for one request; the headers have to be sent as they are signed.

    With `at` the URL has the address of that client, which need not be reachable from here.

    Raises:
        S3Error: The region of the bucket is not known, and cannot be asked for.
    """
    region = client._get_region(bucket)  # noqa: SLF001
    credentials = client._provider.retrieve()  # type: ignore[union-attr]  # noqa: SLF001
    now, given = datetime.now(UTC), dict(headers or {})
    scope = signer._get_scope(now, region, "s3")  # noqa: SLF001
    wanted: dict[str, str | list[str] | tuple[str]] = {
        **(query or {}),
        "X-Amz-Algorithm": signer.SIGN_V4_ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key}/{scope}",
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": str(int(lifetime.total_seconds())),
        "X-Amz-SignedHeaders": ";".join(sorted({"host", *given})),
    }
    url = (at or client)._base_url.build(  # noqa: SLF001
        method=method, region=region, bucket_name=bucket, object_name=key, query_params=wanted
    )
    hashed, _ = signer._get_canonical_request_hash(  # noqa: SLF001
        method, url, {"host": url.netloc, **given}, "UNSIGNED-PAYLOAD"
    )
    signature = signer._get_signature(  # noqa: SLF001
        signer._get_signing_key(credentials.secret_key, now, region, "s3"),  # noqa: SLF001
        signer._get_string_to_sign(now, scope, hashed),  # noqa: SLF001
    )
    return Signed(f"{urlunsplit(url)}&X-Amz-Signature={signature}", given)
