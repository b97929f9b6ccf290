"""References: how people name a thing, `models:/resnet50/3` or short `resnet50:3`."""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from lineage_registry.domain.graph import NodeKind, Scalar
from lineage_registry.domain.names import (
    is_semantic_version,
    parse_dataset_label,
    parse_name,
    parse_number,
    parse_run_id,
    parse_word,
)
from lineage_registry.errors import InvalidInputError, InvalidReferenceError

AsOf = int | datetime
_HINT: Final = (
    "write models:/NAME/3, models:/NAME@alias, datasets:/NAME/LABEL, runs:/ID, deployments:/NAME, "
    "or short NAME:3 and NAME@alias"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REST_OF_DAY = timedelta(days=1, microseconds=-1)
_RANGE = re.compile(r"([^.]*)\.\.([^.]*)")


class Space(StrEnum):
    """The kinds of things that have references, as references write them."""

    MODELS = "models"
    DATASETS = "datasets"
    RUNS = "runs"
    DEPLOYMENTS = "deployments"


class SelectorKind(StrEnum):
    """By what a version is picked."""

    NUMBER = "number"
    LABEL = "label"
    LATEST = "latest"
    STAGE = "stage"
    ALIAS = "alias"
    RANGE = "range"


class Selector(NamedTuple):
    """Which version of a model or dataset."""

    kind: SelectorKind
    value: str

    def __str__(self) -> str:
        return f"@{self.value}" if self.kind is SelectorKind.ALIAS else self.value


class Reference(NamedTuple):
    """A reference, read.

    Attributes:
        selector: None names the model or dataset itself; runs and deployments have none.
        as_of: The revision or time the whole question is about; None is now.
    """

    space: Space
    name: str
    selector: Selector | None = None
    as_of: AsOf | None = None

    def __str__(self) -> str:
        text = f"{self.space}:/{self.name}"
        if self.selector is None:
            return text
        alias = self.selector.kind is SelectorKind.ALIAS
        return text + (str(self.selector) if alias else f"/{self.selector}")


SPACES: Final = {
    NodeKind.MODEL: Space.MODELS,
    NodeKind.MODEL_VERSION: Space.MODELS,
    NodeKind.DATASET: Space.DATASETS,
    NodeKind.DATASET_VERSION: Space.DATASETS,
    NodeKind.RUN: Space.RUNS,
    NodeKind.DEPLOYMENT: Space.DEPLOYMENTS,
}


def write_reference(kind: NodeKind, family: Scalar | None, key: Scalar) -> str:
    """Return the long form of a node: the name of its model or dataset, if it is a version; key."""
    return f"{SPACES[kind]}:/{key}" if family is None else f"{SPACES[kind]}:/{family}/{key}"


def parse_reference(text: str, default: Space = Space.MODELS) -> Reference:
    """Read a reference; a short form without a scheme is one of `default`.

    Raises:
        InvalidReferenceError: It cannot be read.
        InvalidNameError: Its name breaks the rule for names.
    """
    if not isinstance(text, str):
        raise InvalidReferenceError(
            f"a reference is text, not {type(text).__name__}", hint="give its .reference"
        )
    if len(text) > 1024:
        raise InvalidReferenceError("a reference has at most 1024 characters", hint=_HINT)
    body, asked, when = text.partition("?")
    as_of = _query(when, text) if asked else None
    scheme, separator, path = body.partition(":/")
    if not separator:
        return _short(body, default, as_of)
    try:
        space = Space(scheme)
    except ValueError:
        raise InvalidReferenceError(
            f"no such kind of reference: {scheme[:60]!r}", hint=_HINT
        ) from None
    name, alias_mark, alias = path.partition("@")
    selector: str | None = None
    if alias_mark:
        selector = f"@{alias}"
    elif "/" in name:
        name, _, selector = name.partition("/")
    if not name:
        raise InvalidReferenceError(f"no name is in {text[:60]!a}", hint=_HINT)
    return _reference(space, name, selector, as_of)


def parse_selector(text: str, space: Space) -> Selector:
    """Read what stands behind the name of a model or dataset.

    A question about several versions takes a range of numbers, too: `3..7`, `3..`, `..7`.

    Raises:
        InvalidReferenceError: It can be no version.
    """
    if text.startswith("@"):
        return Selector(SelectorKind.ALIAS, parse_word(text[1:]))
    number = parse_number(text)
    if number is not None:
        return Selector(SelectorKind.NUMBER, str(number))
    if ends := _RANGE.fullmatch(text):
        return _range(text, *ends.groups())
    if text == "latest" or is_semantic_version(text):
        kind = SelectorKind.LATEST if text == "latest" else SelectorKind.LABEL
        return Selector(kind, text)
    try:
        if space is Space.DATASETS:
            return Selector(SelectorKind.LABEL, parse_dataset_label(text))
        return Selector(SelectorKind.STAGE, parse_word(text))
    except InvalidInputError:
        raise InvalidReferenceError(
            f"not a version: {text[:60]!a}",
            hint="use a number, a label like 1.2.0, latest, a stage or @alias; "
            "labels of datasets are written datasets:/NAME/LABEL",
        ) from None


def range_ends(selector: Selector) -> tuple[int, int | None]:
    """Return the first and the last number of a range; None goes to the newest."""
    first, _, last = selector.value.partition("..")
    return int(first or 1), int(last) if last else None


def _range(text: str, first: str, last: str) -> Selector:
    ends = [parse_number(end) if end else None for end in (first, last)]
    low, high = ends
    unread = any(end is None and said for end, said in zip(ends, (first, last), strict=True))
    if unread or ends == [None, None] or (low is not None and high is not None and low > high):
        raise InvalidReferenceError(
            f"not a range of versions: {text[:60]!a}", hint="write like 3..7, 3.. or ..7"
        )
    return Selector(SelectorKind.RANGE, "..".join("" if end is None else str(end) for end in ends))


def parse_as_of(text: str) -> AsOf:
    """Read a revision (digits) or a time: RFC 3339 with offset, or a date for the end of that day.

    Raises:
        InvalidReferenceError: It is neither.
    """
    if re.fullmatch(r"[0-9]{1,18}", text):
        return int(text)
    when = _instant(text)
    if when is not None:
        return when + _REST_OF_DAY if _DATE.fullmatch(text) else when
    raise InvalidReferenceError(
        f"not a revision or time: {text[:60]!a}",
        hint="write a revision number, a date like 2026-01-31, or a time like 2026-01-31T12:00:00Z",
    )


def parse_instant(text: str) -> datetime:
    """Read a time: RFC 3339 with offset, or a date for the first moment of that day, UTC.

    Raises:
        InvalidInputError: It is neither.
    """
    when = _instant(text)
    if when is not None:
        return when
    raise InvalidInputError(
        f"not a date or time: {text[:60]!a}",
        hint="write 2026-01-31, or a time with its offset like 2026-01-31T12:00:00Z",
    )


def _instant(text: str) -> datetime | None:
    """Return an aware time, or the first moment of a date, in UTC; None if it is neither."""
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        when = datetime.fromisoformat(text)
        return None if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _short(text: str, default: Space, as_of: AsOf | None) -> Reference:
    name, mark, alias = text.partition("@")
    if mark:
        return _reference(default, name, f"@{alias}", as_of)
    name, mark, selector = text.partition(":")
    return _reference(default, name, selector if mark else None, as_of)


def _reference(space: Space, name: str, selector: str | None, as_of: AsOf | None) -> Reference:
    if space in {Space.RUNS, Space.DEPLOYMENTS}:
        if selector is not None:
            raise InvalidReferenceError(f"{space} have no versions", hint=_HINT)
        parse = parse_run_id if space is Space.RUNS else parse_name
        return Reference(space, parse(name), None, as_of)
    picked = None if selector is None else parse_selector(selector, space)
    return Reference(space, parse_name(name), picked, as_of)


def _query(text: str, whole: str) -> AsOf:
    key, _, value = text.partition("=")
    if key != "as_of":
        raise InvalidReferenceError(
            f"a reference takes ?as_of= and nothing else: {whole[:60]!a}", hint=_HINT
        )
    return parse_as_of(value)
