"""The rules that every graph store keeps, for authors of stores.

Derive from `GraphStoreContract`, give it the fixtures `store` and `raw`, and let pytest collect
the class. No rule can be overridden.
"""

import pytest

_SUBJECTS = ("degree", "event", "oracle", "scale", "select", "time", "transaction", "value", "walk")
pytest.register_assert_rewrite(*(f"{__name__}.{subject}_rules" for subject in _SUBJECTS))

from lineage_registry.testing.graph.back_door import RawCounts, RawGraph  # noqa: E402
from lineage_registry.testing.graph.contract import GraphStoreContract, rules  # noqa: E402

__all__ = ["GraphStoreContract", "RawCounts", "RawGraph", "rules"]
