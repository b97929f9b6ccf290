"""Outlines, lines and measures that the SVG picture and the HTML page share."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from lineage_registry.domain.graph import NodeKind
from lineage_registry.exports.drawing import Point
from lineage_registry.exports.picture import METRICS

_W, _H = METRICS.width, METRICS.height
_MIDDLE: Final = _H // 2
_ROUND: Final = (
    f"M8 0H{_W - 8}Q{_W} 0 {_W} 8V{_H - 8}Q{_W} {_H} {_W - 8} {_H}H8Q0 {_H} 0 {_H - 8}V8Q0 0 8 0Z"
)
_DRUM: Final = (
    f"M0 5C0 -1.5 {_W} -1.5 {_W} 5V{_H - 5}C{_W} {_H + 1.5} 0 {_H + 1.5} 0 {_H - 5}Z"
    f"M0 5C0 11.5 {_W} 11.5 {_W} 5"
)
_HEXAGON: Final = f"M13 0H{_W - 13}L{_W} {_MIDDLE}L{_W - 13} {_H}H13L0 {_MIDDLE}Z"
_TAG: Final = f"M6 0H{_W - 20}L{_W} {_MIDDLE}L{_W - 20} {_H}H6Q0 {_H} 0 {_H - 6}V6Q0 0 6 0Z"
_INNER: Final = f"M5 5H{_W - 5}V{_H - 5}H5Z"

OUTLINES: Final = {
    NodeKind.MODEL: _ROUND + _INNER,
    NodeKind.MODEL_VERSION: _ROUND,
    NodeKind.DATASET: _DRUM,
    NodeKind.DATASET_VERSION: _DRUM,
    NodeKind.RUN: _HEXAGON,
    NodeKind.DEPLOYMENT: _TAG,
}
"""Outline of each kind of node, as SVG path data from its top left corner."""

LEFT_EDGE: Final = {NodeKind.RUN: 20, NodeKind.MODEL: 14}
RIGHT_EDGE: Final = {NodeKind.RUN: 20, NodeKind.DEPLOYMENT: 24, NodeKind.MODEL: 14}
EDGE: Final = 12
"""Room between outline and text, where a kind has none of its own."""

_NARROW: Final = frozenset("fijltrI.,:;'|!/()[]- ")
_WIDE: Final = frozenset("mwMW@%&<>+=~\N{EM DASH}\N{HORIZONTAL ELLIPSIS}\ufffd")
_RADIUS: Final = 10
_LOOP: Final = 70


def text_width(text: str, size: float) -> float:
    """Return about how wide the text is in a sans-serif face; rather too much than too little."""
    return size * sum(_em(character) for character in text)


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.38
    if character in _WIDE:
        return 0.95
    if character.isascii():
        return 0.72 if character.isupper() else 0.61
    return 1.02 if unicodedata.east_asian_width(character) in "WF" else 0.68


def fitted(text: str, size: float, room: float) -> str:
    """Return the text cut in its middle to fit: names tell themselves apart at their ends."""
    if text_width(text, size) <= room:
        return text
    text = text[:200] + text[-200:] if len(text) > 400 else text
    tail = 0
    kept = len(text)
    while kept > 1 and text_width(text, size) > room:
        kept -= 1
        tail = kept // 2
        text = text[: kept - tail] + text[len(text) - tail :]
        room_left = room - size * _em("\N{HORIZONTAL ELLIPSIS}")
        if text_width(text, size) <= room_left:
            break
    return text[: kept - tail] + "\N{HORIZONTAL ELLIPSIS}" + text[len(text) - tail :]


def path_data(points: Sequence[Point]) -> str:
    """Return a route as SVG path data: level curves, straight lanes, rounded corners."""
    if not points:
        return ""
    here = points[0]
    said = [f"M{here.x} {here.y}"]
    for number, point in enumerate(points[1:], start=1):
        after = points[number + 1] if number + 1 < len(points) else None
        said.append(_step(here, point, after))
        here = point
    return "".join(said)


def _step(here: Point, point: Point, after: Point | None) -> str:
    if here.y != point.y and here.x != point.x:
        return _curve(here, point)
    if after is None or not _is_corner(here, point, after):
        return f"L{point.x} {point.y}"
    stop, start = _towards(point, here), _towards(point, after)
    return f"L{stop.x} {stop.y}Q{point.x} {point.y} {start.x} {start.y}"


def _curve(here: Point, point: Point) -> str:
    bow = (point.x - here.x) // 2 if point.x > here.x else _LOOP
    return f"C{here.x + bow} {here.y} {point.x - bow} {point.y} {point.x} {point.y}"


def _is_corner(here: Point, point: Point, after: Point) -> bool:
    level, then_level = here.y == point.y, point.y == after.y
    return level != then_level and (point.x == after.x or then_level)


def _towards(corner: Point, point: Point) -> Point:
    """Return the point where a rounded corner begins or ends."""
    x = max(-_RADIUS, min(_RADIUS, (point.x - corner.x) // 2))
    y = max(-_RADIUS, min(_RADIUS, (point.y - corner.y) // 2))
    return Point(corner.x + x, corner.y + y)
