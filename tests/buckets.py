"""Buckets of the S3 that the tests have: as an artifact store, and past it."""

import uuid
from typing import Any

from minio import Minio

from lineage_registry.artifacts.s3 import S3ArtifactStore
from tests.servers import S3Address


def store_in(address: S3Address, bucket: str, **changes: Any) -> S3ArtifactStore:
    """Return a store of its own in a bucket; what is given replaces what it would be made with."""
    given: dict[str, Any] = {
        "endpoint": address.endpoint,
        "bucket": bucket,
        "access_key": address.access_key,
        "secret_key": address.secret_key,
        "secure": address.secure,
        "prefix": uuid.uuid4().hex,
    }
    return S3ArtifactStore(**(given | changes))


def url_of(address: S3Address) -> str:
    """Return how a client reaches the server."""
    return f"{'https' if address.secure else 'http'}://{address.endpoint}"


def client_of(address: S3Address) -> Minio:
    """Return the bare client of the server."""
    return Minio(address.endpoint, address.access_key, address.secret_key, secure=address.secure)
