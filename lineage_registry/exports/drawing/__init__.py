"""Layered drawing of graphs: causes left, effects right. Knows nothing of lineage."""

from lineage_registry.exports.drawing.layout import layout
from lineage_registry.exports.drawing.model import Drawing, Link, Metrics, Point

__all__ = ["Drawing", "Link", "Metrics", "Point", "layout"]
