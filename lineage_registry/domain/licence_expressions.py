"""SPDX licence expressions: `MIT OR (GPL-2.0-only WITH Classpath-exception-2.0 AND CC-BY-4.0)`.

The grammar is that of SPDX 2.3, Annex D (https://spdx.github.io/spdx-spec/v2.3/): WITH binds
tighter than AND, AND tighter than OR; operators in any case. Ids are those that `parse_licence`
takes, as models are under licences that no list of SPDX has.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final, NamedTuple

from lineage_registry.domain.licence_table import parse_exception, parse_licence
from lineage_registry.errors import InvalidInputError

Branch = tuple[str, ...]
"""Licences that hold together: one of the choices that an expression leaves."""

_TOKEN: Final = re.compile(r"[()]|[^\s()]+")
_WORDS: Final = frozenset({"AND", "OR", "WITH", "(", ")"})
_MOST_CHARACTERS: Final = 1_000
_MOST_TOKENS: Final = 200
_MOST_BRANCHES: Final = 32


class _Part(NamedTuple):
    """A part of an expression: how it is written, and its choices; `loose` if OR joins them."""

    text: str
    branches: Sequence[Branch]
    loose: bool = False


def parse_expression(text: str) -> str:
    """Return an expression in one way of writing it.

    Raises:
        InvalidInputError: It is none, or leaves more than 32 choices.
    """
    return _Reader(text).whole().text


def branches_of(expression: str) -> Sequence[Branch]:
    """Return the choices that an expression leaves, as it names them; one if it has no OR."""
    return _Reader(expression).whole().branches


def written(branch: Branch) -> str:
    """Return the licences of a choice as an expression."""
    return " AND ".join(branch)


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_TOKEN.finditer(text[: _MOST_CHARACTERS + 1]))
        self._next = 0
        if len(text) > _MOST_CHARACTERS or len(self._tokens) > _MOST_TOKENS:
            raise self._wrong("it is too long")

    def whole(self) -> _Part:
        part = self._either()
        if self._next < len(self._tokens):
            raise self._wrong("AND, OR or the end belongs there")
        return part

    def _either(self) -> _Part:
        parts = [self._all()]
        while self._takes("OR"):
            parts.append(self._all())
        if len(parts) == 1:
            return parts[0]
        branches = _each_once(branch for part in parts for branch in part.branches)
        return self._bounded(_Part(" OR ".join(part.text for part in parts), branches, loose=True))

    def _all(self) -> _Part:
        parts = [self._one()]
        while self._takes("AND"):
            parts.append(self._one())
        if len(parts) == 1:
            return parts[0]
        text = " AND ".join(f"({part.text})" if part.loose else part.text for part in parts)
        part = parts[0]
        for other in parts[1:]:
            pairs = product(part.branches, other.branches)
            joined = _each_once(tuple(dict.fromkeys(one + more)) for one, more in pairs)
            part = self._bounded(_Part(text, joined, loose=False))
        return part

    def _one(self) -> _Part:
        if self._takes("("):
            part = self._either()
            if not self._takes(")"):
                raise self._wrong("a bracket is not closed")
            return part
        licence = parse_licence(self._id("the id of a licence"))
        if self._takes("WITH"):
            licence = f"{licence} WITH {parse_exception(self._id('the id of an exception'))}"
        return _Part(licence, ((licence,),))

    def _takes(self, word: str) -> bool:
        there = self._next < len(self._tokens) and self._word() == word
        self._next += there
        return there

    def _id(self, what: str) -> str:
        if self._next == len(self._tokens) or self._word() in _WORDS:
            raise self._wrong(f"{what} belongs there")
        self._next += 1
        return self._tokens[self._next - 1].group()

    def _word(self) -> str:
        return self._tokens[self._next].group().upper()

    def _bounded(self, part: _Part) -> _Part:
        if len(part.branches) > _MOST_BRANCHES:
            raise self._wrong(f"it leaves more than {_MOST_BRANCHES} choices")
        return part

    def _wrong(self, why: str) -> InvalidInputError:
        ended = self._next >= len(self._tokens)
        place = len(self._text) if ended else self._tokens[self._next].start()
        return InvalidInputError(
            f"not a licence, at character {place + 1}: {why}: {self._text[:60]!a}",
            hint="give an SPDX id, a name like LicenseRef-acme, or these with AND, OR and WITH",
        )


def _each_once(branches: Iterable[Branch]) -> Sequence[Branch]:
    return tuple(dict.fromkeys(branches))
