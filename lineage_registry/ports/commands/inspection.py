"""What the files of a version hold and whether they are safe; trust in them."""

from typing import ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.domain.names import Name
from lineage_registry.ports.commands.base import CATALOG, Answer, Query, Route, Write
from lineage_registry.ports.commands.taints import Reason
from lineage_registry.ports.commands.versions import Version


class VersionInspection(Answer, Inspection):
    """What the files of a version hold, by the rules of today.

    Attributes:
        registered: The verdict when it was registered, by the rules of then; None if not known.
    """

    reference: str
    registered: Verdict | None = None


class InspectVersion(Query[VersionInspection]):
    """Look into the files of a version where they are stored, running nothing of theirs.

    Attributes:
        version: Number, label, `latest`, a stage, or `@alias`.
        deleted: Whether a deleted one is found, too.
    """

    route: ClassVar[Route] = Route(
        "GET", "/{space}/{name}/versions/{version}/inspection", "versions"
    )

    space: CATALOG
    name: Name
    version: str
    deleted: bool = False


class GrantTrust(Write[Version]):
    """Record that you trust a version whose files name code, before you load it.

    It changes nothing for others: whoever loads it says so again.

    Attributes:
        reason: Why; mandatory, and stays in the log.
    """

    route: ClassVar[Route] = Route("POST", "/{space}/{name}/versions/{version}/trust", "versions")

    space: CATALOG
    name: Name
    version: str
    reason: Reason
