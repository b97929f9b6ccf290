"""Rules of verdicts: what a refusal leaves behind, and who may be trusted with what."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from lineage_registry.domain.events import ArtifactRefused, Event, TrustGranted
from lineage_registry.domain.formats import POLICY_VERSION
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.resolution import Found, resolve
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import InvalidInputError, NotFoundError

Decision = Generator[Event, int, None]
_MAX_REASONS = 20
_MAX_REASON = 500


@dataclass(frozen=True)
class Refusal:
    """Files that were not let in."""

    space: Space
    name: str
    manifest: str
    format: str
    reasons: Sequence[str]


def note_refusal(view: GraphView, refusal: Refusal) -> Decision:
    """Record that somebody tried to register dangerous or broken files."""
    try:
        owner = resolve(view, Reference(refusal.space, refusal.name)).node
    except NotFoundError:
        owner = None
    yield ArtifactRefused(
        owner=owner,
        space=refusal.space.value,
        name=refusal.name,
        manifest=refusal.manifest,
        format=refusal.format,
        policy=POLICY_VERSION,
        reasons=shortened(refusal.reasons),
    )


def grant_trust(view: GraphView, found: Found, reason: str) -> Decision:
    """Record that the code which a version's files name may run.

    Raises:
        InvalidInputError: The version has no files.
    """
    facts = view.nodes([found.node])[found.node].facts
    manifest = facts.get("manifest")
    if not isinstance(manifest, str):
        raise InvalidInputError("there is nothing to trust: the version has no files")
    verdict = str(facts.get("verdict", "not-inspectable"))
    yield TrustGranted(node=found.node, manifest=manifest, verdict=verdict, reason=reason)


def shortened(reasons: Sequence[str]) -> list[str]:
    """Return the first reasons, such that an event can hold them."""
    return [reason[:_MAX_REASON] for reason in reasons[:_MAX_REASONS]]
