"""The pinned servers, in one place; docker-compose.yml and docker/ are tested against it."""

NEO4J = {"5": "5.26.30", "2026": "2026.08.1"}
"""Neo4j by line: the long-term one that the tests run on, and the newest."""

NEO4J_JAVA = {"5": range(17, 22), "2026": range(25, 26)}

MINIO = "v0.0.0-20260212201848-7aac2a2c5b7c"
"""The last state of the archived repository: no image of it was ever published."""
