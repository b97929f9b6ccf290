"""Requests to a server: sent, repeated where that is safe, and problems read as errors."""

import json
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
    DigestMismatchError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
)
from lineage_registry.problems import error_from

PREFIX: Final = "/api/v1"
ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_SEND_AGAIN: Final = frozenset({408, 503})
"""The server was too busy, or the body did not come in time."""

_BROKEN: Final = 500
_TIMEOUT: Final = 300.0


class Transport:
    """A connection pool to one server; may be used by many threads.

    Args:
        base_url: Where the server is, `http://` or `https://`.
        token: API key; sent with every request.
        timeout: Seconds to wait for each piece of a response.
    """

    def __init__(self, base_url: str, *, token: str | None = None, timeout: float = 300.0) -> None:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._base = _address(base_url)
        self._client = _client(headers, timeout, secure=self._base.startswith("https"))

    @cached_property
    def _elsewhere(self) -> httpx2.Client:
        """A client for where the server sends us; it knows nothing that is secret."""
        return _client({"Accept-Encoding": "identity"}, _TIMEOUT, secure=True)

    def close(self) -> None:
        """Give back connections."""
        self._client.close()
        if "_elsewhere" in vars(self):
            self._elsewhere.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Return the whole response of a request that may be sent more than once.

        Raises:
            BackendUnavailableError: The server cannot be reached, or stays too busy.
            RegistryError: What the server says went wrong.
        """
        request = self.build(method, path, query=query, content=content, headers=headers)
        for attempt in range(1, ATTEMPTS):
            try:
                response = self.send(request)
            except BackendUnavailableError:
                self._rest(attempt, None)
                continue
            if response.status_code not in _SEND_AGAIN:
                return checked(response)
            self._rest(attempt, response.headers.get("retry-after"))
        return checked(self.send(request))

    def send_elsewhere(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes
    ) -> None:
        """Send a request that the server has signed for us, to where it says, without our key.

        Raises:
            BackendUnavailableError: Nobody answers there.
            NotFoundError: The upload is over.
            DigestMismatchError: The bytes are not what was signed.
            BackendError: It is refused.
        """
        for attempt in range(1, ATTEMPTS + 1):
            with translated():
                response = self._elsewhere.request(method, url, headers=headers, content=content)
            if response.is_success:
                return
            if response.status_code < _BROKEN or attempt == ATTEMPTS:
                raise _refused(response)
            self._rest(attempt, response.headers.get("retry-after"))

    def build(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        content: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Request:
        """Make a request; `path` and `query` are encoded already."""
        url = self._base + path + (f"?{query}" if query else "")
        return self._client.build_request(method, url, content=content, headers=headers)

    def send(self, request: httpx2.Request, *, stream: bool = False) -> httpx2.Response:
        """Send a request once, and return its response whatever it says.

        Raises:
            BackendUnavailableError: The server cannot be reached.
        """
        with translated():
            return self._client.send(request, stream=stream)

    def _rest(self, attempt: int, asked: str | None) -> None:
        pause = _FIRST_PAUSE * 3 ** (attempt - 1)
        if asked is not None and asked.isdigit():
            pause = max(pause, float(asked))
        time.sleep(min(pause, _LONGEST_PAUSE) * random.uniform(0.8, 1.0))  # noqa: S311


def _client(headers: Mapping[str, str], timeout: float, *, secure: bool) -> httpx2.Client:
    return httpx2.Client(
        headers=headers,
        timeout=httpx2.Timeout(timeout, connect=10.0, pool=None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        trust_env=False,
        verify=secure,  # reading the certificates takes a while
    )


def _refused(response: httpx2.Response) -> RegistryError:
    """Return what the answer of an S3 server means."""
    match = re.search(r"<Code>(\w+)</Code>", response.text)
    code = match[1] if match else str(response.status_code)
    if code == "NoSuchUpload":
        return NotFoundError("there is no such upload", hint="begin it again")
    if code in {"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}:
        return DigestMismatchError(
            "the file changed while it was sent", hint="send it again", s3_code=code
        )
    if response.status_code >= _BROKEN:
        return BackendUnavailableError(f"the S3 server answered {code}")
    return BackendError(f"the S3 server refuses: {code}", s3_code=code)


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or not text.isprintable() or " " in text or parts.query or parts.fragment:
        raise InvalidInputError(
            f"not the address of a server: {text[:100]!r}", hint="write http://HOST:PORT"
        )
    # The address of the API, as `lreg serve` prints it, is that of the server as well.
    return text.rstrip("/").removesuffix(PREFIX)


def checked(response: httpx2.Response) -> httpx2.Response:
    """Return a response that tells of success.

    Raises:
        RegistryError: It tells of a problem, as the class that the server raised.
    """
    if response.is_success:
        return response
    with translated():
        response.read()
    raise problem_in(response)


def problem_in(response: httpx2.Response) -> RegistryError:
    """Return the error that a response tells of."""
    try:
        document = json.loads(response.content)
    except ValueError:
        document = None
    if isinstance(document, dict) and "code" in document:
        return error_from({"status": response.status_code, **document})
    kind = BackendUnavailableError if response.status_code in {502, 503, 504} else BackendError
    return kind(
        f"the server answered {response.status_code} without saying why",
        hint="is this the address of a lineage registry?",
    )


def json_of(response: httpx2.Response) -> Any:
    """Return the JSON that a response holds.

    Raises:
        BackendError: It holds something else.
    """
    try:
        return json.loads(response.content)
    except ValueError as error:
        raise not_understood() from error


def not_understood() -> BackendError:
    """Make the error for an answer that is none of this API's."""
    return BackendError(
        "the server's answer cannot be read",
        hint="is this the address of a lineage registry, of this version?",
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the connection into errors of the package.

    Raises:
        BackendUnavailableError: The server cannot be reached, or went away.
        BackendError: It does not speak HTTP.
    """
    try:
        yield
    except (httpx2.TransportError, httpx2.StreamError) as error:
        said = str(error) or type(error).__name__
        raise BackendUnavailableError(
            f"cannot reach the server: {said}", hint="is it running at this address?"
        ) from error
    except httpx2.HTTPError as error:
        raise BackendError(f"the server's answer cannot be read: {error}") from error
