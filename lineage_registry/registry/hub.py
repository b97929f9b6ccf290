"""Versions that come from the Hugging Face Hub, with the lineage that their cards declare."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack, cast

from pydantic import Field

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.domain.model_cards import Card
from lineage_registry.domain.names import name_key, parse_name
from lineage_registry.domain.references import Space
from lineage_registry.errors import (
    DeletedError,
    IdempotencyMismatchError,
    InvalidInputError,
    RegistryError,
    UnsupportedCapabilityError,
)
from lineage_registry.ports import commands as c
from lineage_registry.ports.hub import Hub, Snapshot, Wanted, chosen, open_snapshot, repository_of
from lineage_registry.registry.asking import Asker
from lineage_registry.registry.handles import VersionHandle
from lineage_registry.registry.hub_lineage import (
    COMMIT,
    REPOSITORY,
    SOURCE,
    VERSION_ROWS,
    Declared,
    HubLink,
    declared_by,
    latest,
    numbered,
    versions_with,
)
from lineage_registry.registry.sending import How, check_keywords
from lineage_registry.registry.transfers import Progress, uploaded, weights_of

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry


class HubVersion(VersionHandle):
    """A version from the Hub.

    Attributes:
        source: `hf://org/name@commit`.
        already: Whether it had been registered before; nothing was written then.
        links: What its card says it comes from; empty if it was there already.
        left_out: What the card says and nothing was made of, each with why.
    """

    source: str = ""
    already: bool = False
    links: list[HubLink] = Field(default_factory=list)
    left_out: list[str] = Field(default_factory=list)


class _Import(NamedTuple):
    """What is to be registered: under which name, from where, and which files of it."""

    name: str
    snapshot: Snapshot
    files: Sequence[c.File]

    @property
    def manifest(self) -> str:
        entries = (FileEntry(f.path, Digest.parse(f.digest), f.size) for f in self.files)
        return str(Manifest.of(entries).digest)

    @property
    def key(self) -> str:
        told = f"{name_key(self.name)}\n{self.snapshot}\n{self.manifest}"
        return f"hub-{hashlib.sha256(told.encode()).hexdigest()}"


class HubImports(Asker):
    """How repositories of the Hub become versions."""

    def register_from_hub(
        self,
        source: str | os.PathLike[str],
        name: str | None = None,
        *,
        repo_id: str | None = None,
        revision: str | None = None,
        allow_patterns: str | Iterable[str] | None = None,
        ignore_patterns: str | Iterable[str] | None = None,
        dataset: bool = False,
        lineage: bool = True,
        offline: bool = False,
        format: str | None = None,  # noqa: A002
        progress: Progress | None = None,
        **how: Unpack[How],
    ) -> HubVersion:
        """Register a repository of the Hugging Face Hub as it is at one commit.

        What its card says becomes lineage: base models are parents, datasets are what it was
        trained on, the licence is declared, measured values are metrics. What is not in this
        registry is registered as a name without files. All of it is one commit. The same commit
        with the same files is registered once. Nothing of the repository is run.

        Args:
            source: A folder that holds a snapshot, or `ORG/NAME`, `hf://ORG/NAME@REVISION`.
            name: The model or dataset here; `ORG--NAME` if left out.
            repo_id: What a folder is a snapshot of, if its path does not say so.
            revision: Commit, branch or tag; the newest commit if left out. A folder takes a
                whole commit.
            allow_patterns: Register files of these patterns alone, as huggingface_hub reads them.
            ignore_patterns: Leave files of these patterns out.
            dataset: Whether it is a repository of data.
            lineage: Whether to make anything of what the card says.
            offline: Look into the cache of this machine alone; so does HF_HUB_OFFLINE=1.
            format: Format handler; found by content if left out.
            progress: Told about the upload.
            **how: reason, key.

        Raises:
            NotFoundError: There is no such folder, repository or revision.
            InvalidInputError: Nobody says of which repository and commit a folder is.
            DeletedError: It was registered, and deleted.
            UnsafeArtifactError: The files are refused, or a link leads out of the snapshot.
            NotInstalledError: Fetching needs the extra `hf`.
            BackendUnavailableError: The Hub cannot be reached.
        """
        registry = cast("Registry", self)
        check_keywords(how)
        if how.get("if_match") is not None:
            raise InvalidInputError(
                "what is new has no revision that could match", hint="leave if_match out"
            )
        wanted = Wanted(revision, _each(allow_patterns), _each(ignore_patterns), offline)
        hub = registry.formats.by_name("huggingface")
        if not isinstance(hub, Hub):
            raise UnsupportedCapabilityError("the handler 'huggingface' knows no Hub")
        space = Space.DATASETS if dataset else Space.MODELS
        snapshot = _snapshot(hub, source, space, repo_id, wanted)
        files = chosen(snapshot.files, wanted)
        own = parse_name(name or snapshot.repository.name)
        with uploaded(registry.artifacts, files, progress) as sent:
            new = _Import(own, snapshot, sent)
            if (known := self._known(new)) is not None:
                return known
            card = hub.card(snapshot.files) if lineage else Card()
            declared = declared_by(card, snapshot, self.sender)
            weights = weights_of(registry.formats, files, format)
            return self._write(new, declared, {"format": format, "weights": weights}, how)

    def _write(
        self, new: _Import, declared: Declared, content: dict[str, str | None], how: How
    ) -> HubVersion:
        snapshot, space = new.snapshot, new.snapshot.repository.space
        told = {SOURCE: str(snapshot), REPOSITORY: str(snapshot.repository)}
        version = {
            "name": new.name,
            "files": [file.model_dump() for file in new.files],
            "params": {**told, COMMIT: snapshot.commit},
            **declared.fields(),
            **{key: value for key, value in content.items() if value is not None},
        }
        rows = [*declared.names, {VERSION_ROWS[space]: version}]
        if declared.licence is not None:
            of = latest(space, new.name)
            rows.append({"licence": {"of": of, "licence": declared.licence}})
        said = f"{snapshot} and what its card says"
        reason = how.get("reason")
        given: How = {
            "reason": f"{reason} ({said})" if reason else said,
            "key": how.get("key") or new.key,
        }
        try:
            done = self.sender.write(c.ImportRows, given, rows=rows)
        except IdempotencyMismatchError:
            # Somebody registered it meanwhile, when other things of its card were known.
            if (known := self._known(new)) is None:
                raise
            return known
        except RegistryError as error:
            raise _of_no_row(error) from error
        asked = {"space": space, "name": new.name, "version": "latest", "as_of": done.revision}
        return self._handle(
            self.sender.ask(c.GetVersion, **asked),
            new,
            links=[numbered(link, self.sender, done.revision) for link in declared.links],
            left_out=list(declared.left_out),
        )

    def _known(self, new: _Import) -> HubVersion | None:
        """Return the version of this name that holds these files of this commit."""
        space, source = new.snapshot.repository.space, str(new.snapshot)
        for one in versions_with(self.sender, space, SOURCE, source):
            if name_key(one.name) != name_key(new.name) or one.manifest != new.manifest:
                continue
            if one.status == "deleted":
                raise DeletedError(
                    f"{source} was registered as {one.reference}, and deleted",
                    hint="restore it, or register it under another name",
                    reference=one.reference,
                )
            return self._handle(one, new, already=True)
        return None

    def _handle(self, version: c.Version, new: _Import, **more: Any) -> HubVersion:
        handle = HubVersion.of(version, cast("Registry", self))
        return handle.model_copy(update={"source": str(new.snapshot), **more})


def _snapshot(
    hub: Hub, source: str | os.PathLike[str], space: Space, repo_id: str | None, wanted: Wanted
) -> Snapshot:
    folder = Path(source)
    if folder.is_dir():
        of = None if repo_id is None else repository_of(repo_id, space)[0]
        return open_snapshot(folder, of, wanted.revision)
    if repo_id is not None:
        raise InvalidInputError("a repository and a folder's repo_id are given", hint="one of them")
    repository, revision = repository_of(os.fspath(source), space)
    if None not in {revision, wanted.revision}:
        raise InvalidInputError("the revision is given twice", hint="behind the @ or beside it")
    fetched = hub.fetch(repository, wanted._replace(revision=revision or wanted.revision))
    return open_snapshot(fetched, repository, None)


def _of_no_row(error: RegistryError) -> RegistryError:
    """Return what is wrong without the number of a row, which nobody wrote."""
    context = dict(error.context)
    prefix = f"row {context.pop('row', '')}: "
    return type(error)(error.message.removeprefix(prefix), hint=error.hint, **context)


def _each(patterns: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if patterns is None:
        return None
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)
