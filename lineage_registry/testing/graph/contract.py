"""The suite as one class."""

from lineage_registry.testing.graph.copy_rules import CopyRules
from lineage_registry.testing.graph.degree_rules import BusiestRules, DegreeRules
from lineage_registry.testing.graph.event_rules import EventRules
from lineage_registry.testing.graph.oracle_rules import OracleRules
from lineage_registry.testing.graph.scale_rules import ScaleRules
from lineage_registry.testing.graph.select_rules import SelectRules
from lineage_registry.testing.graph.time_rules import ClosingRules, ReplayRules, ViewRules
from lineage_registry.testing.graph.transaction_rules import TransactionRules
from lineage_registry.testing.graph.value_rules import EdgeRules, NodeRules, ValueRules
from lineage_registry.testing.graph.walk_rules import CensusRules, PathRules, WalkRules


class GraphStoreContract(
    TransactionRules,
    ValueRules,
    NodeRules,
    EdgeRules,
    SelectRules,
    WalkRules,
    CensusRules,
    PathRules,
    DegreeRules,
    BusiestRules,
    OracleRules,
    ScaleRules,
    EventRules,
    ViewRules,
    ReplayRules,
    CopyRules,
    ClosingRules,
):
    """What every graph store keeps. No rule can be overridden.

    Example:
        ```python
        class TestMyStore(GraphStoreContract):
            @pytest.fixture
            def store(self): ...

            @pytest.fixture
            def raw(self, store): ...
        ```
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        bent = [
            rule for rule in rules() if getattr(cls, rule) is not getattr(GraphStoreContract, rule)
        ]
        if bent:
            raise TypeError(f"{cls.__name__} overrides {bent}; fix the store instead")


def rules() -> list[str]:
    """Return the names of all rules of the suite."""
    return sorted(name for name in dir(GraphStoreContract) if name.startswith("test_"))
