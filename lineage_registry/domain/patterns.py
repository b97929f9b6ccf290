"""Which files are meant: patterns as in a `.gitignore`, to include and to exclude."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Patterns:
    """Takes the paths that fit one of `include` (all, if there are none) and none of `exclude`.

    `*.png` fits in any folder, `/config.json` only at the top, `images/` a folder with all that
    is in it; `**` stands for any folders, and in `exclude` a line `!keep.tmp` takes back what the
    lines before it say. What is in an excluded folder cannot be taken back, as in git.

    Raises:
        InvalidInputError: A pattern cannot be read.
    """

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        self._include = _spec(include)
        self._exclude = _spec(exclude)

    def takes(self, path: str) -> bool:
        """Tell whether a file is meant; its path is relative and written with `/`."""
        if self._include is not None and not self._include.match_file(path):
            return False
        return self._exclude is None or not self._exclude.match_file(path)

    def enters(self, folder: str) -> bool:
        """Tell whether something in this folder may be meant."""
        return self._exclude is None or not self._exclude.match_file(f"{folder}/")


def _spec(patterns: Iterable[str]) -> "GitIgnoreSpec | None":
    lines = [patterns] if isinstance(patterns, str) else list(patterns)
    if not lines:
        return None
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - not every start of the program needs it

    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise _unreadable(lines) from error
    if not any(pattern.include is not None for pattern in spec.patterns):
        raise _unreadable(lines)
    return spec


def _unreadable(lines: list[str]) -> InvalidInputError:
    return InvalidInputError(
        f"not a pattern of files: {', '.join(map(repr, lines))[:200]}",
        hint="write them as in a .gitignore, like *.png or images/",
    )
