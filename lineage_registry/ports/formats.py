"""The model formats that this installation knows, and which of them a model or a file is."""

import logging
import os
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint
from pathlib import Path

from lineage_registry.domain.formats import Inspection
from lineage_registry.errors import (
    AlreadyExistsError,
    AmbiguousFormatError,
    FormatError,
    InvalidInputError,
    UnknownFormatError,
)
from lineage_registry.ports.conversions import Converter
from lineage_registry.ports.filesets import FileSet, LocalFiles, RememberingFiles, remembering
from lineage_registry.ports.handlers import (
    Confidence,
    FormatHandler,
    ensure_loadable,
    ensure_storable,
    line_of_descent,
)

__all__ = [
    "ENTRY_POINT_GROUP",
    "Confidence",
    "FileSet",
    "FormatHandler",
    "HandlerRegistry",
    "LocalFiles",
    "ensure_loadable",
    "ensure_storable",
]

ENTRY_POINT_GROUP = "lineage_registry.handlers"
"""Where a package announces its handlers: `name = "package.module:HandlerClass"`."""

_log = logging.getLogger(__name__)


def _none() -> Iterable[EntryPoint]:
    return ()


Door = Callable[["HandlerRegistry", RememberingFiles, Inspection], Inspection]
"""Looks at each file that could bring code, whichever handler had the whole; the worst counts."""


def _open_door(_: "HandlerRegistry", _files: RememberingFiles, found: Inspection) -> Inspection:
    return found


class HandlerRegistry:
    """Format handlers by name: those handed in, those added, those that packages announce.

    Announced handlers are loaded when they are first needed. One that cannot be loaded is left
    out of detection with a warning, and asking for it by name says what is wrong with it.

    Raises:
        InvalidInputError: What is handed in is no handler or no conversion.
        AlreadyExistsError: Two handlers have one name.
    """

    def __init__(
        self,
        handlers: Iterable[FormatHandler] = (),
        announced: Callable[[], Iterable[EntryPoint]] = _none,
        door: Door = _open_door,
        converters: Iterable[Converter] = (),
    ) -> None:
        self._handlers: dict[str, FormatHandler] = {}
        self._announced = announced
        self._door = door
        self._waiting: dict[str, EntryPoint] | None = None
        self._broken: dict[str, FormatError] = {}
        self._converters: list[Converter] = []
        for handler in handlers:
            _demand(handler, FormatHandler, name=str)
            self._put(handler)
        for converter in converters:
            self.add_converter(converter)

    def add(self, handler: FormatHandler) -> None:
        """Make a handler known.

        Raises:
            InvalidInputError: It is no handler; the hint says what a handler has.
            AlreadyExistsError: There is a handler of this name.
        """
        _demand(handler, FormatHandler, name=str)
        if handler.name in self._discovered() or handler.name in self._broken:
            raise _taken(handler.name)
        self._put(handler)

    def names(self) -> list[str]:
        """Return the names of all formats, sorted; announced but broken ones are there too."""
        return sorted({*self._discovered(), *self._handlers, *self._broken})

    def by_name(self, name: str) -> FormatHandler:
        """Return the handler of this name.

        Raises:
            UnknownFormatError: There is none.
            FormatError: A package announces it, and it cannot be loaded.
        """
        if name in self._handlers:
            return self._handlers[name]
        if name in self._discovered():
            self._load(name)
        if name in self._broken:
            raise self._broken[name]
        if name not in self._handlers:
            raise UnknownFormatError(
                f"there is no format {name!r}",
                hint=f"known formats: {', '.join(self.names())}",
                format=name,
            )
        return self._handlers[name]

    def for_object(self, obj: object) -> FormatHandler:
        """Return the handler that saves this object, the one of its most specific class.

        A path (`str` or `Path`) stands for the files that lie there.

        Raises:
            UnknownFormatError: No handler saves such objects.
            AmbiguousFormatError: Two handlers have an equal claim.
            NotFoundError: The object is a path and nothing lies there.
        """
        if isinstance(obj, str | os.PathLike):
            return self.detect(LocalFiles(Path(obj)))
        claims = [
            (rank, handler) for handler in self._all() if (rank := handler.claim(obj)) is not None
        ]
        kind = line_of_descent(obj)[0]
        if not claims:
            raise UnknownFormatError(
                f"no format handler saves a {kind}",
                hint="save it to files yourself and register their folder",
                type=kind,
                **self._left_out(),
            )
        nearest = min(rank for rank, _ in claims)
        return _only([handler for rank, handler in claims if rank == nearest], f"a {kind}")

    def detect(self, files: FileSet) -> FormatHandler:
        """Return the handler that is surest, from their content, to read these files.

        Raises:
            UnknownFormatError: No handler takes them.
            AmbiguousFormatError: Two handlers are equally sure.
        """
        seen = remembering(files)
        answers = [(self._ask(handler, seen), handler) for handler in self._all()]
        surest = max((confidence for confidence, _ in answers), default=Confidence.NONE)
        if surest is Confidence.NONE:
            raise UnknownFormatError(
                "no format handler reads these files",
                hint=f"known formats: {', '.join(self.names())}",
                **self._left_out(),
            )
        return _only(
            [handler for confidence, handler in answers if confidence is surest], "the files"
        )

    def inspect(self, files: FileSet, name: str | None = None) -> Inspection:
        """Return what the files say of themselves; nothing in them is executed.

        The verdict is that of the door: it holds for all files, also for those that the handler
        of the whole has no eye for.

        Args:
            files: What to look into.
            name: The format that they are said to be of; found out if left out.

        Raises:
            UnknownFormatError: No handler takes them, or none has the name.
            AmbiguousFormatError: Two handlers are equally sure.
        """
        seen = remembering(files)
        handler = self.detect(seen) if name is None else self.by_name(name)
        found = handler.inspect(seen)
        if name is not None and found.broken:
            found = self._rather(seen, handler, found)
        return self._door(self, seen, found)

    def _rather(self, seen: FileSet, named: FormatHandler, found: Inspection) -> Inspection:
        """Add what the files are by their content to the reasons, if it is not what was named."""
        try:
            other = self.detect(seen).name
        except FormatError:
            return found
        if other == named.name or self._ask(named, seen) is not Confidence.NONE:
            return found
        said = f"by content their format is {other}, not {named.name}"
        return found.model_copy(update={"reasons": (*found.reasons, said)})

    def add_converter(self, converter: Converter) -> None:
        """Make a conversion known.

        Raises:
            InvalidInputError: It is no conversion; the hint says what a conversion has.
            AlreadyExistsError: There is one of this name from one of these formats.
        """
        _demand(converter, Converter, name=str, sources=tuple, target=str)
        for known in self._converters:
            if known.name == converter.name and set(known.sources) & set(converter.sources):
                raise AlreadyExistsError(f"there is a conversion to {converter.name!r} already")
        self._converters.append(converter)

    def conversions(self, source: str | None = None) -> list[Converter]:
        """Return what can be converted to, by name; only from one format if it is named."""
        found = [one for one in self._converters if source is None or source in one.sources]
        return sorted(found, key=lambda one: one.name)

    def converter(self, source: str, to: str) -> Converter:
        """Return what turns files of the format `source` into what `to` names.

        Raises:
            UnknownFormatError: Nothing does.
        """
        known = self.conversions(source)
        found = next((one for one in known if one.name == to), None)
        if found is None:
            names = ", ".join(one.name for one in known)
            raise UnknownFormatError(
                f"there is no conversion from {source} to {to!r}",
                hint=f"{source} can become: {names}" if names else "this format stays as it is",
                format=to,
            )
        return found

    def _put(self, handler: FormatHandler) -> None:
        if handler.name in self._handlers:
            raise _taken(handler.name)
        self._handlers[handler.name] = handler

    def _all(self) -> list[FormatHandler]:
        for name in list(self._discovered()):
            self._load(name)
        return list(self._handlers.values())

    def _discovered(self) -> dict[str, EntryPoint]:
        """Return the announced handlers not loaded yet, by name."""
        if self._waiting is None:
            self._waiting = {}
            for point in self._announced():
                self._announce(point, self._waiting)
        return self._waiting

    def _announce(self, point: EntryPoint, waiting: dict[str, EntryPoint]) -> None:
        if point.name in self._handlers:
            _log.warning("%s: the name of format %r is taken", _origin(point), point.name)
        elif point.name in waiting:
            del waiting[point.name]
            self._give_up(point, "two packages announce a handler of this name")
        elif point.name not in self._broken:
            waiting[point.name] = point

    def _load(self, name: str) -> None:
        point = self._discovered().pop(name)
        try:
            handler = point.load()()
            _demand(handler, FormatHandler, name=str)
        except Exception as error:  # noqa: BLE001 - another package's code may raise anything
            self._give_up(point, f"{type(error).__name__}: {error}")
            return
        if handler.name != name:
            self._give_up(point, f"its own name is {handler.name!r}")
        else:
            self._put(handler)

    def _give_up(self, point: EntryPoint, why: str) -> None:
        error = FormatError(
            f"the handler of format {point.name!r} ({_origin(point)}) cannot be used: {why}",
            hint="repair or remove the package that announces it",
            format=point.name,
        )
        _log.warning("%s", error)
        self._broken[point.name] = error

    def _ask(self, handler: FormatHandler, files: FileSet) -> Confidence:
        try:
            return handler.detect(files)
        except FormatError as error:
            _log.warning("format %r is left out: %s", handler.name, error)
            return Confidence.NONE

    def _left_out(self) -> dict[str, object]:
        return {"left_out": sorted(self._broken)} if self._broken else {}


