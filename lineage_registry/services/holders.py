"""Who has these bytes: from a digest to the versions that hold it."""

from collections.abc import Iterable, Iterator, Sequence

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.resolution import VERSION_KINDS
from lineage_registry.domain.view import Comparison, Filter, GraphView, Selection
from lineage_registry.errors import VersionNotFoundError
from lineage_registry.services.contents import read_manifest
from lineage_registry.services.workplace import Workplace


def holders(work: Workplace, view: GraphView, digests: Sequence[str]) -> list[int]:
    """Return the versions whose manifest or one of whose files has one of these digests.

    Files are found by an index that holds those of versions with few files; the manifests of the
    others are read.

    Raises:
        InvalidInputError: One is no digest.
        VersionNotFoundError: No version holds it.
        ArtifactNotFoundError: A manifest that had to be read is gone.
    """
    wanted = [Digest.parse(text) for text in digests]
    found: dict[Digest, set[int]] = {
        digest: {
            *_with(view, Filter("manifest", Comparison.EQUAL, str(digest))),
            *_with(view, Filter(f"file/{digest.hex}", Comparison.EQUAL, value=True)),
        }
        for digest in wanted
    }
    for id_, digest in _unlisted(work, view, wanted):
        found[digest].add(id_)
    for digest, ids in found.items():
        if not ids:
            raise VersionNotFoundError(
                f"no version holds {digest}", hint="give the digest of a manifest or of a file"
            )
    return sorted({id_ for ids in found.values() for id_ in ids})


def _unlisted(
    work: Workplace, view: GraphView, wanted: Iterable[Digest]
) -> Iterator[tuple[int, Digest]]:
    sought = frozenset(wanted)
    ids = _with(view, Filter("unlisted", Comparison.EQUAL, value=True))
    for id_, node in view.nodes(ids, ()).items() if ids else ():
        manifest = read_manifest(work, str(node.facts["manifest"]))
        yield from ((id_, one.digest) for one in manifest.files if one.digest in sought)


def _with(view: GraphView, wanted: Filter) -> list[int]:
    """Return all versions with this value, deleted ones, too."""
    return [
        id_
        for kind in VERSION_KINDS.values()
        for id_ in view.select_all(Selection(kind, filters=(wanted,), deleted=True))
    ]
