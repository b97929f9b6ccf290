"""The SVG picture as PNG and PDF, by the library typst: wheels alone, no system packages.

Text is set in the machine's own fonts where it has any, and in those that typst brings where it
has none; so the bytes are the same on one machine, not on all.
"""

import re
from functools import cache
from importlib import import_module
from math import sqrt
from typing import Any, Final

from lineage_registry.domain.lineage import Lineage
from lineage_registry.errors import InputTooLargeError, NotInstalledError
from lineage_registry.exports.svg import to_svg
from lineage_registry.exports.words import question

_PAGE: Final = b"""\
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt)
#let width = float(sys.inputs.width) * 1pt
#image(bytes(sys.inputs.svg), format: "svg", width: width, alt: sys.inputs.title)
"""
_SIZE: Final = re.compile(r'width="(\d+)" height="(\d+)"')
_DENSITY: Final = 2.0  # pixels of a PNG for one unit of the picture, as sharp screens have them
_LEGIBLE: Final = 0.5  # under it a name is five pixels high
_PIXELS: Final = 24_000_000  # about 100 MB and three seconds
_SIDE: Final = 16_384
_PAGE_SIDE: Final = 14_400  # points; readers of PDF take no larger page


def to_png(lineage: Lineage) -> bytes:
    """Return the answer as a PNG picture, twice as fine as its SVG where there is room.

    Raises:
        InputTooLargeError: The picture would have too many pixels, or none could read it.
        NotInstalledError: The extra `pictures` is missing.
    """
    svg = to_svg(lineage)
    width, height = _size(svg)
    fits = min(sqrt(_PIXELS / (width * height)), _SIDE / max(width, height))
    if fits < _LEGIBLE:
        raise InputTooLargeError(
            f"too large for a PNG: {width:,} x {height:,}",
            hint="ask for less (a depth, one direction), or export svg, pdf or html",
            format="png",
        )
    return _typeset(lineage, svg, width, "png", min(_DENSITY, fits))


def to_pdf(lineage: Lineage) -> bytes:
    """Return the answer as a PDF of one page that is as large as the picture.

    Raises:
        NotInstalledError: The extra `pictures` is missing.
    """
    svg = to_svg(lineage)
    width, height = _size(svg)
    return _typeset(lineage, svg, width * min(1.0, _PAGE_SIDE / max(width, height)), "pdf", 1.0)


def _size(svg: str) -> tuple[int, int]:
    found = _SIZE.search(svg)
    assert found  # noqa: S101 - the picture begins with its size
    return int(found[1]), int(found[2])


def _typeset(lineage: Lineage, svg: str, width: float, format_: str, density: float) -> bytes:
    said = {"svg": svg, "title": question(lineage), "width": f"{width:.3f}"}
    made = _typst().compile(
        _PAGE,
        format=format_,
        ppi=72 * density,  # at 72 a point is a pixel
        sys_inputs=said,
        timestamp=0,
        font_paths=_fonts(),
    )
    return bytes(made)


@cache
def _fonts() -> Any:
    """Return the fonts of this machine and those that typst brings; looking for them takes time."""
    return _typst().Fonts()


def _typst() -> Any:
    try:
        return import_module("typst")
    except ImportError as error:
        raise NotInstalledError(
            "PNG and PDF need the library typst", hint="pip install 'lineage-registry[pictures]'"
        ) from error
