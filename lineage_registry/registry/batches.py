"""Batches: the same with many things, one result for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, Unpack, cast

from lineage_registry.domain.references import Space
from lineage_registry.errors import InvalidInputError, RegistryError
from lineage_registry.ports import commands as c
from lineage_registry.problems import problem
from lineage_registry.registry.asking import Asker
from lineage_registry.registry.handles import VersionHandle
from lineage_registry.registry.registering import content_fields, version_fields
from lineage_registry.registry.sending import How, check_keywords
from lineage_registry.registry.transfers import Progress

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry
    from lineage_registry.registry.pulling import Pulled

T = TypeVar("T")
_MOST: Final = 1_000
_VERIFIED_AT_ONCE: Final = 50
_OF_ALL: Final = frozenset(
    {
        "create",
        "datasets",
        "description",
        "label",
        "metrics",
        "params",
        "parents",
        "run",
        "tags",
    }
)
_OF_MODELS: Final = frozenset({"dependencies", "tested_on", "siblings"})


class _UndoneError(Exception):
    """Ends the blocks of a batch of which nothing was done, so that no draft is discarded."""

    def __init__(self, items: list[c.BatchItem[Any]]) -> None:
        super().__init__()
        self.items = items


class Batches(Asker):
    """Do the same with many things; what fails is said in its own result, and raises nothing."""

    def register_many(
        self,
        items: Iterable[Mapping[str, Any]],
        *,
        atomic: bool = False,
        progress: Progress | None = None,
        **how: Unpack[How],
    ) -> list[c.BatchItem[VersionHandle]]:
        """Register many versions.

        Each item has the arguments of `register`, `name` and `model` among them, and `space`,
        `"datasets"` for a dataset version. With `atomic` all are one commit, in their order, or
        nothing is registered; then one may come from one before it, and there are at most 1,000
        of them and 2,000 events.

        Raises:
            InvalidInputError: There are too many to be atomic.
            InputTooLargeError: They are more events than one commit takes.
        """
        check_keywords(how)
        if not atomic:
            return _each(
                items, lambda index, item: self._registered(item, progress, _own(how, index))
            )
        try:
            return self._together(list(items), progress, how)
        except _UndoneError as undone:
            return undone.items

    def load_many(self, references: Iterable[str], **options: Any) -> list[c.BatchItem[Any]]:
        """Load many versions; options as `load`."""
        registry = cast("Registry", self)
        return _each(references, lambda _, reference: registry.load(reference, **options))

    def pull_many(
        self, references: Iterable[str], folder: str | os.PathLike[str], **options: Any
    ) -> list[c.BatchItem[Pulled]]:
        """Bring many versions into folders below a folder; options as `pull`.

        Each has its own: `models/NAME-NUMBER` or `datasets/NAME-NUMBER`.
        """
        registry = cast("Registry", self)

        def pull(_: int, reference: str) -> Pulled:
            found = registry.version(reference)
            space = found.reference.partition(":")[0]
            target = Path(folder, space, f"{found.name}-{found.number}")
            return registry.pull(found.reference, target, **options)

        return _each(references, pull)

    def verify_many(
        self, references: Iterable[str], *, read: bool = True
    ) -> list[c.BatchItem[c.VersionCheck]]:
        """Check the files of many versions; a damaged one is a finding in its value, no failure.

        With `read` every file is read again, otherwise only presence and size count.
        """
        found: list[c.BatchItem[c.VersionCheck]] = []
        for some in _parts(references, _VERIFIED_AT_ONCE):
            answer = self.sender.ask(c.VerifyBatch, references=some, read=read)
            found += [_moved(item, len(found) + item.index) for item in answer.items]
        return found

    def delete_many(
        self,
        references: Iterable[str],
        *,
        force: bool = False,
        atomic: bool = False,
        **how: Unpack[How],
    ) -> list[c.BatchItem[VersionHandle]]:
        """Put many versions out of sight; nothing is destroyed.

        With `atomic` all go in one commit, in their order, or none; at most 1,000.

        Raises:
            InvalidInputError: There are too many to be atomic.
        """
        given = list(references)
        if atomic:
            _counted(given)
        found: list[c.BatchItem[VersionHandle]] = []
        for number, some in enumerate(_parts(given, _MOST)):
            answer = self.sender.write(
                c.DeleteVersions,
                _own(how, number),
                references=some,
                force=force,
                atomic=atomic,
            )
            found += self._handled(answer, len(found))
        return found

    def _together(
        self, items: list[Mapping[str, Any]], progress: Progress | None, how: How
    ) -> list[c.BatchItem[VersionHandle]]:
        with ExitStack() as stack:
            fields: list[dict[str, Any]] = []
            for index, item in enumerate(items):
                try:
                    fields.append(self._announced(stack, item, progress))
                except RegistryError as error:
                    raise _UndoneError(_undone(index, error, len(items))) from error
            answer = self.sender.write(c.RegisterVersions, how, items=_counted(fields), atomic=True)
            done = self._handled(answer, 0)
            if not answer.ok:
                raise _UndoneError(done)
            return done

    def _registered(
        self, item: Mapping[str, Any], progress: Progress | None, how: How
    ) -> VersionHandle:
        with ExitStack() as stack:
            fields = self._announced(stack, item, progress, how.get("key"))
            answer = self.sender.write(c.RegisterVersion, how, **fields)
            return VersionHandle.of(answer, cast("Registry", self))

    def _announced(
        self,
        stack: ExitStack,
        item: Mapping[str, Any],
        progress: Progress | None,
        key: str | None = None,
    ) -> dict[str, Any]:
        registry = cast("Registry", self)
        given = dict(item)
        space = _space(given.pop("space", Space.MODELS))
        name, model = given.pop("name", None), given.pop("model", None)
        format_name = given.pop("format", None)
        follow_links = bool(given.pop("follow_links", False))
        wrong = given.keys() - (_OF_ALL | _OF_MODELS if space is Space.MODELS else _OF_ALL)
        if not isinstance(name, str) or wrong:
            raise InvalidInputError(
                f"not an argument of a registration: {', '.join(sorted(map(str, wrong)))}"
                if wrong
                else "an item needs a name",
                hint="use the arguments of register()",
            )
        try:
            fields = version_fields(space, name, **given)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            raise InvalidInputError(f"an item cannot be read: {error}") from error
        files = stack.enter_context(
            content_fields(
                registry, model, format_name, progress, follow_links=follow_links, key=key
            )
        )
        return {key: value for key, value in {**fields, **files}.items() if value is not None}

    def _handled(self, answer: c.Batch[c.Version], first: int) -> list[c.BatchItem[VersionHandle]]:
        registry = cast("Registry", self)
        return [
            c.BatchItem[VersionHandle].model_construct(
                index=first + item.index,
                state=item.state,
                value=None if item.value is None else VersionHandle.of(item.value, registry),
                problem=item.problem,
            )
            for item in answer.items
        ]


def _each(items: Iterable[Any], work: Callable[[int, Any], T]) -> list[c.BatchItem[T]]:
    done: list[c.BatchItem[T]] = []
    for index, item in enumerate(items):
        try:
            value = work(index, item)
        except RegistryError as error:
            done.append(_failed(index, error))
        else:
            done.append(c.BatchItem[Any].model_construct(index=index, state="done", value=value))
    return done


def _undone(index: int, error: RegistryError, count: int) -> list[c.BatchItem[Any]]:
    undone = [c.BatchItem[Any](index=each, state="undone") for each in range(count)]
    undone[index] = _failed(index, error)
    return undone


def _failed(index: int, error: RegistryError) -> c.BatchItem[Any]:
    return c.BatchItem[Any](index=index, state="failed", problem=problem(error))


def _moved(item: c.BatchItem[T], index: int) -> c.BatchItem[T]:
    return item.model_copy(update={"index": index})


def _own(how: How, number: int) -> How:
    """Return conditions for one part of a batch: each part is done once, too."""
    if how.get("if_match") is not None:
        raise InvalidInputError("a batch has no revision that could match")
    key = how.get("key")
    return how if key is None else {**how, "key": f"{key}-{number}"}


def _counted(items: list[T]) -> list[T]:
    if len(items) > _MOST:
        raise InvalidInputError(
            f"{len(items):,} items are too many for one commit",
            hint=f"give at most {_MOST:,}, or leave atomic out",
        )
    if not items:
        raise InvalidInputError("there is nothing to do")
    return items


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _space(text: object) -> Space:
    if text in {Space.MODELS, Space.DATASETS}:
        return Space(str(text))
    raise InvalidInputError(f"no space {text!r}", hint="models or datasets")
