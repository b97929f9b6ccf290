"""Integrity: whether the files of versions are there and are what was registered."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal

from lineage_registry.domain.digests import Digest, FileEntry
from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.references import SPACES
from lineage_registry.domain.resolution import (
    FAMILY_KINDS,
    VERSION_KINDS,
    members,
    references_of,
    resolve_all,
    resolve_version,
)
from lineage_registry.domain.view import GraphView, Selection
from lineage_registry.errors import ArtifactNotFoundError, IntegrityError, InvalidReferenceError
from lineage_registry.ports.commands import (
    Context,
    FileProblem,
    Page,
    VerifyVersions,
    VersionCheck,
)
from lineage_registry.services.audit import check_bytes
from lineage_registry.services.contents import REPAIR_HINT, read_manifest
from lineage_registry.services.paging import Cursor, as_of, read_cursor, write_cursor
from lineage_registry.services.workplace import Workplace, read

_SECONDS: Final = 5.0
_READERS: Final = 4
_MOST_PROBLEMS: Final = 100
_State = Literal["missing", "different"]


class _Checker:
    """Checks blobs, each once however many versions have it."""

    def __init__(self, work: Workplace, *, read: bool) -> None:
        self._work = work
        self._read = read
        self._states: dict[Digest, _State | None] = {}

    def version(self, id_: int, reference: str, manifest: str | None) -> VersionCheck:
        """Check one version."""
        if manifest is None:
            return VersionCheck(
                id=id_, reference=reference, state="no files", files=0, bytes=0, problems=[]
            )
        entries: Sequence[FileEntry] = ()
        problems: list[FileProblem] = []
        try:
            entries = read_manifest(self._work, manifest).files
        except ArtifactNotFoundError:
            problems.append(FileProblem(path=None, digest=manifest, state="missing"))
        except IntegrityError:
            problems.append(FileProblem(path=None, digest=manifest, state="different"))
        problems += self._problems(entries)
        sound: Literal["verified", "present"] = "verified" if self._read else "present"
        return VersionCheck(
            id=id_,
            reference=reference,
            state="damaged" if problems else sound,
            files=len(entries),
            bytes=sum(entry.size for entry in entries),
            problems=problems[:_MOST_PROBLEMS],
            truncated=len(problems) > _MOST_PROBLEMS,
            hint=REPAIR_HINT if problems else None,
        )

    def _problems(self, entries: Sequence[FileEntry]) -> Iterator[FileProblem]:
        new = {entry.digest: entry for entry in entries if entry.digest not in self._states}
        self._states |= self._of_bytes(list(new)) if self._read else self._of_sizes(new)
        for path, digest, _ in entries:
            state = self._states[digest]
            if state is not None:
                yield FileProblem(path=path, digest=str(digest), state=state)

    def _of_bytes(self, digests: Sequence[Digest]) -> dict[Digest, _State | None]:
        with ThreadPoolExecutor(_READERS, "verify") as pool:
            return dict(zip(digests, pool.map(self._of_one, digests), strict=True))

    def _of_one(self, digest: Digest) -> _State | None:
        state = check_bytes(self._work, digest, verify=True)
        return state if state in {"missing", "different"} else None

    def _of_sizes(self, entries: dict[Digest, FileEntry]) -> dict[Digest, _State | None]:
        sizes = self._work.artifacts.sizes(entries)
        states: dict[Digest, _State | None] = {}
        for digest, entry in entries.items():
            wrong: _State = "different" if digest in sizes else "missing"
            states[digest] = None if sizes.get(digest) == entry.size else wrong
        return states


def verify_versions(work: Workplace, command: VerifyVersions, _: Context) -> Page[VersionCheck]:
    """Check the files of versions, oldest first, as many as some seconds and `limit` allow.

    Raises:
        NotFoundError: One of the things is not there.
        InvalidReferenceError: One is neither a version nor a model or dataset.
    """
    cursor = read_cursor(command)
    with work.ask(as_of(command, cursor)) as view:
        after = None if cursor is None else cursor.after
        ids = _wanted(view, command, after)[: command.limit + 1]
        chosen = ids[: command.limit]
        nodes, named = view.nodes(chosen, ()), references_of(view, chosen)
        revision = view.revision
    checker, checked = _Checker(work, read=command.read), list[VersionCheck]()
    until = time.monotonic() + _SECONDS
    for id_ in chosen:
        manifest = nodes[id_].facts.get("manifest")
        checked.append(
            checker.version(id_, named[id_], None if manifest is None else str(manifest))
        )
        if time.monotonic() > until:
            break
    more = len(checked) < len(ids)
    return Page[VersionCheck].model_construct(
        items=checked,
        next_cursor=write_cursor(Cursor(checked[-1].id, revision)) if more else None,
        revision=revision,
    )


def check_one(work: Workplace, text: str, *, read_bytes: bool) -> VersionCheck:
    """Check the version that a reference names.

    Raises:
        NotFoundError: It is not there.
    """
    reference = read(text)
    with work.ask(None, [reference]) as view:
        found = resolve_version(view, reference)
        manifest = view.nodes([found.node], ())[found.node].facts.get("manifest")
        named = references_of(view, [found.node])[found.node]
    checker = _Checker(work, read=read_bytes)
    return checker.version(found.node, named, None if manifest is None else str(manifest))


def _wanted(view: GraphView, command: VerifyVersions, after: int | None) -> list[int]:
    spaces = VERSION_KINDS if command.space is None else {command.space: None}
    kinds = [VERSION_KINDS[space] for space in spaces]
    if not command.of:
        found = [
            id_
            for kind in kinds
            for id_ in view.select(
                Selection(kind, deleted=command.deleted), after, command.limit + 1
            )
        ]
        return sorted(found)
    ids = {id_ for id_ in _named(view, command, kinds) if after is None or id_ > after}
    return sorted(ids)


def _named(view: GraphView, command: VerifyVersions, kinds: Sequence[NodeKind]) -> Iterator[int]:
    references = [read(text) for text in command.of]
    for reference in references:
        if reference.space not in VERSION_KINDS:
            raise InvalidReferenceError(
                f"{reference} has no files",
                hint="name versions, models or datasets",
                reference=str(reference),
            )
    for found in resolve_all(view, references, deleted=command.deleted):
        if found.kind in kinds:
            yield found.node
        elif found.kind in FAMILY_KINDS.values() and VERSION_KINDS[SPACES[found.kind]] in kinds:
            yield from members(view, found.node, found.kind, deleted=command.deleted)
