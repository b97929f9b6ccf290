"""Graph engines: SQLite for one machine, Neo4j for a server."""
