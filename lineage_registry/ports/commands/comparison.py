"""Comparison: what differs between two versions and what they come from."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import EdgeKind, NodeKind, Scalar
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer

Change = Literal["added", "removed", "changed"]


class CauseLink(BaseModel):
    """How a cause is tied to the version, or to the run that made it."""

    model_config = ConfigDict(frozen=True)

    edge: EdgeKind
    role: str


class CauseChange(BaseModel):
    """A cause that only one of the two has, or another one in its place.

    Attributes:
        before: The cause of the first version; None if added.
        after: The cause of the second version; None if removed.
        versions: Number after less number before, where both are versions of one thing.
        distance: Edges from the nearer of the two versions.
        direct: Whether it is tied to a version itself, or to the run that made it.
        links_before: How the first one is tied directly.
        links_after: How the second one is tied directly.
    """

    model_config = ConfigDict(frozen=True)

    change: Change
    kind: NodeKind
    before: str | None
    after: str | None
    versions: int | None
    distance: int
    direct: bool
    links_before: list[CauseLink]
    links_after: list[CauseLink]


class ValueChange(BaseModel):
    """A value that differs, of the two versions or of the runs that made them.

    Attributes:
        group: `param`, `metric`, `tag`, `code`, `environment`, or `fact` for what the files say.
        delta: After less before, where both are numbers.
    """

    model_config = ConfigDict(frozen=True)

    change: Change
    of: Literal["version", "run"]
    group: Literal["param", "metric", "tag", "code", "environment", "fact"]
    key: str
    before: Scalar | None
    after: Scalar | None
    delta: float | None


class FileChange(BaseModel):
    """A file that differs, by its path; digests are `sha256:<hex>`, sizes are bytes."""

    model_config = ConfigDict(frozen=True)

    change: Change
    path: str
    digest_before: str | None
    digest_after: str | None
    size_before: int | None
    size_after: int | None


class Diff(TableAnswer):
    """What differs between two versions; nearest causes first.

    Attributes:
        before: The first version.
        after: The second version.
        before_revision: The revision that the first one was looked at.
        after_revision: The revision that the second one was looked at.
        same: Whether nothing differs.
        unchanged: How many causes both have in the same place; data that one was trained on and the
            other tested on is a change.
        truncated: Whether a limit kept causes from being compared, or files from being listed.
        revision: The later of the two revisions.
    """

    before: str
    after: str
    before_revision: int
    after_revision: int
    same: bool
    unchanged: int
    causes: list[CauseChange]
    values: list[ValueChange]
    files: list[FileChange]
    truncated: bool

    def table(self) -> Table:
        """Return a row for each thing that differs."""
        rows: list[tuple[Scalar | None, ...]] = [
            (one.change, one.kind.value, None, one.before, one.after, one.versions, one.distance)
            for one in self.causes
        ]
        rows += [
            (one.change, f"{one.group} of {one.of}", one.key, one.before, one.after, one.delta, 0)
            for one in self.values
        ]
        rows += [
            (one.change, "file", one.path, one.digest_before, one.digest_after, _grown(one), 0)
            for one in self.files
        ]
        return Table(("change", "what", "name", "before", "after", "delta", "distance"), rows)


def _grown(file: FileChange) -> int | None:
    if file.size_before is None or file.size_after is None:
        return None
    return file.size_after - file.size_before


class GetDiff(Query[Diff]):
    """Return what differs between two versions: causes, values and files.

    The one question that may be about two times: each reference may carry its own `?as_of=`, so
    that a version can be compared with itself as it was. `as_of` is for those that carry none.

    Attributes:
        deleted: Whether to compare, and go through, deleted things.
        files: Whether to compare the lists of files.
        limit: Causes of each version to compare, and files to list, at most; closest first.
    """

    route: ClassVar[Route] = Route("GET", "/diff", "lineage")

    before: str
    after: str
    deleted: bool = False
    files: bool = True
    limit: int = Field(default=10_000, ge=1, le=100_000)
