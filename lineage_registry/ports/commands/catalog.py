"""Models and datasets: create, find, describe, delete."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lineage_registry.domain.names import Name, Tags, Text, parse_key, parse_text
from lineage_registry.ports.commands.base import (
    CATALOG,
    Listing,
    Page,
    Query,
    Route,
    Write,
)


class Family(BaseModel):
    """A registered model or a dataset.

    Attributes:
        id: Number of its node in the graph.
        licence: What its versions are under that declare none of their own.
        latest: Highest version number that is not deleted.
        aliases: Alias to version number.
        stages: Stage to the number of the version that holds it.
        revision: Revision of its last change: its ETag.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["model", "dataset"]
    id: int
    name: str
    reference: str
    description: str | None = None
    owner: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    licence: str | None = None
    latest: int | None = None
    aliases: dict[str, int] = Field(default_factory=dict)
    stages: dict[str, int] = Field(default_factory=dict)
    created_at: datetime
    created_by: str
    deleted: bool = False
    revision: int


def _check_tag_changes(tags: dict[str, str | None]) -> dict[str, str | None]:
    return {
        parse_key(key): None if value is None else parse_text(value) for key, value in tags.items()
    }


TagChanges = Annotated[dict[str, str | None], AfterValidator(_check_tag_changes)]
"""Tags to set; None takes a tag away."""


class CreateFamily(Write[Family]):
    """Create a model or dataset."""

    route: ClassVar[Route] = Route("POST", "/{space}", "catalog", 201)

    space: CATALOG
    name: Name
    description: Text | None = None
    owner: Text | None = None
    tags: Tags = Field(default_factory=dict)


class GetFamily(Query[Family]):
    """Return a model or dataset."""

    route: ClassVar[Route] = Route("GET", "/{space}/{name}", "catalog")

    space: CATALOG
    name: Name


class ListFamilies(Listing[Page[Family]]):
    """List models or datasets, oldest first.

    Attributes:
        text: Part of the name, in any case.
        tag: `key` or `key=value`; all of them hold.
    """

    route: ClassVar[Route] = Route("GET", "/{space}", "catalog")

    space: CATALOG
    text: str | None = Field(default=None, max_length=200)
    owner: str | None = None
    tag: list[str] = Field(default_factory=list, max_length=20)
    deleted: bool = False


class UpdateFamily(Write[Family]):
    """Describe, tag or rename a model or dataset; what is left out stays.

    Attributes:
        new_name: The old name finds it until somebody takes that.
    """

    route: ClassVar[Route] = Route("PATCH", "/{space}/{name}", "catalog")

    space: CATALOG
    name: Name
    new_name: Name | None = None
    description: Text | None = None
    owner: Text | None = None
    tags: TagChanges = Field(default_factory=dict)


class DeleteFamily(Write[Family]):
    """Put a model or dataset and its versions out of sight; nothing is destroyed.

    Attributes:
        force: Delete although something relies on it; needs a reason.
    """

    route: ClassVar[Route] = Route("DELETE", "/{space}/{name}", "catalog")

    space: CATALOG
    name: Name
    force: bool = False


class RestoreFamily(Write[Family]):
    """Bring back a deleted model or dataset with the versions that went with it."""

    route: ClassVar[Route] = Route("POST", "/{space}/{name}/restore", "catalog")

    space: CATALOG
    name: Name
