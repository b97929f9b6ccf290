"""What the answers of an S3 server, or its silence, mean to us."""

import urllib3
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
    DigestMismatchError,
    RegistryError,
    StorageFullError,
)

_BUSY = frozenset(
    {
        "InternalError",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "XMinioServerNotInitialized",
    }
)
_FULL = frozenset(
    {"EntityTooLarge", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull"}
)
_CHANGED = frozenset({"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_HINTS = {
    "AccessDenied": "check both keys, and that they may read and write in the bucket",
    "InvalidAccessKeyId": "check the access key",
    "SignatureDoesNotMatch": "check the secret key",
    "RequestTimeTooSkewed": "set this machine's clock",
    "NoSuchBucket": "create the bucket, or check its name",
    "AuthorizationHeaderMalformed": "check the region",
}


def explain(error: Exception, action: str) -> RegistryError | None:
    """Return what to raise instead of `error`; None if it comes from elsewhere."""
    if isinstance(error, S3Error):
        return _explain_answer(error, action)
    if isinstance(error, urllib3.exceptions.HTTPError):
        return BackendUnavailableError(
            f"cannot {action}: no answer from the S3 server: {error}",
            hint="check the address and that the server runs",
        )
    if isinstance(error, ServerError) and error.status_code >= 500:
        return BackendUnavailableError(f"cannot {action}: {error}")
    if isinstance(error, InvalidResponseError):
        return BackendError(
            f"cannot {action}: {error}", hint="is this the address of an S3 server?"
        )
    if isinstance(error, MinioException):
        return BackendError(f"cannot {action}: {error}")
    return None


def _explain_answer(error: S3Error, action: str) -> RegistryError:
    text = f"cannot {action}: {error.code}: {error.message}"
    if error.code in _BUSY:
        return BackendUnavailableError(text, hint="try again in a moment")
    if error.code in _CHANGED:
        return DigestMismatchError(text, hint="the file changed while it was sent: send it again")
    if error.code in _FULL:
        return StorageFullError(text, hint="make room on the server or raise its quota")
    return BackendError(text, hint=_HINTS.get(error.code or ""), s3_code=error.code)
