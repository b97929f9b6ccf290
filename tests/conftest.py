"""Fixtures that every folder shares: the real servers (`neo4j_server`, `s3_server`)."""

pytest_plugins = ["tests.servers.pytest_plugin"]
