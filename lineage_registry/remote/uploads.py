"""Large files to a server: in parts, a few at a time, past it into S3 where it offers that."""

import base64
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import BackendUnavailableError, NotFoundError
from lineage_registry.ports.uploads import Fingerprint, Meter, send_parts
from lineage_registry.remote.transport import PREFIX, Transport, json_of, not_understood

_JSON: Final = {"Content-Type": "application/json"}


class Upload:
    """One file on its way to a server; begun again, it goes on where it stopped."""

    def __init__(self, transport: Transport, path: Path, known: Fingerprint) -> None:
        self._transport = transport
        self._path = path
        self._known = known
        self._address = f"{PREFIX}/blobs/{known.digest}/upload"
        self._said = {"size": known.size, "parts": [str(part) for part in known.parts]}
        self._id = ""
        self._signs = True

    def run(self, tell: Meter) -> bool:
        """Send what is missing, and let the server make it a blob; tell if it was there.

        Raises:
            DigestMismatchError: The file is not what it was.
            BackendUnavailableError: The server, or S3, cannot be reached; run again to go on.
        """
        for again in (True, True, False):
            begun = self._ask("", self._said)
            if begun.get("existed"):
                tell.reach(self._known.size)
                return True
            self._id = str(begun["upload"])
            try:
                send_parts(self._path, self._known, begun["missing"], self._send, tell.start())
                self._ask("/finish", {**self._said, "upload": self._id})
            except NotFoundError:  # somebody else has finished it, or it was swept
                if not again:
                    raise
            else:
                return False
        return False

    def _send(self, number: int, data: bytes, digest: Digest) -> None:
        if self._signs and self._send_signed(number, data, digest):
            return
        said = base64.b64encode(bytes.fromhex(digest.hex)).decode()
        self._transport.request(
            "PUT",
            f"{self._address}/parts/{number}",
            query=f"size={self._known.size}&upload={quote(self._id, safe='')}",
            content=data,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Digest": f"sha-256=:{said}:",
            },
        )

    def _send_signed(self, number: int, data: bytes, digest: Digest) -> bool:
        document = {"size": self._known.size, "upload": self._id, "part": str(digest)}
        signed = self._ask(f"/parts/{number}/signed", document)
        if signed.get("url") is None:
            self._signs = False
            return False
        try:
            self._transport.send_elsewhere("PUT", signed["url"], signed["headers"], data)
        except BackendUnavailableError:
            self._signs = False  # the address may be none for us: the server takes bytes as well
            return False
        return True

    def _ask(self, path: str, document: Any) -> dict[str, Any]:
        answer = json_of(
            self._transport.request(
                "POST",
                self._address + path,
                content=json.dumps(document).encode(),
                headers=_JSON,
            )
        )
        if not isinstance(answer, dict):
            raise not_understood()
        return answer
