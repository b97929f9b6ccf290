"""What every folder shares: the real servers (`neo4j_server`, `s3_server`), and patience."""

from hypothesis import settings

pytest_plugins = ["tests.servers.pytest_plugin"]

# How long an example takes says what else the machine does, not what the code does.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
