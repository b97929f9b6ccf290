"""Real servers without Docker: Neo4j from Maven, MinIO built with Go, on free loopback ports."""

from tests.servers.addresses import Neo4jAddress, S3Address
from tests.servers.minio import MinioServer
from tests.servers.neo4j import BENCHMARK, BRIEF, Neo4jServer, Neo4jTuning
from tests.servers.process import ServerError

__all__ = [
    "BENCHMARK",
    "BRIEF",
    "MinioServer",
    "Neo4jAddress",
    "Neo4jServer",
    "Neo4jTuning",
    "S3Address",
    "ServerError",
]
