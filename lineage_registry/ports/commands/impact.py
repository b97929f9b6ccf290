"""Impact: what is affected if some things break or are withdrawn."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import NodeKind, Scalar
from lineage_registry.domain.lineage import Edges, Lineage, Nodes
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import GraphAnswer, Query, Route, TableAnswer


class Count(BaseModel):
    """Nodes of one kind at one distance."""

    model_config = ConfigDict(frozen=True)

    distance: int
    kind: NodeKind
    nodes: int


class FamilyHit(BaseModel):
    """A model or dataset with versions that are hit.

    Attributes:
        versions: How many of its versions are hit.
        production: Those of them that are in Production.
    """

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: NodeKind
    owner: str | None = None
    versions: int
    production: list[str] = Field(default_factory=list)


class DeploymentHit(BaseModel):
    """A deployment that is hit, and what it serves."""

    model_config = ConfigDict(frozen=True)

    reference: str
    distance: int
    serves: str | None = None
    environment: str | None = None
    owner: str | None = None


class OwnerHit(BaseModel):
    """Somebody to tell: `owns` names their models, datasets and deployments that are hit."""

    model_config = ConfigDict(frozen=True)

    name: str
    owns: list[str]


class Impact(TableAnswer, GraphAnswer):
    """What is affected if some things break or are withdrawn.

    Attributes:
        total: Nodes downstream, the starts not counted.
        deleted_passed: How many deleted things lie downstream. What comes from them is hit like
            everything else; they themselves are counted and named only if that is asked for.
        counts: The same by distance and kind.
        production: Versions hit that are in Production: in a guarded stage, or one asked for.
        deployments: Deployments hit.
        owners: Who to tell: owners of the models, datasets and deployments hit.
        families: Models and datasets hit, those with most in Production first, then with most hit.
        serving: More about the deployments hit.
        notify: What each of the owners owns of it.
        licence_conflicts: Versions whose licences contradict each other by what the starts pass
            on; as many are named, nearest first, in `conflicting`.
        licences_complete: False where more than 10,000 versions lie downstream: only the nearest
            were looked at for such conflicts.
        closest: The nodes nearest to the starts, of the kinds asked for.
        origins: The starts as nodes.
        edges: The lineage edges among `origins` and `closest`.
        truncated: Whether one of the lists of names was cut off. Counts never are, nor are owners
            and what they own.
    """

    starts: list[str]
    total: int
    deleted_passed: int = 0
    counts: list[Count]
    production: list[str]
    deployments: list[str]
    owners: list[str]
    families: list[FamilyHit]
    serving: list[DeploymentHit]
    notify: list[OwnerHit]
    licence_conflicts: int = 0
    conflicting: list[str] = Field(default_factory=list)
    licences_complete: bool = True
    closest: Nodes
    origins: Nodes = ()
    edges: Edges = ()
    truncated: bool

    def graph(self) -> Lineage:
        """Return the starts, the nodes nearest to them, and the edges among all these."""
        return Lineage.model_construct(
            starts=self.starts,
            direction="downstream",
            nodes=[*self.origins, *self.closest],
            edges=self.edges,
            depth_reached=max((node.distance for node in self.closest), default=0),
            truncated=self.total > len(self.closest),
            revision=self.revision,
            as_of=self.as_of,
        )

    def table(self) -> Table:
        """Return who to tell about what: a row for each model, dataset and deployment hit."""
        columns = ("reference", "kind", "owner", "versions", "production", "serves", "environment")
        rows: list[tuple[Scalar | None, ...]] = [
            (
                one.reference,
                one.kind.value,
                one.owner,
                one.versions,
                " ".join(one.production) or None,
                None,
                None,
            )
            for one in self.families
        ]
        rows += [
            (
                one.reference,
                NodeKind.DEPLOYMENT.value,
                one.owner,
                None,
                None,
                one.serves,
                one.environment,
            )
            for one in self.serving
        ]
        return Table(columns, rows)


class GetImpact(Query[Impact]):
    """Return what is affected by some things: counts, Production versions, deployments, owners.

    It passes through deleted things: a version that was made from something withdrawn is hit,
    whether what lies between is still shown or not.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        depth: Edges to follow at most; None goes to the end.
        node_kinds: Kinds of nodes to count and name; absent is all, an empty list none.
        stage: Stages that count as Production; absent is those that are guarded, an empty list
            none.
        deleted: Whether to count and name deleted things, too.
        inferred: Whether to follow edges that nobody declared.
        limit: Nodes to name at most, closest first.
    """

    route: ClassVar[Route] = Route("GET", "/impact", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    depth: int | None = Field(default=None, ge=0, le=1_000_000)
    node_kinds: list[NodeKind] | None = None
    stage: list[str] | None = Field(default=None, max_length=20)
    deleted: bool = False
    inferred: bool = True
    limit: int = Field(default=100, ge=1, le=10_000)
