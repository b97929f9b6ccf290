"""Statistics: how much there is, of what, and what is stored once though it is named often."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.resolution import VERSION_KINDS
from lineage_registry.domain.view import Column, GraphView, Origin, Selection
from lineage_registry.errors import ArtifactNotFoundError, IntegrityError
from lineage_registry.ports.commands import Context, GetStatistics, Statistics, StatisticsGroup
from lineage_registry.services.contents import read_manifest
from lineage_registry.services.workplace import Workplace

_AT_ONCE: Final = 10_000
_READERS: Final = 8
_VERSIONS: Final = frozenset(VERSION_KINDS.values())
_COLUMNS: Final = (
    (Column(Origin.FACT, "size", _VERSIONS),),
    (Column(Origin.FACT, "files", _VERSIONS),),
    (Column(Origin.FACT, "manifest", _VERSIONS),),
    (Column(Origin.FACT, "format", _VERSIONS),),
    (Column(Origin.VALUE, "stage", _VERSIONS),),
    (Column(Origin.OWNER_VALUE, "owner", _VERSIONS),),
)
By = Literal["kind", "format", "stage", "owner"]
_Key = tuple[By, str | None]


@dataclass
class _Counted:
    files: int = 0
    bytes: int = 0
    counts: Counter[_Key] = field(default_factory=Counter)
    sizes: Counter[_Key] = field(default_factory=Counter)
    manifests: Counter[str] = field(default_factory=Counter)

    def add(self, key: _Key, size: int) -> None:
        """Count one version with something in common."""
        self.counts[key] += 1
        self.sizes[key] += size


def get_statistics(work: Workplace, command: GetStatistics, _: Context) -> Statistics:
    """Return how much there is, read in parts: memory does not grow with the number of things."""
    with work.ask(command.as_of) as view:
        counted = _count(view, deleted=command.deleted)
        revision, at = view.revision, view.at(view.revision)
    blobs, unread = _blobs(work, counted.manifests) if command.stored else (None, 0)
    stored = None if blobs is None else sum(blobs.values())
    return Statistics(
        versions=sum(counted.counts["kind", kind] for kind in _VERSIONS),
        files=counted.files,
        bytes=counted.bytes,
        blobs=None if blobs is None else len(blobs),
        stored_bytes=stored,
        saved_bytes=None if stored is None or unread else counted.bytes - stored,
        unread=unread,
        groups=_groups(counted),
        revision=revision,
        as_of=at,
    )


def _count(view: GraphView, *, deleted: bool) -> _Counted:
    counted = _Counted()
    for kind in NodeKind:
        ids = view.select_all(Selection(kind, deleted=deleted))
        if kind not in _VERSIONS:
            counted.counts["kind", kind] = sum(1 for _ in ids)
            continue
        counted.counts["kind", kind] = 0
        while batch := list(islice(ids, _AT_ONCE)):
            _count_versions(view, batch, counted)
    return counted


def _count_versions(view: GraphView, ids: list[int], counted: _Counted) -> None:
    for kind, (_, _, size, files, manifest, *common) in view.table(ids, _COLUMNS):
        held = int(size or 0)
        counted.bytes += held
        counted.files += int(files or 0)
        if manifest is not None:
            counted.manifests[str(manifest)] += 1
        counted.add(("kind", kind), held)
        names = [None if name is None else str(name) for name in common]
        counted.add(("format", names[0]), held)
        if kind is NodeKind.MODEL_VERSION:
            counted.add(("stage", names[1]), held)
        counted.add(("owner", names[2]), held)


def _blobs(work: Workplace, manifests: Counter[str]) -> tuple[dict[bytes, int], int]:
    """Return the different files of all lists with their sizes, and how many versions lack one."""
    blobs: dict[bytes, int] = {}
    unread = 0
    with ThreadPoolExecutor(_READERS, "statistics") as pool:
        digests = iter(manifests)
        while batch := list(islice(digests, _AT_ONCE)):
            for digest, found in zip(
                batch, pool.map(lambda one: _files(work, one), batch), strict=True
            ):
                if found is None:
                    unread += manifests[digest]
                else:
                    blobs.update(found)
    return blobs, unread


def _files(work: Workplace, manifest: str) -> list[tuple[bytes, int]] | None:
    try:
        entries = read_manifest(work, manifest).files
    except (ArtifactNotFoundError, IntegrityError):
        return None
    return [(bytes.fromhex(entry.digest.hex), entry.size) for entry in entries]


def _groups(counted: _Counted) -> list[StatisticsGroup]:
    return list(_in_order(counted))


def _in_order(counted: _Counted) -> Iterator[StatisticsGroup]:
    order: tuple[By, ...] = ("kind", "format", "stage", "owner")
    keys = sorted(
        counted.counts,
        key=lambda key: (
            order.index(key[0]),
            -counted.sizes[key],
            -counted.counts[key],
            key[1] is None,
            key[1] or "",
        ),
    )
    for by, name in keys:
        yield StatisticsGroup(
            by=by,
            name=None if name is None else str(name),
            count=counted.counts[by, name],
            bytes=counted.sizes[by, name],
        )
