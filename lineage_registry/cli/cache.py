"""The cache of this machine for what comes from S3 or a server."""

from typing import TYPE_CHECKING

from lineage_registry.cli import output
from lineage_registry.cli.options import options
from lineage_registry.cli.session import settings
from lineage_registry.cli.views import Cell, Fields, Line
from lineage_registry.cli.words import plural, size

if TYPE_CHECKING:
    from lineage_registry.ports.caches import Cache, CacheState


def show() -> None:
    """Show what the cache of this machine holds, and how much it may."""
    cache = _cache()
    _say(None if cache is None else cache.state())


def clear() -> None:
    """Empty the cache of this machine; what is being read is read to its end."""
    cache = _cache()
    before = None if cache is None else cache.state()
    if cache is not None:
        cache.clear()
    if before is not None:
        output.done(f"removed {plural(before.blobs, 'blob')}, {size(before.bytes)}")
    _say(None if cache is None else cache.state())


def _cache() -> "Cache | None":
    from lineage_registry.bootstrap import blob_cache

    return blob_cache(settings())


def _say(state: "CacheState | None") -> None:
    if options().for_programs:
        said = {} if state is None else {**state._asdict(), "folder": str(state.folder)}
        output.emit_json({"enabled": state is not None, **said})
        return
    if state is None:
        output.show([Line(Cell("there is no cache: cache_size is 0", "dim"))])
        return
    output.show(
        [
            Fields(
                [
                    ("folder", Cell(str(state.folder), "name")),
                    ("holds", f"{plural(state.blobs, 'blob')}, {size(state.bytes)}"),
                    ("at most", size(state.limit)),
                ]
            )
        ]
    )
