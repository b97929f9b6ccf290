"""What a card of the Hugging Face Hub declares, as links to versions of this registry."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from lineage_registry.domain.model_cards import Card, derivation_of, licence_of, metrics_of
from lineage_registry.domain.references import Space
from lineage_registry.ports import commands as c
from lineage_registry.ports.hub import Repository, Snapshot, named_repository
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


class HubLink(BaseModel):
    """What a card says that a version comes from.

    Attributes:
        repository: As the card names it, `hf://org/name`.
        role: How: finetune, adapter, quantized, merged, other; `train` for data.
        reference: The version here that stands for it.
        commit: The commit that this version is of; None if nothing of the repository is stored,
            and the version is a name alone.
    """

    model_config = ConfigDict(frozen=True)

    repository: str
    role: str
    reference: str
    commit: str | None = None


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
        parents = [link for link in self.links if link.role != _TRAIN]
        data = [link for link in self.links if link.role == _TRAIN]
        return {
            "metrics": dict(self.metrics),
            "parents": [{"reference": one.reference, "kind": one.role} for one in parents],
            "datasets": [{"reference": one.reference, "role": one.role} for one in data],
        }


def declared_by(card: Card, snapshot: Snapshot, sender: Sender) -> Declared:
    """Return what a card says, and which versions stand for what it names."""
    names: list[Row] = []
    links: dict[Repository, HubLink] = {}
    left_out = [card.problem] if card.problem else []
    for space, text, role in _named(card):
        repository = named_repository(text, space)
        if repository in links:
            continue
        if why := _why_not(repository, snapshot):
            left_out.append(f"{text[:120]!a}: {why}")
        elif repository is not None:
            found = _standing_for(repository, role, sender)
            if found is None:
                left_out.append(f"{repository}: deleted here")
                continue
            links[repository] = found
            if _is_to_come(found.reference):
                names.append({VERSION_ROWS[space]: _name_alone(repository, snapshot)})
    metrics = metrics_of(card.results)
    if len(metrics) < len(card.results):
        left_out.append(f"{len(card.results) - len(metrics)} results: no number, or there already")
    return Declared(names, [*links.values()], metrics, licence_of(card.licences), left_out)


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


def _named(card: Card) -> Iterator[tuple[Space, str, str]]:
    for origin in card.base_models:
        yield Space.MODELS, origin.name, derivation_of(origin.relation).value
    for name in card.datasets:
        yield Space.DATASETS, name, _TRAIN


def _why_not(repository: Repository | None, snapshot: Snapshot) -> str | None:
    if repository is None:
        return "no repository"
    if repository == snapshot.repository:
        return "the repository itself"
    return "data is trained on nothing" if snapshot.repository.space is Space.DATASETS else None


def _standing_for(repository: Repository, role: str, sender: Sender) -> HubLink | None:
    """Return the newest version that holds a repository, else one that names it, else one to come.

    None if all of them are deleted.
    """
    found = list(versions_with(sender, repository.space, REPOSITORY, str(repository)))
    alive = [one for one in found if one.status != "deleted"]
    best = next((one for one in alive if COMMIT in one.params), next(iter(alive), None))
    if best is None and found:
        return None
    commit = None if best is None else best.params.get(COMMIT)
    return HubLink(
        repository=str(repository),
        role=role,
        reference=latest(repository.space, repository.name) if best is None else best.reference,
        commit=None if commit is None else str(commit),
    )


def _name_alone(repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": repository.name,
        "description": f"{repository}, as the card of {snapshot} names it. It has no files here.",
        "params": {REPOSITORY: str(repository)},
        "tags": {"declared-by": str(snapshot)},
    }
