"""What a drawing needs of an answer: kinds, distances, and both ends of each edge."""

from lineage_registry.domain.lineage import Lineage
from lineage_registry.errors import InvalidQueryError


def drawable(lineage: Lineage) -> Lineage:
    """Return the answer as it can be drawn: without edges to nodes of earlier pages.

    Raises:
        InvalidQueryError: The question left out what a drawing needs.
    """
    if lineage.fields is not None and not {"kind", "distance"} <= set(lineage.fields):
        raise InvalidQueryError(
            "an answer without kinds and distances cannot be drawn",
            hint="ask for all fields, or for JSON",
        )
    if not lineage.given:
        return lineage
    here = {node.id for node in lineage.nodes}
    edges = [edge for edge in lineage.edges if edge.source in here and edge.target in here]
    return lineage.model_copy(update={"edges": edges})
