"""The HTTP API: `create_app` makes it, `serve` runs it."""

from lineage_registry.api.access import check_bind, is_loopback
from lineage_registry.api.app import create_app
from lineage_registry.api.server import make_server, serve

__all__ = ["check_bind", "create_app", "is_loopback", "make_server", "serve"]
