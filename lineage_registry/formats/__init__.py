"""Format handlers."""
