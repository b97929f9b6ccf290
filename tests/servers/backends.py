"""Where a server comes from: a container where a Docker daemon answers, else a process."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.addresses import Neo4jAddress, S3Address
from tests.servers.cache import REPOSITORY
from tests.servers.minio import MinioServer
from tests.servers.neo4j import Neo4jServer
from tests.servers.versions import NEO4J

NEO4J_IMAGE = f"neo4j:{NEO4J['5']}-community"


def docker_answers() -> bool:
    """Tell whether there is a Docker daemon to start containers with."""
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return False
    from docker.client import DockerClient
    from docker.errors import DockerException

    try:
        client = DockerClient.from_env(timeout=5)
        client.ping()
        client.close()
    except DockerException:
        return False
    return True


@contextmanager
def open_neo4j(line: str) -> Iterator[Neo4jAddress]:
    """Run a Neo4j for as long as the block lasts."""
    if line == "5" and docker_answers():
        with _neo4j_container() as address:
            yield address
    else:
        with Neo4jServer(line) as server:
            yield server.address


@contextmanager
def open_s3() -> Iterator[S3Address]:
    """Run a MinIO for as long as the block lasts."""
    if docker_answers():
        with _minio_container() as address:
            yield address
    else:
        with MinioServer() as server:
            yield server.address


@contextmanager
def _neo4j_container() -> Iterator[Neo4jAddress]:
    from testcontainers.community.neo4j import Neo4jContainer

    password = secrets.token_urlsafe(18)
    with Neo4jContainer(NEO4J_IMAGE, username="neo4j", password=password) as container:
        yield Neo4jAddress(container.get_connection_url(), "neo4j", password)


@contextmanager
def _minio_container() -> Iterator[S3Address]:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.image import DockerImage
    from testcontainers.core.wait_strategies import HttpWaitStrategy

    access_key, secret_key = f"test-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    with (
        DockerImage(REPOSITORY / "docker" / "minio", tag="lineage-minio:test") as image,
        DockerContainer(str(image))
        .with_exposed_ports(9000)
        .with_env("MINIO_ROOT_USER", access_key)
        .with_env("MINIO_ROOT_PASSWORD", secret_key)
        .waiting_for(HttpWaitStrategy(9000, "/minio/health/ready")) as container,
    ):
        endpoint = f"{container.get_container_host_ip()}:{container.get_exposed_port(9000)}"
        yield S3Address(endpoint, access_key, secret_key)
