"""Files under the names that libraries ask for: some go by the suffix, whatever a file holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def named(place: Path, name: str) -> Iterator[Path]:
    """Give the file by a name for the block: as it is if its suffix is that of the name.

    Otherwise by a link, which must not outlast the block; what is mapped into memory does.
    """
    if place.suffix == Path(name).suffix:
        yield place
        return
    with TemporaryDirectory(prefix="lineage-registry-") as folder:
        link = Path(folder, name)
        link.symlink_to(place.resolve())
        yield link
