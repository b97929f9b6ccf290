"""PNG and PDF: real pictures with their text in them, bounded; a clear word where typst is not."""

import re
import struct
import sys

import pytest
import typst

from lineage_registry.errors import InputTooLargeError, NotInstalledError
from lineage_registry.exports import export, raster
from tests.golden import lineages


def size(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png[-8:-4] == b"IEND"
    return struct.unpack(">II", png[16:24])


def renamed(answer):
    nodes = [node._replace(reference="models:/other/1") for node in answer.nodes]
    return answer.model_copy(update={"nodes": nodes})


def test_a_png_is_twice_as_fine_as_the_svg():
    answer = lineages.pipeline()
    svg = export(answer, "svg").decode()
    width, height = map(int, re.search(r'width="(\d+)" height="(\d+)"', svg).groups())
    assert size(export(answer, "png")) == (2 * width, 2 * height)


def test_a_large_png_is_coarser_and_a_huge_one_is_refused():
    large = size(export(lineages.star(1_000), "png"))
    assert large[0] * large[1] <= 24_100_000
    with pytest.raises(InputTooLargeError) as failure:
        export(lineages.chain(10_000), "png")
    assert "pdf" in failure.value.hint


def test_a_pdf_is_one_page_with_text_and_a_title_and_no_date():
    pdf = export(lineages.pipeline(), "pdf")
    assert pdf.startswith(b"%PDF-")
    assert b"/Count 1/" in pdf
    assert b"/ToUnicode" in pdf  # text that can be searched, in a font that comes along
    assert b"FontFile" in pdf
    assert b"CreationDate" not in pdf


def test_a_pdf_fits_the_pages_that_readers_take():
    pdf = export(lineages.chain(10_000), "pdf")
    box = re.search(rb"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert max(map(float, box.groups())) <= 14_400


@pytest.mark.parametrize("system_fonts", [True, False])
@pytest.mark.parametrize("name", ["png", "pdf"])
def test_names_are_drawn_also_where_the_machine_has_no_fonts(monkeypatch, name, system_fonts):
    fonts = typst.Fonts(include_system_fonts=system_fonts)
    monkeypatch.setattr(raster, "_fonts", lambda: fonts)
    answer = lineages.chain(3)
    assert export(answer, name) != export(renamed(answer), name)


@pytest.mark.parametrize("name", ["png", "pdf"])
def test_without_typst_the_hint_says_how_to_get_it(monkeypatch, name):
    raster._fonts.cache_clear()
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(NotInstalledError) as failure:
        export(lineages.chain(2), name)
    assert failure.value.hint == "pip install 'lineage-registry[pictures]'"
