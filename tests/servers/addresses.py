"""Where a running server is and how to log in to it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Neo4jAddress:
    """A Neo4j that answers."""

    uri: str
    user: str
    password: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        uri = environment.get("LINEAGE_NEO4J_URI")
        if not uri:
            return None
        user = environment.get("LINEAGE_NEO4J_USER", "neo4j")
        return cls(uri, user, environment.get("LINEAGE_NEO4J_PASSWORD", ""))

    def to_environment(self) -> dict[str, str]:
        return {
            "LINEAGE_NEO4J_URI": self.uri,
            "LINEAGE_NEO4J_USER": self.user,
            "LINEAGE_NEO4J_PASSWORD": self.password,
        }


@dataclass(frozen=True, slots=True)
class S3Address:
    """An S3 server that answers; `endpoint` is HOST:PORT, as the minio client wants it."""

    endpoint: str
    access_key: str
    secret_key: str
    secure: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        url = environment.get("LINEAGE_S3_URL")
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError(f"LINEAGE_S3_URL must look like http://host:port, not {url!r}")
        return cls(
            parts.netloc,
            environment.get("LINEAGE_S3_ACCESS_KEY", ""),
            environment.get("LINEAGE_S3_SECRET_KEY", ""),
            secure=parts.scheme == "https",
        )

    def to_environment(self) -> dict[str, str]:
        scheme = "https" if self.secure else "http"
        return {
            "LINEAGE_S3_URL": f"{scheme}://{self.endpoint}",
            "LINEAGE_S3_ACCESS_KEY": self.access_key,
            "LINEAGE_S3_SECRET_KEY": self.secret_key,
        }
