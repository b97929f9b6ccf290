"""References and links as people write them, as fields of commands."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from lineage_registry.domain.references import Reference, Space, parse_reference
from lineage_registry.errors import InvalidReferenceError
from lineage_registry.registry.asking import AsOf

Link = str | tuple[str, str]
"""A reference, or a reference and the role it has."""


def each_link(links: Iterable[Any]) -> Iterable[Any]:
    """Return the links; one reference alone is one link, not its letters.

    Raises:
        InvalidReferenceError: It is one thing, and no reference.
    """
    if isinstance(links, BaseModel):  # a version: to go through it would give its fields
        _pair(links)
    return (links,) if isinstance(links, str) else links


def parent_link(link: Link | Mapping[str, str]) -> dict[str, str]:
    """Return a parent as commands take it; a role is the kind of derivation."""
    if isinstance(link, str):
        return {"reference": link}
    if isinstance(link, Mapping):
        return dict(link)
    return dict(zip(("reference", "kind"), _pair(link), strict=True))


def input_link(link: Link | Mapping[str, str]) -> dict[str, str]:
    """Return an input as commands take it."""
    if isinstance(link, str):
        return {"reference": link}
    if isinstance(link, Mapping):
        return dict(link)
    return dict(zip(("reference", "role"), _pair(link), strict=True))


def _pair(link: object) -> tuple[Any, Any]:
    match link:
        case (reference, role):
            return reference, role
    raise InvalidReferenceError(
        f"neither a reference nor one with its role: {type(link).__name__}",
        hint='write "NAME:3" or ("NAME:3", "ROLE"); what a thing is called is its .reference',
    )


def family_of(reference: str) -> tuple[Space, str]:
    """Return the model or dataset that is to be changed."""
    return _family(reference, _now(reference))


def model_of(reference: str) -> str:
    """Return the name of the model that is to be changed."""
    space, name = family_of(reference)
    if space is not Space.MODELS:
        raise InvalidReferenceError(f"{reference!r} is no model", hint="write NAME")
    return name


def version_of(reference: str) -> dict[str, Any]:
    """Return the version that is to be changed, as fields of a command."""
    return _version(reference, _now(reference))


def model_version_of(reference: str) -> tuple[str, str]:
    """Return name and selector of the model version that is to be changed."""
    found = _now(reference)
    if found.selector is None or found.space is not Space.MODELS:
        raise InvalidReferenceError(
            f"{reference!r} is no version of a model", hint="write NAME:VERSION or NAME@ALIAS"
        )
    return found.name, str(found.selector)


def family_asked(reference: str, as_of: AsOf, default: Space = Space.MODELS) -> dict[str, Any]:
    """Return the model or dataset that is asked about, and when, as fields of a command."""
    space, name = _family(reference, parse_reference(reference, default))
    return {"space": space, "name": name, "as_of": as_of_one(reference, as_of)}


def version_asked(reference: str, as_of: AsOf) -> dict[str, Any]:
    """Return the version that is asked about, and when, as fields of a command."""
    asked = _version(reference, parse_reference(reference))
    return {**asked, "as_of": as_of_one(reference, as_of)}


def _family(reference: str, found: Reference) -> tuple[Space, str]:
    if found.selector is not None or found.space not in {Space.MODELS, Space.DATASETS}:
        raise InvalidReferenceError(
            f"{reference!r} is no model or dataset", hint="leave the version out"
        )
    return found.space, found.name


def _version(reference: str, found: Reference) -> dict[str, Any]:
    if found.space not in {Space.MODELS, Space.DATASETS}:
        raise InvalidReferenceError(
            f"{reference!r} is no version of a model or dataset", hint="write NAME:VERSION"
        )
    if found.selector is None:
        raise InvalidReferenceError(
            f"{reference!r} names no version", hint=f"add one, like {found.name}:latest"
        )
    return {"space": found.space, "name": found.name, "version": str(found.selector)}


def _now(reference: str) -> Reference:
    found = parse_reference(reference)
    if found.as_of is not None:
        raise InvalidReferenceError("the past cannot be changed", hint="leave ?as_of= out")
    return found


def as_of_one(reference: str, as_of: AsOf) -> AsOf:
    """Return the time that is asked about, given in the reference or beside it."""
    named = parse_reference(reference).as_of
    if named is not None and as_of is not None:
        raise InvalidReferenceError(
            "as_of is given twice", hint="give it in the reference or beside it"
        )
    return named if as_of is None else as_of


def run_id_of(text: str) -> str:
    """Return the id of a run given by id or reference."""
    return text.removeprefix("runs:/")
