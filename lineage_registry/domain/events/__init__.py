"""The events: the language of the log, the audit trail and the graph's changes."""

from lineage_registry.domain.events.base import Cause, Event
from lineage_registry.domain.events.catalog import (
    DatasetCreated,
    DetailsChanged,
    ModelCreated,
    NameChanged,
    NodeDeleted,
    NodeRestored,
)
from lineage_registry.domain.events.garbage import CollectionEnded, CollectionStarted
from lineage_registry.domain.events.governance import (
    LicenceDeclared,
    LicenceDefined,
    ObligationsStopped,
    StagesGuarded,
    TaintLifted,
    TaintRaised,
)
from lineage_registry.domain.events.lifecycle import (
    AliasMoved,
    DeploymentCreated,
    DeploymentMoved,
    PointerMoved,
    StageLeft,
    StageMoved,
    StagesConfigured,
    VersionRolledBack,
)
from lineage_registry.domain.events.runs import (
    InputsAdded,
    MetricPoint,
    MetricsLogged,
    MetricSummary,
    ParamsLogged,
    RunEnded,
    RunStarted,
)
from lineage_registry.domain.events.verdicts import (
    ArtifactRefused,
    TrustGranted,
    VerdictReached,
)
from lineage_registry.domain.events.versions import (
    DependencyAdded,
    DependencyRemoved,
    SiblingDeclared,
    VersionRegistered,
)

EVENT_TYPES: dict[str, type[Event]] = {
    event.type: event
    for event in (
        AliasMoved,
        ArtifactRefused,
        CollectionEnded,
        CollectionStarted,
        DatasetCreated,
        DependencyAdded,
        DependencyRemoved,
        DeploymentCreated,
        DeploymentMoved,
        DetailsChanged,
        InputsAdded,
        LicenceDeclared,
        LicenceDefined,
        MetricsLogged,
        ModelCreated,
        NameChanged,
        NodeDeleted,
        NodeRestored,
        ObligationsStopped,
        ParamsLogged,
        RunEnded,
        RunStarted,
        SiblingDeclared,
        StageLeft,
        StageMoved,
        StagesConfigured,
        StagesGuarded,
        TaintLifted,
        TaintRaised,
        TrustGranted,
        VerdictReached,
        VersionRegistered,
        VersionRolledBack,
    )
}
"""Every type of event that a log may hold, by its name."""

__all__ = [
    "EVENT_TYPES",
    "AliasMoved",
    "ArtifactRefused",
    "Cause",
    "CollectionEnded",
    "CollectionStarted",
    "DatasetCreated",
    "DependencyAdded",
    "DependencyRemoved",
    "DeploymentCreated",
    "DeploymentMoved",
    "DetailsChanged",
    "Event",
    "InputsAdded",
    "LicenceDeclared",
    "LicenceDefined",
    "MetricPoint",
    "MetricSummary",
    "MetricsLogged",
    "ModelCreated",
    "NameChanged",
    "NodeDeleted",
    "NodeRestored",
    "ObligationsStopped",
    "ParamsLogged",
    "PointerMoved",
    "RunEnded",
    "RunStarted",
    "SiblingDeclared",
    "StageLeft",
    "StageMoved",
    "StagesConfigured",
    "StagesGuarded",
    "TaintLifted",
    "TaintRaised",
    "TrustGranted",
    "VerdictReached",
    "VersionRegistered",
    "VersionRolledBack",
]