def _only(handlers: list[FormatHandler], what: str) -> FormatHandler:
    if len(handlers) == 1:
        return handlers[0]
    names = sorted(handler.name for handler in handlers)
    raise AmbiguousFormatError(
        f"{what} may be of several formats: {', '.join(names)}",
        hint=f"say which one, such as format={names[0]!r}; 'files' takes files as they are",
        formats=names,
    )


def _demand(thing: object, kind: type, **attributes: type) -> None:
    """Return if a thing is of a kind and has these attributes.

    Raises:
        InvalidInputError: It is something else, such as a class that was not called.
    """
    if isinstance(thing, kind):
        missing = [
            name
            for name, type_ in attributes.items()
            if not isinstance(value := getattr(thing, name, None), type_) or not value
        ]
        if not missing:
            return
        wrong = f"{type(thing).__name__} has no {missing[0]} ({attributes[missing[0]].__name__})"
    elif isinstance(thing, type):
        wrong = f"{thing.__name__} is a class and not a {kind.__name__}: hand in an instance"
    else:
        wrong = f"an object of the class {type(thing).__name__} is not a {kind.__name__}"
    methods: frozenset[str] = getattr(kind, "__abstractmethods__", frozenset())
    raise InvalidInputError(
        wrong,
        hint=f"derive it from {kind.__module__}.{kind.__name__}, with {', '.join(attributes)} and "
        f"the methods {', '.join(sorted(methods))}",
    )


def _taken(name: str) -> AlreadyExistsError:
    return AlreadyExistsError(f"there is a format handler {name!r} already", format=name)


def _origin(point: EntryPoint) -> str:
    package = f" of package {point.dist.name}" if point.dist else ""
    return f"{point.value}{package}"
