"""Licences: declare, define, stop at an edge, and what reaches a version."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lineage_registry.domain.licence_expressions import parse_expression
from lineage_registry.domain.licence_table import Obligation, parse_licence
from lineage_registry.domain.names import Text
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer, Write

LicenceId = Annotated[str, AfterValidator(parse_licence)]
LicenceExpression = Annotated[str, AfterValidator(parse_expression)]


class Licence(BaseModel):
    """A licence and what it obliges to, as the table or a definition says.

    Where it leaves a choice, these are the obligations of the branch that asks for least.

    Attributes:
        reference: What is under it, where that was asked for.
    """

    model_config = ConfigDict(frozen=True)

    reference: str | None
    licence: str | None
    obligations: list[Obligation]
    revision: int


class StoppedObligations(BaseModel):
    """Obligations that do not pass from a cause to its effect, and what proves it."""

    model_config = ConfigDict(frozen=True)

    effect: str
    cause: str
    obligations: list[Obligation]
    evidence: str


class StopAnswer(StoppedObligations):
    """What was said about an edge; `revision` is that of the change."""

    revision: int


class DeclareLicence(Write[Licence]):
    """Declare the licence of a model, dataset or version; a version's own comes first.

    Attributes:
        of: Reference of a model, dataset or version.
        licence: SPDX id or a name like LicenseRef-acme, or several with AND, OR, WITH and
            brackets; what no table or definition knows is `unknown`, never permissive. Left out,
            the declaration is taken back.
    """

    route: ClassVar[Route] = Route("POST", "/licences", "licences")

    of: str
    licence: LicenceExpression | None = None


class DefineLicence(Write[Licence]):
    """Say what a licence obliges to that the table does not know."""

    route: ClassVar[Route] = Route("PUT", "/licences/{licence}", "licences")

    licence: LicenceId
    obligations: list[Obligation] = Field(max_length=20)


class StopObligations(Write[StopAnswer]):
    """Say which obligations do not pass along an edge, with evidence.

    Attributes:
        effect: Reference of what comes from it directly: a version, run or deployment.
        cause: Reference of what it comes from.
        obligations: Which; all are given back with an empty list.
        evidence: A contract, permission or law.
    """

    route: ClassVar[Route] = Route("POST", "/licence-stops", "licences")

    effect: str
    cause: str
    obligations: list[Obligation] = Field(max_length=20)
    evidence: Annotated[Text, Field(min_length=1, max_length=2_000)] | None = None


class LicenceTerm(BaseModel):
    """An obligation that reaches a version.

    Attributes:
        licence: The licence that it comes from; NONE for a source that declares nothing.
        expression: What is declared there. Where that leaves a choice, `licence` is of the branch
            that contradicts least here, and of those the one that asks for least.
        origin: The nearest thing under that licence.
        witness: One shortest way there that lets the obligation through, both ends included.
    """

    model_config = ConfigDict(frozen=True)

    obligation: Obligation
    licence: str
    expression: str
    origin: str
    distance: int
    witness: list[str]


class LicenceConflict(BaseModel):
    """A contradiction between licences.

    Attributes:
        obligation: What is not kept.
        inherited: The inherited licence that asks for it, `origin` and `witness` where it is from.
        against: The licence that does not keep it: `declared`, or inherited from elsewhere, too.
        other_origin: Where `against` begins if it is inherited.
        other_witness: The way there.
    """

    model_config = ConfigDict(frozen=True)

    obligation: Obligation
    inherited: str
    origin: str
    witness: list[str]
    against: str
    declared: bool
    other_origin: str | None = None
    other_witness: list[str] = Field(default_factory=list)


class Licences(TableAnswer):
    """The terms that hold for a version.

    Attributes:
        declared: Its licence: its own, or that of its model or dataset if `by_family`.
        obligations: Effective ones: its own, and what everything it comes from passes on.
        terms: Where each of them comes from, of each licence the nearest place.
        stops: What does not pass on to it, and why.
    """

    reference: str
    declared: str | None
    by_family: bool
    obligations: list[Obligation]
    terms: list[LicenceTerm]
    stops: list[StoppedObligations]
    conflicts: list[LicenceConflict]

    def table(self) -> Table:
        """Return a row for each term."""
        return Table(
            ("obligation", "licence", "expression", "origin", "distance", "witness"),
            [
                (
                    one.obligation.value,
                    one.licence,
                    one.expression,
                    one.origin,
                    one.distance,
                    " <- ".join(one.witness),
                )
                for one in self.terms
            ],
        )


class GetLicences(Query[Licences]):
    """Return the terms that hold for a version, where they come from, and what contradicts.

    Attributes:
        of: Reference of a version, of a deleted one, too.
    """

    route: ClassVar[Route] = Route("GET", "/licences", "licences")

    of: str
