"""The registry as people use it from Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from lineage_registry.domain.graph import Scalar
from lineage_registry.domain.references import Space
from lineage_registry.errors import InvalidReferenceError
from lineage_registry.ports import commands as c
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.caches import Cache
from lineage_registry.ports.formats import HandlerRegistry
from lineage_registry.registry import runs as run_blocks
from lineage_registry.registry.addressing import (
    Link,
    as_of_one,
    each_link,
    family_asked,
    family_of,
    input_link,
    model_version_of,
    run_id_of,
    version_asked,
    version_of,
)
from lineage_registry.registry.asking import AsOf
from lineage_registry.registry.audit import AuditQuestions
from lineage_registry.registry.batches import Batches
from lineage_registry.registry.comparison import ComparisonQuestions
from lineage_registry.registry.conversion import Conversions
from lineage_registry.registry.drafts import Drafting
from lineage_registry.registry.exporting import Exporting
from lineage_registry.registry.file_exports import FileExports
from lineage_registry.registry.frameworks import Frameworks
from lineage_registry.registry.garbage import GarbageCollection
from lineage_registry.registry.handles import FamilyHandle, VersionHandle
from lineage_registry.registry.hub import HubImports
from lineage_registry.registry.importing import Importing
from lineage_registry.registry.inspection import Inspecting
from lineage_registry.registry.integrity import IntegrityQuestions
from lineage_registry.registry.licences import LicenceQuestions
from lineage_registry.registry.lifecycle import LifecycleCommands
from lineage_registry.registry.lineage import LineageQuestions
from lineage_registry.registry.log_copies import LogCopies
from lineage_registry.registry.maintenance import MaintenanceQuestions
from lineage_registry.registry.pulling import Pulling
from lineage_registry.registry.recall import RecallQuestions
from lineage_registry.registry.registering import content_fields, version_fields
from lineage_registry.registry.rows import Rows
from lineage_registry.registry.runs import RunHandle
from lineage_registry.registry.selectors import SelectorQuestions
from lineage_registry.registry.sending import How, Sender, check_keywords
from lineage_registry.registry.structure import StructureQuestions
from lineage_registry.registry.taints import TaintQuestions
from lineage_registry.registry.transfers import Progress, download


class Registry(
    LifecycleCommands,
    AuditQuestions,
    LineageQuestions,
    ComparisonQuestions,
    RecallQuestions,
    StructureQuestions,
    MaintenanceQuestions,
    GarbageCollection,
    IntegrityQuestions,
    TaintQuestions,
    LicenceQuestions,
    SelectorQuestions,
    Exporting,
    LogCopies,
    Importing,
    Conversions,
    FileExports,
    Frameworks,
    HubImports,
    Drafting,
    Pulling,
    Batches,
    Inspecting,
):
    """A model registry, here or behind an HTTP server.

    References are strings: `resnet50:3`, `resnet50@champion`, `models:/resnet50/Production`,
    `datasets:/imagenet/2026-10`, `runs:/ID`. Where a question takes `as_of`, it is a revision, an
    aware time, or text like `2026-01-31`.

    Example:
        >>> import lineage_registry
        >>> registry = lineage_registry.connect("memory://")
        >>> version = registry.register("resnet50", metrics={"accuracy": 0.93})
        >>> registry.promote("resnet50:1", "Production").stage
        'Production'
        >>> registry.close()

    Attributes:
        artifacts: Where the bytes are.
        formats: The format handlers; `formats.add` takes one of your own.
        cache: What was loaded from afar and is kept on this machine; None if nothing is.
    """

    def __init__(
        self,
        commands: c.Commands,
        artifacts: ArtifactStore,
        formats: HandlerRegistry,
        actor: str,
        *,
        cache: Cache | None = None,
    ) -> None:
        self.sender = Sender(commands, actor)
        self.artifacts = artifacts
        self.formats = formats
        self.cache = cache

    # Models and datasets

    def create_model(
        self,
        name: str,
        *,
        description: str | None = None,
        owner: str | None = None,
        tags: Mapping[str, str] | None = None,
        **how: Unpack[How],
    ) -> FamilyHandle:
        """Create a registered model.

        Raises:
            AlreadyExistsError: The name is taken.
            InvalidNameError: It breaks the rule for names.
        """
        return self._create(Space.MODELS, name, description, owner, tags, how)

    def create_dataset(
        self,
        name: str,
        *,
        description: str | None = None,
        owner: str | None = None,
        tags: Mapping[str, str] | None = None,
        **how: Unpack[How],
    ) -> FamilyHandle:
        """Create a dataset.

        Raises:
            AlreadyExistsError: The name is taken.
            InvalidNameError: It breaks the rule for names.
        """
        return self._create(Space.DATASETS, name, description, owner, tags, how)

    def model(self, name: str, *, as_of: AsOf = None) -> FamilyHandle:
        """Return a registered model.

        Raises:
            ModelNotFoundError: There is none of this name.
        """
        return self._family(Space.MODELS, name, as_of)

    def dataset(self, name: str, *, as_of: AsOf = None) -> FamilyHandle:
        """Return a dataset.

        Raises:
            DatasetNotFoundError: There is none of this name.
        """
        return self._family(Space.DATASETS, name, as_of)

    def __getitem__(self, name: str) -> FamilyHandle:
        return self.model(name)

    def models(self, **filters: Any) -> Rows[FamilyHandle]:
        """Return registered models, oldest first; filters: text, owner, tag, deleted, as_of."""
        found = self.sender.rows(c.ListFamilies, space=Space.MODELS, **filters)
        return found.map(lambda one: FamilyHandle.of(one, self))

    def datasets(self, **filters: Any) -> Rows[FamilyHandle]:
        """Return datasets, oldest first; filters: text, owner, tag, deleted, as_of."""
        found = self.sender.rows(c.ListFamilies, space=Space.DATASETS, **filters)
        return found.map(lambda one: FamilyHandle.of(one, self))

    def update(
        self,
        reference: str,
        *,
        new_name: str | None = None,
        description: str | None = None,
        owner: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        **how: Unpack[How],
    ) -> FamilyHandle:
        """Describe, tag (None takes a tag away) or rename a model or dataset."""
        space, name = family_of(reference)
        answer = self.sender.write(
            c.UpdateFamily,
            how,
            space=space,
            name=name,
            new_name=new_name,
            description=description,
            owner=owner,
            tags=None if tags is None else dict(tags),
        )
        return FamilyHandle.of(answer, self)

    def delete(self, reference: str, *, force: bool = False, **how: Unpack[How]) -> FamilyHandle:
        """Put a model or dataset and its versions out of sight; nothing is destroyed.

        Raises:
            HasDependentsError: Something relies on it; `force` with a reason overrides.
        """
        space, name = family_of(reference)
        answer = self.sender.write(c.DeleteFamily, how, space=space, name=name, force=force)
        return FamilyHandle.of(answer, self)

    def restore(self, reference: str, **how: Unpack[How]) -> FamilyHandle:
        """Bring back a deleted model or dataset with the versions that went with it."""
        space, name = family_of(reference)
        return FamilyHandle.of(
            self.sender.write(c.RestoreFamily, how, space=space, name=name), self
        )

    # Versions

    def register(
        self,
        name: str,
        model: object = None,
        *,
        parents: Iterable[Link] = (),
        dependencies: Iterable[Link] = (),
        datasets: Iterable[Link] = (),
        tested_on: Iterable[Link] = (),
        siblings: Iterable[str] = (),
        run: str | None = None,
        label: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, Scalar] | None = None,
        metrics: Mapping[str, float] | None = None,
        format: str | None = None,  # noqa: A002
        save_options: Mapping[str, Any] | None = None,
        create: bool = True,
        follow_links: bool = False,
        progress: Progress | None = None,
        **how: Unpack[How],
    ) -> VersionHandle:
        """Register the next version of a model.

        Args:
            name: The model; created if there is none, unless `create` is False.
            model: A path of a file or folder, a draft, a model in memory, or nothing but metadata.
            parents: Versions it derives from; the role is the kind, `("base:1", "finetune")`.
            dependencies: Versions it needs: `("tokenizer:2", "tokenizer")`.
            datasets: What it was trained on: `("digits:3", "train")`.
            tested_on: Dataset versions it was evaluated on.
            siblings: Variants without a registered parent in common.
            run: The run that made it; inside a run's block, that run.
            label: A semantic version.
            description: What it is, in words.
            tags: Keys and texts.
            params: Parameters.
            metrics: Measurements.
            format: Format handler; found by content or type if left out.
            save_options: How its handler saves a model in memory: `{"max_shard_size": "5GB"}`.
            create: Whether the model may be created.
            follow_links: Whether a link may lead to a file outside the folder; else it is refused.
            progress: Told about the upload.
            **how: reason, key, if_match.

        Raises:
            NotFoundError: Something it comes from is not there.
            AlreadyExistsError: The label is taken.
            LineageCycleError: It would come from itself.
            UnsafeArtifactError: The files are refused.
        """
        fields = version_fields(
            Space.MODELS,
            name,
            parents=parents,
            dependencies=dependencies,
            datasets=datasets,
            tested_on=tested_on,
            siblings=siblings,
            run=run or self._active_run(),
            label=label,
            description=description,
            tags=tags,
            params=params,
            metrics=metrics,
            create=create,
        )
        return self._register(
            fields,
            model,
            format,
            progress,
            how,
            save_options=save_options,
            follow_links=follow_links,
        )

    def register_dataset(
        self,
        name: str,
        data: object = None,
        *,
        parents: Iterable[Link] = (),
        datasets: Iterable[Link] = (),
        run: str | None = None,
        label: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, Scalar] | None = None,
        metrics: Mapping[str, float] | None = None,
        format: str | None = None,  # noqa: A002
        create: bool = True,
        follow_links: bool = False,
        progress: Progress | None = None,
        **how: Unpack[How],
    ) -> VersionHandle:
        """Register the next version of a dataset; arguments as `register`.

        `parents` are dataset versions; `datasets` are what the run that made it read. A label is a
        date or name, like `2026-10`.

        Raises:
            NotFoundError: Something it comes from is not there.
            AlreadyExistsError: The label is taken.
        """
        fields = version_fields(
            Space.DATASETS,
            name,
            parents=parents,
            datasets=datasets,
            run=run or self._active_run(),
            label=label,
            description=description,
            tags=tags,
            params=params,
            metrics=metrics,
            create=create,
        )
        return self._register(fields, data, format, progress, how, follow_links=follow_links)

    def version(
        self, reference: str, *, as_of: AsOf = None, deleted: bool = False
    ) -> VersionHandle:
        """Return a version by any reference.

        Raises:
            NotFoundError: The subclass says what is missing.
            InvalidReferenceError: It names no version.
        """
        asked = version_asked(reference, as_of)
        answer = self.sender.ask(c.GetVersion, **asked, deleted=deleted)
        return VersionHandle.of(answer, self)

    def versions(self, reference: str, **filters: Any) -> Rows[VersionHandle]:
        """Return versions of a model or dataset, newest first; filters: stage, deleted, as_of."""
        asked = family_asked(reference, filters.pop("as_of", None))
        found = self.sender.rows(c.ListVersions, **asked, **filters)
        return found.map(lambda one: VersionHandle.of(one, self))

    def search(
        self, space: Literal["models", "datasets"] = "models", **filters: Any
    ) -> Rows[VersionHandle]:
        """Return versions of all models (or datasets) that fit, newest first.

        Filters: text, stage, tag (`key`, `key=value`), metric (`accuracy>=0.9`), param, deleted,
        as_of; tag, metric and param take lists.
        """
        found = self.sender.rows(c.SearchVersions, space=space, **filters)
        return found.map(lambda one: VersionHandle.of(one, self))

    def files(self, reference: str, *, as_of: AsOf = None, deleted: bool = False) -> c.Files:
        """Return the files of a version: paths, digests and sizes."""
        return self.sender.ask(c.GetFiles, **version_asked(reference, as_of), deleted=deleted)

    def update_version(
        self,
        reference: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        **how: Unpack[How],
    ) -> VersionHandle:
        """Describe or tag a version; None takes a tag away."""
        answer = self.sender.write(
            c.UpdateVersion,
            how,
            **version_of(reference),
            description=description,
            tags=None if tags is None else dict(tags),
        )
        return VersionHandle.of(answer, self)

    def log_version_metrics(
        self, reference: str, metrics: Mapping[str, float], step: int = 0, **how: Unpack[How]
    ) -> VersionHandle:
        """Add measurements to a version."""
        answer = self.sender.write(
            c.LogVersionMetrics, how, **version_of(reference), metrics=dict(metrics), step=step
        )
        return VersionHandle.of(answer, self)

    def delete_version(
        self, reference: str, *, force: bool = False, **how: Unpack[How]
    ) -> VersionHandle:
        """Put a version out of sight; nothing is destroyed.

        Raises:
            HasDependentsError: Something relies on it; `force` with a reason overrides.
        """
        answer = self.sender.write(c.DeleteVersion, how, **version_of(reference), force=force)
        return VersionHandle.of(answer, self)

    def restore_version(self, reference: str, **how: Unpack[How]) -> VersionHandle:
        """Bring back a deleted version."""
        answer = self.sender.write(c.RestoreVersion, how, **version_of(reference))
        return VersionHandle.of(answer, self)

    def add_dependency(
        self, reference: str, on: str, role: str | None = None, **how: Unpack[How]
    ) -> VersionHandle:
        """Record that a model version needs another version.

        Raises:
            LineageCycleError: The other one comes from it.
        """
        name, version = model_version_of(reference)
        answer = self.sender.write(
            c.AddDependency, how, name=name, version=version, on=on, role=role
        )
        return VersionHandle.of(answer, self)

    def remove_dependency(
        self, reference: str, on: str, role: str | None = None, **how: Unpack[How]
    ) -> VersionHandle:
        """End a dependency; it stays visible as of earlier revisions."""
        name, version = model_version_of(reference)
        answer = self.sender.write(
            c.RemoveDependency, how, name=name, version=version, on=on, role=role
        )
        return VersionHandle.of(answer, self)

    def trust(self, reference: str, **how: Unpack[How]) -> VersionHandle:
        """Record that you trust a version whose files name code; `reason` is mandatory.

        Nothing is loaded by that, and others have to say so themselves.

        Raises:
            NotFoundError: There is no such version.
            InvalidInputError: There is no reason, or the version has no files.
        """
        answer = self.sender.write(c.GrantTrust, how, **version_of(reference))
        return VersionHandle.of(answer, self)

    # Bytes

    def load(
        self,
        reference: str,
        *,
        as_of: AsOf = None,
        role: str | None = None,
        trust: str | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> Any:
        """Load a version by any reference; every byte is verified first.

        Inside a run's block the version becomes an input of the run, in `role` (`base` for a
        model, `train` for a dataset; `test` for data that it is evaluated on). Other options go to
        the format handler.

        Files that name code are loaded only with `trust`: why you trust them, in words. That goes
        into the log first. What is refused is never loaded.

        Raises:
            NotFoundError: There is no such version, or its bytes are gone.
            InvalidInputError: It has no files, or plain files that only `download` takes.
            DigestMismatchError: The stored bytes are not what was registered.
            UnsafeArtifactError: Loading would run code.
            NotInstalledError: The library of its format is missing.
        """
        with self._loaded(
            reference,
            self.cache,
            as_of=as_of,
            role=role,
            trust=trust,
            progress=progress,
            **options,
        ) as model:
            return model

    def download(
        self,
        reference: str,
        folder: str | Path,
        *,
        as_of: AsOf = None,
        role: str | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """Write verified copies of a version's files into a folder; inside a run, an input of it.

        Raises:
            NotFoundError: There is no such version, or its bytes are gone.
            DigestMismatchError: The stored bytes are not what was registered.
        """
        version = self.version(reference, as_of=as_of)
        target = Path(folder)
        files = self.files(version.reference, as_of=as_of_one(reference, as_of))
        download(self.artifacts, files, target, progress)
        self.note_input(version, role)
        return target

    # Runs

    def run(
        self,
        name: str | None = None,
        *,
        run_id: str | None = None,
        params: Mapping[str, Scalar] | None = None,
        tags: Mapping[str, str] | None = None,
        inputs: Iterable[Link] = (),
        tested_on: Iterable[Link] = (),
        parent: str | None = None,
        code_commit: str | None = None,
        environment: Mapping[str, Scalar] | None = None,
        **how: Unpack[How],
    ) -> RunHandle:
        """Start a run; use it in a `with` block.

        Code commit and software environment are taken from where this runs if they are left out.
        Inside another run's block that one is the parent.

        Raises:
            AlreadyExistsError: The id is taken.
            NotFoundError: An input is not there.
        """
        answer = self.sender.write(
            c.StartRun,
            how,
            run_id=run_id,
            name=name,
            params=dict(params or {}),
            tags=dict(tags or {}),
            inputs=[input_link(link) for link in each_link(inputs)],
            tested_on=[input_link(link) for link in each_link(tested_on)],
            parent=parent or self._active_run(),
            code_commit=code_commit if code_commit is not None else run_blocks.code_commit(),
            environment=dict(run_blocks.environment() if environment is None else environment),
        )
        return RunHandle(self, answer)

    def get_run(self, run_id: str, *, as_of: AsOf = None) -> c.Run:
        """Return a run by id or reference."""
        return self.sender.ask(c.GetRun, run_id=run_id_of(run_id), as_of=as_of)

    def resume_run(self, run_id: str) -> RunHandle:
        """Return a handle of a run that was started elsewhere."""
        return RunHandle(self, self.get_run(run_id))

    def update_run(
        self,
        run_id: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        **how: Unpack[How],
    ) -> c.Run:
        """Describe or tag a run, also one that has ended; None takes a tag away."""
        return self.sender.write(
            c.UpdateRun,
            how,
            run_id=run_id_of(run_id),
            description=description,
            tags=None if tags is None else dict(tags),
        )

    def runs(self, **filters: Any) -> Rows[c.Run]:
        """Return runs, newest first; filters: status, tag, metric, param, as_of."""
        return self.sender.rows(c.ListRuns, **filters)

    def metric_history(self, run_id: str, key: str, *, as_of: AsOf = None) -> c.MetricHistory:
        """Return all values of one metric of a run."""
        return self.sender.ask(c.GetMetricHistory, run_id=run_id_of(run_id), key=key, as_of=as_of)

    # Lifecycle

    def promote(
        self,
        reference: str,
        stage: str,
        *,
        archive: bool = True,
        force: bool = False,
        **how: Unpack[How],
    ) -> VersionHandle:
        """Bring a model version into a stage; those in it before are archived unless told not to.

        Raises:
            StageNotFoundError: There is no such stage.
            TaintedError: The stage is guarded and a critical taint reaches the version; `force`
                with a reason overrides.
        """
        name, version = model_version_of(reference)
        answer = self.sender.write(
            c.MoveStage,
            how,
            name=name,
            version=version,
            stage=stage,
            archive=archive,
            force=force,
        )
        return VersionHandle.of(answer, self)

    def set_alias(self, reference: str, alias: str, **how: Unpack[How]) -> FamilyHandle:
        """Let an alias name a version."""
        answer = self.sender.write(c.SetAlias, how, **version_of(reference), alias=alias)
        return FamilyHandle.of(answer, self)

    def remove_alias(self, reference: str, alias: str, **how: Unpack[How]) -> FamilyHandle:
        """Take an alias of a model or dataset away."""
        space, name = family_of(reference)
        answer = self.sender.write(c.RemoveAlias, how, space=space, name=name, alias=alias)
        return FamilyHandle.of(answer, self)

    def close(self) -> None:
        """Let go of connections and files."""
        self.sender.commands.close()
        self.artifacts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _create(
        self,
        space: Space,
        name: str,
        *details: Any,
    ) -> FamilyHandle:
        description, owner, tags, how = details
        answer = self.sender.write(
            c.CreateFamily,
            how,
            space=space,
            name=name,
            description=description,
            owner=owner,
            tags=dict(tags or {}),
        )
        return FamilyHandle.of(answer, self)

    def _family(self, space: Space, reference: str, as_of: AsOf) -> FamilyHandle:
        asked = family_asked(reference, as_of, space)
        if asked["space"] is not space:
            raise InvalidReferenceError(
                f"{reference!r} is none of the {space}", hint=f"write NAME or {space}:/NAME"
            )
        return FamilyHandle.of(self.sender.ask(c.GetFamily, **asked), self)

    def _register(
        self,
        fields: dict[str, Any],
        content: object,
        format_name: str | None,
        progress: Progress | None,
        how: How,
        *,
        save_options: Mapping[str, Any] | None = None,
        follow_links: bool = False,
    ) -> VersionHandle:
        check_keywords(how)
        with content_fields(
            self,
            content,
            format_name,
            progress,
            save_options,
            follow_links=follow_links,
            key=how.get("key"),
        ) as files:
            answer = self.sender.write(c.RegisterVersion, how, **{**fields, **files})
            return VersionHandle.of(answer, self)

    def _active_run(self) -> str | None:
        run = run_blocks.current.get()
        return run.reference if run is not None and run.registry is self else None

    def note_input(self, version: c.Version, role: str | None) -> None:
        """Record that the run whose block this is read a version; elsewhere nothing happens."""
        run = run_blocks.current.get()
        if run is not None and run.registry is self:
            run.loaded(version, role)
