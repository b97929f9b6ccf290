"""What a card of the Hugging Face Hub declares, as links to versions of this registry."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from lineage_registry.domain.model_cards import (
    Card,
    Measure,
    Result,
    derivation_of,
    licence_of,
    measures_of,
)
from lineage_registry.domain.names import parse_role
from lineage_registry.domain.references import Space
from lineage_registry.errors import InvalidNameError
from lineage_registry.ports import commands as c
from lineage_registry.ports.hub import Repository, Snapshot, is_commit, named_repository
from lineage_registry.registry.importing import Row
from lineage_registry.registry.sending import Sender

SOURCE: Final = "hub.source"
"""Parameter of a version from the Hub: `hf://org/name@commit`."""
REPOSITORY: Final = "hub.repository"
"""Parameter of a version from the Hub, and of a name that a card gives: `hf://org/name`."""
COMMIT: Final = "hub.commit"
"""Parameter of a version from the Hub: the hash of the commit."""
VERSION_ROWS: Final = {Space.MODELS: "version", Space.DATASETS: "dataset_version"}
_TRAIN: Final = "train"
_TEST: Final = "test"


class HubLink(BaseModel):
    """What a card says that a version comes from, or was tested on.

    Attributes:
        repository: As the card names it, `hf://org/name`.
        role: How: finetune, adapter, quantized, merged, other; `train` for data, and the split
            for data that it was tested on, `test` if the card names none.
        reference: The version here that stands for it.
        commit: The commit that this version is of; None if nothing of the repository is stored,
            and the version is a name alone.
        tested: Whether it was only tested on that data.
        metrics: The version's metrics that were measured on it.
    """

    model_config = ConfigDict(frozen=True)

    repository: str
    role: str
    reference: str
    commit: str | None = None
    tested: bool = False
    metrics: tuple[str, ...] = ()


class _Named(NamedTuple):
    """What a card names, as it writes it; the commit if it says one."""

    space: Space
    text: str
    role: str
    tested: bool = False
    commit: str = ""


class Declared(NamedTuple):
    """What a card says.

    Attributes:
        names: Rows that register what is named and not here.
        licence: An SPDX expression.
        left_out: What nothing was made of, each with why.
    """

    names: Sequence[Row]
    links: Sequence[HubLink]
    metrics: Mapping[str, float]
    licence: str | None
    left_out: Sequence[str]

    def fields(self) -> dict[str, Any]:
        """Return it as fields of a registration."""
        tested = [link for link in self.links if link.tested]
        trained = [link for link in self.links if not link.tested and link.role == _TRAIN]
        parents = [link for link in self.links if not link.tested and link.role != _TRAIN]
        found: dict[str, Any] = {
            "metrics": dict(self.metrics),
            "parents": [{"reference": one.reference, "kind": one.role} for one in parents],
            "datasets": [{"reference": one.reference, "role": one.role} for one in trained],
        }
        if tested:
            found["tested_on"] = [{"reference": one.reference, "role": one.role} for one in tested]
        return found


def declared_by(card: Card, snapshot: Snapshot, sender: Sender) -> Declared:
    """Return what a card says, and which versions stand for what it names."""
    left_out = [card.problem] if card.problem else []
    measures = measures_of(card.results)
    links: list[HubLink] = []
    to_come: dict[Repository, Row] = {}
    for repository, named in _repositories(card, snapshot, left_out):
        link = _standing_for(repository, named, sender)
        if link is None:
            left_out.append(f"{repository}: deleted here")
            continue
        links.append(link.model_copy(update={"metrics": _measured_on(named, measures)}))
        if _is_to_come(link.reference):
            to_come[repository] = {VERSION_ROWS[named.space]: _name_alone(repository, snapshot)}
        elif named.commit not in {"", link.commit}:
            left_out.append(
                f"{repository}: tested at {named.commit}, which is not here; "
                f"{link.reference} is linked"
            )
    if len(measures) < len(card.results):
        left_out.append(f"{len(card.results) - len(measures)} results: no number, or there already")
    return Declared(
        [*to_come.values()],
        links,
        {one.key: one.value for one in measures},
        licence_of(card.licences),
        [*dict.fromkeys(left_out)],
    )


def _repositories(
    card: Card, snapshot: Snapshot, left_out: list[str]
) -> Iterator[tuple[Repository, _Named]]:
    """Yield what a card names, each once in each part it plays; note what can be nothing here."""
    seen: set[tuple[Repository, str, str]] = set()
    for named in _named(card):
        repository = named_repository(named.text, named.space)
        if why := _why_not(repository, snapshot):
            left_out.append(f"{named.text[:120]!a}: {why}")
        elif repository is not None:
            part = (repository, named.role if named.tested else "", named.commit)
            if part not in seen:
                seen.add(part)
                yield repository, named


def versions_with(sender: Sender, space: Space, key: str, value: str) -> Iterator[c.Version]:
    """Yield the versions with this parameter, deleted ones too, newest first."""
    return sender.rows(c.SearchVersions, space=space, param=[f"{key}={value}"], deleted=True)


def numbered(link: HubLink, sender: Sender, revision: int) -> HubLink:
    """Return a link with the version that it got in a revision, if that was to come."""
    if not _is_to_come(link.reference):
        return link
    space, _, rest = link.reference.partition(":/")
    name, _, version = rest.partition("/")
    made = sender.ask(c.GetVersion, space=space, name=name, version=version, as_of=revision)
    return link.model_copy(update={"reference": made.reference})


def latest(space: Space, name: str) -> str:
    """Return what refers to the version of this name that was registered last."""
    return f"{space}:/{name}/latest"


def _is_to_come(reference: str) -> bool:
    return reference.endswith("/latest")


def _named(card: Card) -> Iterator[_Named]:
    for origin in card.base_models:
        yield _Named(Space.MODELS, origin.name, derivation_of(origin.relation).value)
    for name in card.datasets:
        yield _Named(Space.DATASETS, name, _TRAIN)
    yield from dict.fromkeys(_tested_on(result) for result in card.results if result.source)


def _tested_on(result: Result) -> _Named:
    role = result.split.casefold()
    try:
        role = parse_role(role)
    except InvalidNameError:  # what part of the data a slice takes, `test[:10%]`, is no role
        role = _TEST
    commit = result.revision if is_commit(result.revision) else ""  # a branch moves on
    return _Named(Space.DATASETS, result.source, role, tested=True, commit=commit)


def _measured_on(named: _Named, measures: Sequence[Measure]) -> tuple[str, ...]:
    if not named.tested:
        return ()
    return tuple(one.key for one in measures if _tested_on(one.result) == named)


def _why_not(repository: Repository | None, snapshot: Snapshot) -> str | None:
    if repository is None:
        return "no repository"
    if repository == snapshot.repository:
        return "the repository itself"
    return (
        "data is trained and tested on nothing"
        if snapshot.repository.space is Space.DATASETS
        else None
    )


def _standing_for(repository: Repository, named: _Named, sender: Sender) -> HubLink | None:
    """Return a version of the commit that is named, else the newest that holds the repository.

    Else one that names it, else one to come. None if all of them are deleted.
    """
    found = list(versions_with(sender, repository.space, REPOSITORY, str(repository)))
    alive = [one for one in found if one.status != "deleted"]
    held = [one for one in alive if COMMIT in one.params]
    exact = [one for one in held if one.params[COMMIT] == named.commit]
    best = next(iter([*exact, *held, *alive]), None)
    if best is None and found:
        return None
    commit = None if best is None else best.params.get(COMMIT)
    return HubLink(
        repository=str(repository),
        role=named.role,
        reference=latest(repository.space, repository.name) if best is None else best.reference,
        commit=None if commit is None else str(commit),
        tested=named.tested,
    )


def _name_alone(repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": repository.name,
        "description": f"{repository}, as the card of {snapshot} names it. It has no files here.",
        "params": {REPOSITORY: str(repository)},
        "tags": {"declared-by": str(snapshot)},
    }
