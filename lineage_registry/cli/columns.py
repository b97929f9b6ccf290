"""Which columns of a table stand beside each other in the room there is, and which go below."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from lineage_registry.cli.views import Table, Words, plain
from lineage_registry.exports.words import shown

GAP: Final = 2
_LEAST_WRAPPED: Final = 20
_LEAST_CUT: Final = 12
_LONG_WORD: Final = 40


class Columns(NamedTuple):
    """Columns by their places in the table.

    Attributes:
        widths: Those that stand beside each other, and how wide each is.
        below: Those whose text stands below each row, under its own name.
    """

    widths: Mapping[int, int]
    below: Sequence[int]


def stand(part: Table, used: Sequence[int], wrapped: Collection[int], room: int) -> Columns:
    """Return where columns stand, so that no word is broken that could stand whole.

    What gives way goes first, from the right; then what does not, but for the first column.

    Args:
        part: The table.
        used: Columns that hold something.
        wrapped: Those whose text may go over several lines, or be cut.
        room: Characters in a line.
    """
    cut = {place for place in wrapped if part.columns[place] in part.cut}
    whole = {place: _widest([part.columns[place], *_texts(part, place)]) for place in used}
    least = {
        place: min(whole[place], _least(part, place, cut)) if place in wrapped else whole[place]
        for place in used
    }
    going = [place for place in used if place in wrapped][::-1]
    going += [place for place in used[1:] if place not in wrapped][::-1]
    below: set[int] = set()
    for place in going:
        if sum(least[one] + GAP for one in used if one not in below) - GAP <= room:
            break
        below.add(place)
    beside = [place for place in used if place not in below]
    spare = room - sum(least[place] + GAP for place in beside) + GAP
    widths = {}
    for place in beside:
        more = min(max(spare, 0), whole[place] - least[place])
        widths[place], spare = least[place] + more, spare - more
    return Columns(widths, [place for place in used if place in below])


def _least(part: Table, place: int, cut: Collection[int]) -> int:
    if place in cut:
        return _LEAST_CUT
    word = _widest(word for text in _texts(part, place) for word in text.split())
    return max(_LEAST_WRAPPED, min(word, _LONG_WORD))


def _texts(part: Table, place: int) -> list[str]:
    return [_text(row[place]) for row in part.rows]


def _text(words: Words | None) -> str:
    return shown(plain(words))


def _widest(texts: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, texts), default=0)
