"""A handler of another package, installed as packages are, found by its entry point."""

import subprocess
import sys
import textwrap

from lineage_registry.formats import builtin

HANDLER = """
from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.ports.filesets import total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler


class Poem:
    def __init__(self, text):
        self.text = text


class PoemHandler(FormatHandler):
    name = "poems"
    classes = ("poems.Poem",)

    def _mine(self, files):
        return [path for path in files.paths() if self._head(files, path) == b"POEM"]

    def _head(self, files, path):
        with files.open(path) as stream:
            return stream.read(4)

    def _detect(self, files):
        return Confidence.ALL_FILES if self._mine(files) else Confidence.NONE

    def _inspect(self, files):
        return Inspection(format=self.name, verdict=Verdict.SAFE, bytes=total_size(files))

    def _load(self, folder, **options):
        return Poem((folder / "poem").read_text()[4:])

    def _save(self, obj, folder, **options):
        (folder / "poem").write_text("POEM" + obj.text)
"""

PROGRAM = """
import lineage_registry
from poems import Poem

with lineage_registry.connect("memory://") as registry:
    assert "poems" in registry.formats.names()
    made = registry.register("verse", Poem("a rose"))
    assert made.format == "poems", made.format
    assert registry.load("verse:1").text == "a rose"
    print("works")
"""


def test_what_is_installed_is_looked_through_when_it_is_needed_and_once(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(builtin, "entry_points", lambda group: asked.append(group) or ())
    builtin._announced.cache_clear()
    try:
        first, second = builtin.handlers(), builtin.handlers()
        assert asked == []
        assert "archive" in first.names()
        assert first.names() == second.names()
        assert asked == ["lineage_registry.handlers"]
    finally:
        builtin._announced.cache_clear()


def test_an_installed_package_teaches_the_registry_a_format(tmp_path):
    site = tmp_path / "site"
    about = site / "poems-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "poems.py").write_text(HANDLER)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: poems\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        textwrap.dedent(
            """
            [lineage_registry.handlers]
            poems = poems:PoemHandler
            """
        )
    )
    program = f"import sys; sys.path.insert(0, {str(site)!r})\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "works\n"), done.stderr
