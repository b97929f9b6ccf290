"""The graph store on a Neo4j server; its statements lie in the folder `cypher/`."""
