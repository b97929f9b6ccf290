"""Exports do not change by accident. LINEAGE_UPDATE_GOLDEN=1 writes what they are now."""

import os
from pathlib import Path

import pytest

from lineage_registry.exports import FORMATS, export
from tests.golden import lineages

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("name", ["json", "dot", "mermaid", "svg", "graphml", "tree"])
def test_the_pipeline_is_written_as_it_was(name):
    known = GOLDEN / f"pipeline{FORMATS[name].suffixes[0]}"
    now = export(lineages.pipeline(), name)
    if os.environ.get("LINEAGE_UPDATE_GOLDEN") == "1":
        known.write_bytes(now)
    assert now.decode() == known.read_text("utf-8"), "LINEAGE_UPDATE_GOLDEN=1 accepts the change"
