"""From a URL to a registry: the only place that names adapters, and imports each when needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from lineage_registry.errors import InvalidInputError
from lineage_registry.settings import Settings

if TYPE_CHECKING:
    from pydantic import SecretStr

    from lineage_registry.ports.artifacts import ArtifactStore
    from lineage_registry.ports.caches import Cache
    from lineage_registry.ports.commands import Commands
    from lineage_registry.ports.graph import GraphStore
    from lineage_registry.registry import Registry

_GRAPH_FILE: Final = "graph.sqlite"
_NEO4J: Final = frozenset(
    scheme + tail for scheme in ("neo4j", "bolt") for tail in ("", "+s", "+ssc")
)
_HINT: Final = (
    "use a folder, sqlite:PATH, memory://, neo4j://HOST, bolt://HOST or http://HOST; "
    "and a folder or s3://HOST:PORT/BUCKET for artifacts"
)


def connect(
    url: str | Path | None = None,
    *,
    artifacts: str | Path | None = None,
    actor: str | None = None,
    settings: Settings | None = None,
) -> Registry:
    """Open a registry; see `lineage_registry.connect`.

    Raises:
        InvalidInputError: The URL is of no known kind, or a setting is missing.
        BackendUnavailableError: A server cannot be reached.
        NotInstalledError: The extra that the URL needs is missing.
    """
    from lineage_registry.formats.builtin import handlers
    from lineage_registry.registry import Registry

    settings = settings or Settings.load(
        url=None if url is None else str(url),
        artifacts=None if artifacts is None else str(artifacts),
        actor=actor,
    )
    if settings.url.startswith(("http://", "https://")):
        commands, store = _remote(settings)
    else:
        commands, store = local(settings)
    return Registry(commands, store, handlers(), settings.actor, cache=_cache(settings, store))


def local(settings: Settings) -> tuple[Commands, ArtifactStore]:
    """Return the commands of a registry that is not behind HTTP, and its artifact store.

    Raises:
        InvalidInputError: The URL is of no known kind, or a setting is missing.
        BackendUnavailableError: A server cannot be reached.
    """
    from lineage_registry.formats.builtin import handlers
    from lineage_registry.services.local import LocalCommands
    from lineage_registry.services.workplace import Workplace

    artifacts = artifact_store(settings)
    try:
        graph = graph_store(settings)
    except BaseException:
        artifacts.close()
        raise
    return LocalCommands(Workplace(graph, artifacts, handlers())), artifacts


def graph_store(settings: Settings) -> GraphStore:
    """Open the graph store that the settings name; missing tables are made.

    Raises:
        InvalidInputError: The URL is of no known kind.
        BackendUnavailableError: A server cannot be reached.
    """
    if settings.url.startswith("memory:"):
        from lineage_registry.graph.sqlite.store import SqliteGraphStore

        return SqliteGraphStore.in_memory()
    parts = urlsplit(settings.url)
    if parts.scheme in _NEO4J:
        return _neo4j(settings, parts)
    from lineage_registry.graph.sqlite.store import SqliteGraphStore

    return SqliteGraphStore.open(_sqlite_file(settings.url))


def artifact_store(settings: Settings) -> ArtifactStore:
    """Open the artifact store that the settings name; by default beside an embedded graph.

    Raises:
        InvalidInputError: The URL is of no known kind, or there is none for a graph server.
    """
    if settings.artifacts is not None:
        return _artifacts(settings, settings.artifacts)
    if settings.url.startswith("memory:"):
        return _temporary_artifacts()
    if urlsplit(settings.url).scheme in _NEO4J:
        raise InvalidInputError(
            "a registry on Neo4j needs an artifact store",
            hint="set LINEAGE_REGISTRY_ARTIFACTS to a folder or s3://HOST:PORT/BUCKET",
        )
    from lineage_registry.artifacts.local import LocalArtifactStore

    return LocalArtifactStore(_beside(_sqlite_file(settings.url)))


def to_be_made(settings: Settings) -> Path | None:
    """Return the file that opening an embedded registry would make; None if none is missing.

    Raises:
        InvalidInputError: The URL is of no known kind.
    """
    elsewhere = ("memory:", "http://", "https://")
    if settings.url.startswith(elsewhere) or urlsplit(settings.url).scheme in _NEO4J:
        return None
    file = _sqlite_file(settings.url)
    return None if file.exists() else file


def places(settings: Settings) -> dict[str, str]:
    """Return where graph and artifacts lie by these settings, without opening either.

    Passwords and keys are not in it.

    Raises:
        InvalidInputError: The URL is of no known kind.
    """
    parts = urlsplit(settings.url)
    if parts.scheme in {"http", "https"}:
        graph = artifacts = f"behind the server at {parts.scheme}://{_host(parts)}{parts.path}"
    elif settings.url.startswith("memory:"):
        graph, artifacts = "in memory", "in a temporary folder"
    elif parts.scheme in _NEO4J:
        database = parts.path.strip("/") or "neo4j"
        graph, artifacts = f"{parts.scheme}://{_host(parts)}, database {database}", "not set"
    else:
        file = _sqlite_file(settings.url)
        graph, artifacts = str(file.absolute()), str(_beside(file).absolute())
    if settings.artifacts is not None and parts.scheme not in {"http", "https"}:
        said = urlsplit(settings.artifacts)
        artifacts = (
            f"s3://{_host(said)}{said.path}"
            if said.scheme == "s3"
            else str(Path(settings.artifacts.removeprefix("file://")).expanduser().absolute())
        )
    return {"graph": graph, "artifacts": artifacts}


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _remote(settings: Settings) -> tuple[Commands, ArtifactStore]:
    from lineage_registry.remote import HttpArtifactStore, HttpCommands

    token = _secret(settings.api_token)
    return (
        HttpCommands(settings.url, token=token),
        HttpArtifactStore(settings.url, token=token),
    )


def blob_cache(settings: Settings) -> Cache | None:
    """Return the cache of this machine for blobs from afar; None if it may hold nothing."""
    from lineage_registry.artifacts.blob_cache import BlobCache
    from lineage_registry.registry.known_digests import cache_folder

    if not settings.cache_size:
        return None
    try:
        folder = cache_folder() if settings.cache is None else Path(settings.cache).expanduser()
    except RuntimeError:  # a user without a home
        return None
    return BlobCache(folder / "artifacts", settings.cache_size)


def _cache(settings: Settings, store: ArtifactStore) -> Cache | None:
    from lineage_registry.ports.artifacts import Capability

    return None if Capability.LOCAL_PATHS in store.capabilities else blob_cache(settings)


def _neo4j(settings: Settings, parts: SplitResult) -> GraphStore:
    from lineage_registry.graph.neo4j.store import Neo4jGraphStore

    user = unquote(parts.username) if parts.username else settings.neo4j_user or "neo4j"
    password = unquote(parts.password) if parts.password else _secret(settings.neo4j_password)
    if password is None:
        raise InvalidInputError(
            "there is no password for Neo4j", hint="set LINEAGE_REGISTRY_NEO4J_PASSWORD"
        )
    host = parts.netloc.rpartition("@")[2]
    return Neo4jGraphStore.connect(
        f"{parts.scheme}://{host}",
        user=user,
        password=password,
        database=parts.path.strip("/") or "neo4j",
    )


def _artifacts(settings: Settings, text: str) -> ArtifactStore:
    if text.startswith("s3:"):
        return _s3(settings, urlsplit(text))
    if "://" in text and not text.startswith("file://"):
        raise InvalidInputError(f"not an artifact store: {text!r}", hint=_HINT)
    from lineage_registry.artifacts.local import LocalArtifactStore

    return LocalArtifactStore(Path(text.removeprefix("file://")).expanduser())


def _s3(settings: Settings, parts: SplitResult) -> ArtifactStore:
    from lineage_registry.artifacts.s3 import S3ArtifactStore

    bucket, _, prefix = parts.path.strip("/").partition("/")
    access_key, secret_key = _secret(settings.s3_access_key), _secret(settings.s3_secret_key)
    if not bucket or access_key is None or secret_key is None:
        raise InvalidInputError(
            "an S3 artifact store needs a bucket, an access key and a secret key",
            hint="write s3://HOST:PORT/BUCKET and set LINEAGE_REGISTRY_S3_ACCESS_KEY and "
            "LINEAGE_REGISTRY_S3_SECRET_KEY",
        )
    secure = parse_qs(parts.query).get("secure", ["true"])[-1].lower() != "false"
    return S3ArtifactStore(
        parts.netloc,
        bucket,
        access_key,
        secret_key,
        secure=secure,
        region=settings.s3_region,
        prefix=prefix,
        public_url=settings.s3_public_url,
    )


def _temporary_artifacts() -> ArtifactStore:
    from lineage_registry.artifacts.local import LocalArtifactStore

    class TemporaryArtifactStore(LocalArtifactStore):
        """A folder that goes when the store is closed."""

        def _close(self) -> None:
            super()._close()
            shutil.rmtree(folder, ignore_errors=True)

    folder = tempfile.mkdtemp(prefix="lineage-registry-")
    return TemporaryArtifactStore(Path(folder))


def _sqlite_file(url: str) -> Path:
    text = url.removeprefix("sqlite:")
    text = text.removeprefix("//")
    if "://" in text or "\0" in text or not text:
        raise InvalidInputError(f"not a registry: {url!r}", hint=_HINT)
    try:
        path = Path(text).expanduser()
        os.fsencode(path)
        is_file = path.suffix in {".db", ".sqlite", ".sqlite3"} or path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # too long, or of a user that is not
        raise InvalidInputError(f"not a registry: {url[:200]!r}", hint=_HINT) from error
    return path if is_file else path / _GRAPH_FILE


def _beside(file: Path) -> Path:
    """Return where the artifacts of an embedded graph are."""
    own_folder = file.name == _GRAPH_FILE
    return file.parent / "artifacts" if own_folder else file.with_name(f"{file.name}.artifacts")


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
