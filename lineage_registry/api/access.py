"""Who may ask: API keys, host names, and which addresses need them."""

import hashlib
import ipaddress
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import unquote

from starlette.datastructures import Headers

from lineage_registry.domain.names import parse_text
from lineage_registry.errors import InvalidInputError, NotAuthenticatedError, NotPermittedError

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""The only paths that are answered to anybody; every other one, known or not, needs a key."""

ANONYMOUS: Final = "anonymous"
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


class Access:
    """Tells who asks.

    Without keys whoever can reach the server is believed (header `X-Actor`): for one person on
    one machine.
    """

    def __init__(self, api_keys: Mapping[str, str] | None, allowed_hosts: Collection[str]) -> None:
        # Looked up by hash: the time that takes says nothing about how much of a token was right.
        self._actors = {_hashed(token): actor for token, actor in (api_keys or {}).items()}
        self._hosts = frozenset(host.lower() for host in allowed_hosts)

    @property
    def needs_key(self) -> bool:
        """Whether requests are answered only to holders of a key."""
        return bool(self._actors)

    def check_host(self, headers: Headers) -> None:
        """Return if the request names this host: one that a foreign web page sent does not.

        Raises:
            NotPermittedError: It names another one.
        """
        if "*" in self._hosts:
            return
        host = headers.get("host", "").lower()
        if host not in self._hosts and _without_port(host) not in self._hosts:
            raise NotPermittedError(
                "this server does not answer to that host name",
                hint="set LINEAGE_REGISTRY_ALLOWED_HOSTS to the names it is reached by",
            )

    def actor(self, path: str, headers: Headers) -> str:
        """Return who asks.

        Raises:
            NotAuthenticatedError: A key is needed, and there is none, or one that nobody has.
            InvalidInputError: The name of the actor cannot be read.
        """
        if not self._actors:
            return _claimed(headers.get("x-actor"))
        if path in OPEN_PATHS:
            return ANONYMOUS
        scheme, _, token = headers.get("authorization", "").partition(" ")
        actor = self._actors.get(_hashed(token.strip()))
        if scheme.lower() != "bearer" or actor is None or _repeated(headers):
            given = "authorization" in headers
            raise NotAuthenticatedError(
                "this is no API key of the server" if given else "an API key is needed",
                hint="set LINEAGE_REGISTRY_API_TOKEN, or send Authorization: Bearer TOKEN",
            )
        return actor


def check_bind(host: str, *, has_keys: bool, insecure: bool = False) -> None:
    """Return if a server may listen on this address.

    Args:
        host: Address or name to listen on.
        has_keys: Whether it asks for API keys.
        insecure: Let it be reached from elsewhere although it does not.

    Raises:
        NotPermittedError: Anybody who can reach this machine could write to the registry.
    """
    if has_keys or insecure or is_loopback(host):
        return
    raise NotPermittedError(
        f"without API keys the server listens on this machine only, not on {host}",
        hint="set LINEAGE_REGISTRY_API_KEYS=token=actor,... or say that you want it insecure",
    )


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _claimed(value: str | None) -> str:
    if not value:
        return ANONYMOUS
    try:
        name = parse_text(unquote(value.encode("latin-1").decode("utf-8"), errors="strict"))
    except UnicodeDecodeError:
        name = ""
    if not 0 < len(name) <= 200 or not name.isprintable():
        raise InvalidInputError("X-Actor is no name", hint="percent-encode what is not ASCII")
    return name


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _repeated(headers: Headers) -> bool:
    return len(headers.getlist("authorization")) > 1


def _without_port(host: str) -> str:
    name, mark, port = host.rpartition(":")
    return name if mark and port.isdigit() else host
