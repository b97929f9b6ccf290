"""The selector language: sets of nodes, written in a line.

    +models:/resnet50@champion+2 & kind:dataset & tag:pii

A reference is a set of one node, or of all versions of a model or dataset; `field:value` is the set
of everything that fits. `+` right before a set adds what it comes from, `+` right behind it what
comes from it, a number says how many edges far: `2+clf:3+`. `&` is what is in both sets, `|` what
is in either, `-` with a space behind it what is in the first and not in the second. `&` and `-`
bind tighter than `|`; parentheses group; text with spaces or signs stands in quotes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple, NoReturn, TypeAlias, Union

from lineage_registry.domain.dag import distances
from lineage_registry.domain.graph import Edge
from lineage_registry.domain.references import Reference, parse_reference
from lineage_registry.errors import InvalidInputError, InvalidQueryError

_MOST_TERMS: Final = 200
_MOST_NESTED: Final = 50
_TOKEN = re.compile(
    r"\s+|(?P<sign>[&|()])|(?P<minus>-)(?=\s|\(|$)|(?P<plus>[0-9]*\+[0-9]*)"
    r"|(?P<word>(?:\"[^\"]*\"|'[^']*'|[^\s&|()+\"'])+)"
)
_HINT: Final = "write like: +models:/clf@champion & kind:dataset & tag:pii"


class Field(StrEnum):
    """What a filter looks at."""

    KIND = "kind"
    TAG = "tag"
    STAGE = "stage"
    OWNER = "owner"
    STATUS = "status"
    METRIC = "metric"
    PARAM = "param"
    TEXT = "text"


class Named(NamedTuple):
    """What a reference names; a model or dataset stands for all its versions.

    Attributes:
        position: Where it stands in the text, from 0.
    """

    reference: Reference
    position: int


class Fitting(NamedTuple):
    """Everything that fits a filter."""

    field: Field
    value: str
    position: int


class Around(NamedTuple):
    """A set and what lies around it.

    Attributes:
        up: Edges to follow to causes: 0 is none, None all the way.
        down: The same to effects.
    """

    inner: "Selector"
    up: int | None
    down: int | None


class Both(NamedTuple):
    """What is in both sets."""

    left: "Selector"
    right: "Selector"


class Either(NamedTuple):
    """What is in one of two sets, or in both."""

    left: "Selector"
    right: "Selector"


class Without(NamedTuple):
    """What is in the first set and not in the second."""

    left: "Selector"
    right: "Selector"


Selector: TypeAlias = Union[Named, Fitting, Around, Both, Either, Without]  # noqa: UP007 - names itself


def parse_selectors(text: str) -> Selector:
    """Read a selector.

    Raises:
        InvalidQueryError: It cannot be read; `context["position"]` says where, counted from 0.
    """
    reader = _Reader(text, list(_tokens(text)))
    found = reader.union(0)
    left = reader.peek()
    if left.kind != "end":
        wanted = "no '(' opens this ')'" if left.text == ")" else "expected &, | or - here"
        _refuse(text, left.position, wanted)
    return found


def leaves(selector: Selector) -> Iterator[Named | Fitting]:
    """Yield the sets that a selector is put together from, in order."""
    waiting: list[Selector] = [selector]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Named | Fitting):
            yield one
        elif isinstance(one, Around):
            waiting.append(one.inner)
        else:
            waiting += [one.right, one.left]


def distances_from_effects(ids: Iterable[int], edges: Iterable[Edge]) -> dict[int, int]:
    """Return how far each node is from the nearest one that nothing else among them comes from.

    In order of (distance, id), as every answer is.
    """
    causes: defaultdict[int, list[int]] = defaultdict(list)
    effects: set[int] = set()
    for edge in edges:
        causes[edge.source].append(edge.target)
        effects.add(edge.target)
    return distances(causes, set(ids) - effects)


class _Token(NamedTuple):
    kind: str
    text: str
    position: int
    end: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            problem = "this quote does not end" if text[at] in "\"'" else "cannot be read"
            _refuse(text, at, problem)
        if match.lastgroup is not None:
            yield _Token(match.lastgroup, match[0], at, match.end())
        at = match.end()
    yield _Token("end", "", len(text), len(text))


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0
        self._terms = 0

    def peek(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def union(self, depth: int) -> Selector:
        found = self._product(depth)
        while self.peek().text == "|":
            self._take()
            found = Either(found, self._product(depth))
        return found

    def _product(self, depth: int) -> Selector:
        found = self._term(depth)
        while self.peek().text == "&" or self.peek().kind == "minus":
            sign = self._take()
            right = self._term(depth)
            found = Both(found, right) if sign.text == "&" else Without(found, right)
        return found

    def _term(self, depth: int) -> Selector:
        first = self.peek()
        self._terms += 1
        if self._terms > _MOST_TERMS or depth > _MOST_NESTED:
            _refuse(self._text, first.position, "the selector is too large")
        up = self._edges_before() if first.kind == "plus" else 0
        inner = self._group(depth) if self.peek().text == "(" else self._leaf()
        behind = self.peek()
        adjoins = behind.kind == "plus" and behind.position == self._tokens[self._at - 1].end
        down = self._edges_behind() if adjoins else 0
        return inner if up == down == 0 else Around(inner, up, down)

    def _group(self, depth: int) -> Selector:
        opened = self._take()
        found = self.union(depth + 1)
        if self._take().text != ")":
            _refuse(self._text, opened.position, "no ')' closes this '('")
        return found

    def _leaf(self) -> Selector:
        word = self._take()
        if word.kind != "word":
            _refuse(self._text, word.position, "expected a reference or a filter like kind:run")
        name, mark, value = word.text.partition(":")
        if mark and name in set(Field) and not value.startswith("/"):
            if not _unquoted(value):
                _refuse(self._text, word.position, f"{name}: of what?")
            return Fitting(Field(name), _unquoted(value), word.position)
        try:
            reference = parse_reference(_unquoted(word.text))
        except InvalidInputError as error:
            _refuse(self._text, word.position, error.message, error.hint)
        return Named(reference, word.position)

    def _edges_before(self) -> int | None:
        token = self._take()
        number, _, behind = token.text.partition("+")
        if behind or self.peek().position != token.end:
            self._misplaced(token)
        return self._edges(number, token)

    def _edges_behind(self) -> int | None:
        token = self._take()
        before, _, number = token.text.partition("+")
        if before:
            self._misplaced(token)
        return self._edges(number, token)

    def _misplaced(self, token: _Token) -> NoReturn:
        _refuse(self._text, token.position, "a + stands right at its reference, like 2+clf:3+1")

    def _edges(self, number: str, token: _Token) -> int | None:
        if len(number) > 6:
            _refuse(self._text, token.position, "at most 999999 edges")
        return int(number) if number else None


def _unquoted(text: str) -> str:
    return re.sub(r"\"([^\"]*)\"|'([^']*)'", lambda found: found[1] or found[2] or "", text)


def _refuse(text: str, position: int, problem: str, hint: str | None = None) -> NoReturn:
    shown = text[max(position - 20, 0) : position + 20]
    raise InvalidQueryError(
        f"at character {position + 1} of the selector: {problem}: {shown!a}",
        hint=hint or _HINT,
        position=position,
    )
