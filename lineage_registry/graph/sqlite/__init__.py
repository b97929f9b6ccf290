"""The embedded graph engine: one SQLite file, several threads and processes."""

from lineage_registry.graph.sqlite.store import SqliteGraphStore

__all__ = ["SqliteGraphStore"]
