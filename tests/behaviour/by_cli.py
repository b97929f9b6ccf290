"""A registry that is asked by typing: each command becomes a call of the command line.

So the same `Registry`, and with it the same tests, run through the third entrance.
"""

import hashlib
import io
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from lineage_registry.cli import main
from lineage_registry.domain.digests import Digest
from lineage_registry.ports import commands as c
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.log_copies import LogCopy, Progress, line_of
from lineage_registry.problems import error_from
from lineage_registry.registry.runs import code_commit, environment
from lineage_registry.settings import PREFIX, Settings

A = TypeVar("A")
Words = list[str]
_ONE_AT_A_TIME = threading.Lock()


class CliCommands(c.Commands):
    """Commands typed into `lineage-registry`, in this process; answers read from `--json`."""

    def __init__(self, settings: Settings, artifacts: ArtifactStore) -> None:
        self._settings = settings
        self._artifacts = artifacts

    def run(self, command: c.Command[A], context: c.Context) -> A:
        with tempfile.TemporaryDirectory() as folder:
            words = TYPED[type(command)](command)
            if isinstance(command, c.RegisterVersion) and command.files:
                words += ["--", str(self._files(command.files, Path(folder)))]
            if isinstance(command, c.AddToDraft) and command.files:
                words += [str(self._files(command.files, Path(folder)))]
            if isinstance(command, c.RegisterVersions):
                words += [str(self._lines(command, Path(folder)))]
            said = self._type(words, command, context)
        answer: A = TypeAdapter(type(command).answer()).validate_python(said, strict=False)
        return answer

    def export_log(self, command: c.ExportLog) -> Iterator[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "log.jsonl"
            self._type(["log", "export", *when(command), str(file)], command, c.Context("ada"))
            yield file.read_bytes()

    def import_log(self, copy: LogCopy, progress: Progress | None = None) -> c.LogImport:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "log.jsonl"
            with copy.rows() as rows:
                file.write_bytes(copy.header().line() + b"".join(map(line_of, rows)))
            words = ["log", "import", str(file)]
            return c.LogImport.model_validate(self._type(words, c.ExportLog(), c.Context("ada")))

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _type(self, words: Words, command: c.Command[Any], context: c.Context) -> Any:
        options = ["--json", "--quiet", "--url", self._settings.url, "--actor", context.actor]
        if self._settings.artifacts:
            options += ["--artifacts", self._settings.artifacts]
        if isinstance(command, c.Write):
            options += option("--reason", command.reason)
            options += option("--key", context.key)
            options += option("--if-match", context.if_match)
        cut = words.index("--") if "--" in words else len(words)
        with _ONE_AT_A_TIME, secrets(self._settings), captured() as (out, err):
            code = main([*words[:cut], *options, *words[cut:]])
            said, told = out(), err()
        # A check that finds something answers, and ends with another code, too.
        if code and not said:
            raise error_from(json.loads(told))
        return json.loads(said)

    def _lines(self, command: c.RegisterVersions, folder: Path) -> Path:
        rows = []
        for number, item in enumerate(command.items):
            files = [c.File.model_validate(file) for file in item.get("files", ())]
            # A dataset takes fewer arguments: what says nothing is not written.
            said = ((key, value) for key, value in item.items() if value not in (None, [], (), {}))
            row = {key: value for key, value in said if key != "files"}
            if files:
                row["path"] = str(self._files(files, folder / str(number)))
            rows.append(row)
        return _lines_of(rows, folder)

    def _files(self, files: Sequence[c.File], folder: Path) -> Path:
        for file in files:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._artifacts.open(Digest.parse(file.digest)) as stream:
                target.write_bytes(stream.read())
        if len(files) == 1 and "/" not in files[0].path:
            return folder / files[0].path
        return folder


def _lines_of(rows: Sequence[Any], folder: Path) -> Path:
    file = folder / "lines.jsonl"
    file.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))
    return file


def _references(values: Sequence[str]) -> str:
    return str(_lines_of(values, Path(tempfile.mkdtemp())))


def option(name: str, value: object) -> Words:
    """An option with its value; nothing if there is none."""
    return [] if value is None else [f"{name}={value}"]


def each(name: str, values: Any) -> Words:
    return [word for value in values for word in option(name, value)]


def flag(name: str, *, given: bool) -> Words:
    return [name] if given else []


def tags(changes: Mapping[str, str | None]) -> Words:
    kept = [f"{key}={value}" for key, value in changes.items() if value is not None]
    return each("--tag", kept) + each("--untag", [k for k, v in changes.items() if v is None])


def params(values: Mapping[str, Any], name: str = "--param") -> Words:
    return each(name, [f"{key}{_value(value)}" for key, value in values.items()])


def _value(value: Any) -> str:
    if isinstance(value, str):
        plain = value[:1].isalpha() and value not in {"true", "false"}
        return f"={value}" if plain else f":={json.dumps(value)}"
    return f"={str(value).lower()}"


def metrics(values: Mapping[str, Any]) -> Words:
    return each("--metric", [f"{key}={value}" for key, value in values.items()])


def links(name: str, inputs: Any, role: str = "role") -> Words:
    found = []
    for one in inputs:
        said = getattr(one, role)
        found.append(one.reference if said is None else f"{one.reference}:={said}")
    return each(name, found)


def group(space: str) -> str:
    return "model" if space == "models" else "dataset"


def version(command: Any) -> str:
    space = getattr(command, "space", "models")
    mark = "" if command.version.startswith("@") else "/"
    return f"{space}:/{command.name}{mark}{command.version}"


def when(command: Any) -> Words:
    value = command.as_of
    return option("--as-of", value.isoformat() if hasattr(value, "isoformat") else value)


def rows(command: Any) -> Words:
    return [f"--limit={command.limit}", *option("--cursor", command.cursor), *when(command)]


def scope(command: Any) -> Words:
    words = or_none("--edge-kind", command.edge_kinds) + flag("--deleted", given=command.deleted)
    return [*words, *flag("--no-inferred", given=not command.inferred), *when(command)]


def report(command: Any) -> Words:
    words = or_none("--node-kind", command.node_kinds)
    return [*words, f"--limit={command.limit}", *scope(command)]


def _order(k: c.GetOrder) -> Words:
    words = [f"--direction={k.direction}", f"--limit={k.limit}"]
    return ["order", *words, *scope(k), "--", *k.start]


def _rebuild_plan(k: c.GetRebuildPlan) -> Words:
    words = each("--target", k.target or ()) + each("--pinned", k.pinned) + when(k)
    words += flag("--cost", given=k.cost) + flag("--deleted", given=k.deleted)
    words += flag("--no-inferred", given=not k.inferred)
    return ["rebuild-plan", *words, f"--limit={k.limit}", "--", *k.start]


def _hot_list(k: c.GetHotList) -> Words:
    words = or_none("--node-kind", k.node_kinds) + or_none("--edge-kind", k.edge_kinds)
    words += [f"--direction={k.direction}", *flag("--deleted", given=k.deleted)]
    words += flag("--transitive", given=k.transitive)
    return ["hot-list", *words, f"--limit={k.limit}", *when(k)]


def _create(k: c.CreateFamily) -> Words:
    details = option("--description", k.description) + option("--owner", k.owner)
    return [group(k.space), "create", *details, *tags(k.tags), "--", k.name]


def _update(k: c.UpdateFamily) -> Words:
    details = option("--description", k.description) + option("--owner", k.owner)
    details += option("--new-name", k.new_name)
    return [group(k.space), "update", *details, *tags(k.tags), "--", k.name]


def _list_families(k: c.ListFamilies) -> Words:
    words = option("--owner", k.owner) + each("--tag", k.tag) + flag("--deleted", given=k.deleted)
    return [group(k.space), "list", *words, *rows(k), "--", *([k.text] if k.text else [])]


def _register(k: c.RegisterVersion) -> Words:
    words = ["register"] if k.space == "models" else ["dataset", "register"]
    words += [f"--name={k.name}", *links("--from", k.parents, "kind")]
    words += links("--data", k.datasets) + links("--needs", k.dependencies)
    words += links("--tested-on", k.tested_on) + each("--sibling", k.siblings)
    words += option("--run", k.run) + option("--label", k.label)
    words += option("--description", k.description) + option("--format", k.format)
    words += tags(k.tags) + params(k.params) + metrics(k.metrics)
    return words + flag("--no-create", given=not k.create)


def _search(k: c.SearchVersions) -> Words:
    words = flag("--dataset", given=k.space == "datasets") + option("--stage", k.stage)
    words += each("--tag", k.tag) + each("--metric", k.metric) + each("--param", k.param)
    words += flag("--deleted", given=k.deleted)
    return ["version", "search", *words, *rows(k), "--", *([k.text] if k.text is not None else [])]


def _start_run(k: c.StartRun) -> Words:
    words = ["run", "start", *option("--id", k.run_id), *_run_inputs(k.inputs, k.tested_on)]
    words += params(k.params) + tags(k.tags) + option("--parent", k.parent)
    if dict(k.environment) != environment():
        words += params(k.environment, "--environment") or ["--no-environment"]
    if k.code_commit != code_commit():
        words += option("--commit", k.code_commit)
    return [*words, "--", *([k.name] if k.name is not None else [])]


def _run_inputs(inputs: Any, tested_on: Any) -> Words:
    models = [one for one in inputs if one.reference.startswith("models:")]
    others = [one for one in inputs if one not in models]
    return links("--data", others) + links("--uses", models) + links("--tested-on", tested_on)


def _add_inputs(k: c.AddInputs) -> Words:
    words = _run_inputs(k.inputs, k.tested_on) + flag("--loaded", given=k.loaded)
    return ["run", "use", *words, "--", k.run_id]


def _end_run(k: c.EndRun) -> Words:
    words = flag("--failed", given=k.status == "failed") + flag(
        "--killed", given=k.status == "killed"
    )
    return ["run", "end", *words, *option("--message", k.message), "--", k.run_id]


def _list_runs(k: c.ListRuns) -> Words:
    words = option("--status", k.status) + each("--tag", k.tag) + each("--metric", k.metric)
    return ["run", "list", *words, *each("--param", k.param), *rows(k)]


def _lineage(k: c.GetLineage) -> Words:
    words = {
        "upstream": option("--depth", k.depth),
        "downstream": (["--direction=downstream"] if k.depth is None else ["--down", str(k.depth)]),
        "both": ["--both", *option("--depth", k.depth)],
    }[k.direction]
    words += [
        f"--depth-unit={k.depth_unit}",
        *option("--stage", k.stage),
        *option("--text", k.text),
    ]
    words += or_none("--edge-kind", k.edge_kinds) + or_none("--node-kind", k.node_kinds)
    words += or_none("--through", k.through) + or_none("--field", k.fields)
    words += each("--tag", k.tag) + each("--metric", k.metric) + each("--param", k.param)
    words += each("--stop-at", k.stop_at) + each("--stop-when", k.stop_when)
    words += flag("--hide-stops", given=k.hide_stops) + flag("--no-count", given=not k.count)
    words += flag("--deleted", given=k.deleted) + flag("--no-inferred", given=not k.inferred)
    words += [f"--limit={k.limit}", *option("--cursor", k.cursor)]
    return ["lineage", *words, *when(k), "--", *k.start]


def stages(values: Any) -> Words:
    """Stages as a repeated option; None is one of them, so the empty list is an empty text."""
    return ["--stage="] if values == [] else each("--stage", values or ())


def or_none(name: str, values: Any) -> Words:
    """A list as a repeated option; the empty list is the word `none`."""
    return each(name, ["none"] if values == [] else values or ())


def _recall(k: c.GetRecall) -> Words:
    words = each("--content", k.content) + each("--without", k.without)
    words += stages(k.stage) + flag("--deployed", given=k.deployed)
    words += option("--deployment", k.deployment) + flag("--datasets", given=k.datasets)
    words += flag("--deleted", given=k.deleted)
    return ["recall", *words, *_way(k), *when(k), "--", *k.start]


def _exposure(k: c.GetExposure) -> Words:
    return ["exposure", *flag("--models", given=k.models), *_way(k), *when(k), "--", *k.start]


def _way(k: c.GetRecall | c.GetExposure) -> Words:
    words = flag("--evaluated", given=k.evaluated) + flag("--no-inferred", given=not k.inferred)
    return [*words, f"--limit={k.limit}", *option("--cursor", k.cursor)]


def _diff(k: c.GetDiff) -> Words:
    words = flag("--deleted", given=k.deleted) + flag("--no-files", given=not k.files)
    return ["diff", *words, f"--limit={k.limit}", *when(k), "--", k.before, k.after]


def _stale(k: c.GetStaleness) -> Words:
    words = flag("--dataset", given=k.space == "datasets") + option("--stage", k.stage)
    words += or_none("--edge-kind", k.edge_kinds)
    return ["staleness", *words, *rows(k), "--", *k.start]


def _lineage_history(k: c.GetLineageHistory) -> Words:
    words = flag("--newest-first", given=k.newest_first)
    return ["lineage-history", *words, *rows(k), "--", k.of]


def _events(k: c.ListEvents) -> Words:
    words = option("--by", k.by) + each("--type", k.type)
    words += option("--since", k.since and k.since.isoformat())
    words += option("--until", k.until and k.until.isoformat())
    words += flag("--newest-first", given=k.newest_first)
    return ["events", *words, *rows(k), "--", *([k.subject] if k.subject else [])]


def _history(k: c.GetHistory) -> Words:
    words = option("--stage", k.stage) + option("--alias", k.alias) + [f"--limit={k.limit}"]
    return ["history", *words, *when(k), "--", f"{k.space}:/{k.name}"]


def _import_rows(k: c.ImportRows) -> Words:
    name = hashlib.sha256(k.model_dump_json().encode()).hexdigest()
    file = Path(tempfile.gettempdir()) / f"rows-{name}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in k.rows))
    return ["import", "--", str(file)]


def _deploy(k: c.Deploy) -> Words:
    words = option("--environment", k.environment) + option("--owner", k.owner)
    words += flag("--force", given=k.force)
    return ["deployment", "set", *words, "--", k.name, k.version]


def _roll_back(k: c.RollBack) -> Words:
    words = option("--stage", k.stage) + option("--alias", k.alias)
    words += flag("--force", given=k.force)
    return ["rollback", *words, *flag("--dry-run", given=k.dry_run), "--", k.name]


def _taints(k: c.GetTaints) -> Words:
    words = or_none("--kind", k.kind) + or_none("--severity", k.severity)
    return ["taint", "list", *words, *rows(k), "--", *([k.of] if k.of else [])]


def _tainted(k: c.ListTainted) -> Words:
    words = or_none("--kind", k.kind) + or_none("--severity", k.severity)
    words += option("--taint", k.taint) + option("--stage", k.stage)
    words += or_none("--node-kind", k.node_kinds)
    return ["tainted", *words, *rows(k)]


def _list_versions(k: c.ListVersions) -> Words:
    words = option("--stage", k.stage) + flag("--deleted", given=k.deleted)
    return ["version", "list", *words, *rows(k), "--", f"{k.space}:/{k.name}"]


TYPED: dict[type[c.Command[Any]], Callable[[Any], Words]] = {
    c.CreateFamily: _create,
    c.GetFamily: lambda k: [group(k.space), "show", *when(k), "--", k.name],
    c.ListFamilies: _list_families,
    c.UpdateFamily: _update,
    c.DeleteFamily: lambda k: [
        group(k.space),
        "delete",
        "--yes",
        *flag("--force", given=k.force),
        "--",
        k.name,
    ],
    c.RestoreFamily: lambda k: [group(k.space), "restore", "--", k.name],
    c.RegisterVersion: _register,
    c.GetVersion: lambda k: [
        "version",
        "show",
        *when(k),
        *flag("--deleted", given=k.deleted),
        "--",
        version(k),
    ],
    c.ListVersions: _list_versions,
    c.SearchVersions: _search,
    c.UpdateVersion: lambda k: [
        "version",
        "update",
        *option("--description", k.description),
        *tags(k.tags),
        "--",
        version(k),
    ],
    c.DeleteVersion: lambda k: [
        "version",
        "delete",
        "--yes",
        *flag("--force", given=k.force),
        "--",
        version(k),
    ],
    c.RestoreVersion: lambda k: ["version", "restore", "--", version(k)],
    c.GetFiles: lambda k: [
        "version",
        "files",
        *when(k),
        *flag("--deleted", given=k.deleted),
        "--",
        version(k),
    ],
    c.InspectVersion: lambda k: [
        "inspect",
        *when(k),
        *flag("--deleted", given=k.deleted),
        "--",
        f"{k.space}:/{k.name}/{k.version}",
    ],
    c.GrantTrust: lambda k: ["version", "trust", "--", version(k)],
    c.AddDependency: lambda k: [
        "version",
        "depend",
        *option("--role", k.role),
        "--",
        version(k),
        k.on,
    ],
    c.RemoveDependency: lambda k: [
        "version",
        "undepend",
        *option("--role", k.role),
        "--",
        version(k),
        k.on,
    ],
    c.LogVersionMetrics: lambda k: [
        "version",
        "measure",
        *metrics(k.metrics),
        f"--step={k.step}",
        "--",
        version(k),
    ],
    c.StartRun: _start_run,
    c.GetRun: lambda k: ["run", "show", *when(k), "--", k.run_id],
    c.ListRuns: _list_runs,
    c.UpdateRun: lambda k: [
        "run",
        "update",
        *option("--description", k.description),
        *tags(k.tags),
        "--",
        k.run_id,
    ],
    c.LogParams: lambda k: ["run", "log", *params(k.params), "--", k.run_id],
    c.LogMetrics: lambda k: ["run", "log", *metrics(k.metrics), f"--step={k.step}", "--", k.run_id],
    c.AddInputs: _add_inputs,
    c.EndRun: _end_run,
    c.GetMetricHistory: lambda k: ["run", "metrics", *when(k), "--", k.run_id, k.key],
    c.MoveStage: lambda k: [
        "promote",
        *flag("--no-archive", given=not k.archive),
        *flag("--force", given=k.force),
        "--",
        version(k),
        k.stage,
    ],
    c.SetAlias: lambda k: ["alias", "set", "--", version(k), k.alias],
    c.RemoveAlias: lambda k: ["alias", "remove", "--", f"{k.space}:/{k.name}", k.alias],
    c.RollBack: _roll_back,
    c.GetHistory: _history,
    c.GetRollbackCandidates: lambda k: [
        "rollback-candidates",
        *option("--stage", k.stage),
        *option("--alias", k.alias),
        *option("--metric", k.metric),
        *flag("--lower-is-better", given=k.lower_is_better),
        *flag("--verify", given=k.verify),
        f"--limit={k.limit}",
        *when(k),
        "--",
        k.name,
    ],
    c.GetStages: lambda k: ["stage", "list", *when(k)],
    c.ConfigureStages: lambda k: [
        "stage",
        "configure",
        *each("--guarded", k.guarded or ()),
        *flag("--no-guarded", given=k.guarded == []),
        "--",
        *k.stages,
    ],
    c.RaiseTaint: lambda k: [
        "taint",
        "raise",
        f"--severity={k.severity}",
        "--",
        k.of,
        k.kind,
    ],
    c.LiftTaint: lambda k: ["taint", "lift", "--", str(k.taint)],
    c.GetTaints: _taints,
    c.DeclareLicence: lambda k: (
        ["licence", "remove", "--", k.of]
        if k.licence is None
        else ["licence", "set", "--", k.of, k.licence]
    ),
    c.DefineLicence: lambda k: [
        "licence",
        "define",
        *each("--obligation", k.obligations),
        "--",
        k.licence,
    ],
    c.StopObligations: lambda k: [
        "licence",
        "stop",
        *each("--obligation", k.obligations),
        *flag("--nothing", given=not k.obligations),
        *option("--evidence", k.evidence),
        "--",
        k.effect,
        k.cause,
    ],
    c.GetLicences: lambda k: ["licence", "show", *when(k), "--", k.of],
    c.ListTainted: _tainted,
    c.Deploy: _deploy,
    c.GetDeployment: lambda k: ["deployment", "show", *when(k), "--", k.name],
    c.ListDeployments: lambda k: [
        "deployment",
        "list",
        *flag("--deleted", given=k.deleted),
        *rows(k),
    ],
    c.DeleteDeployment: lambda k: ["deployment", "delete", "--yes", "--", k.name],
    c.GetLineage: _lineage,
    c.GetImpact: lambda k: [
        "impact",
        *option("--depth", k.depth),
        *or_none("--node-kind", k.node_kinds),
        *stages(k.stage),
        *flag("--deleted", given=k.deleted),
        *flag("--no-inferred", given=not k.inferred),
        f"--limit={k.limit}",
        *when(k),
        "--",
        *k.start,
    ],
    c.GetRecall: _recall,
    c.GetExposure: _exposure,
    c.GetSiblings: lambda k: [
        "siblings",
        *or_none("--cause-kind", k.cause_kinds),
        f"--limit={k.limit}",
        *scope(k),
        "--",
        k.of,
    ],
    c.GetNeighbours: lambda k: ["neighbours", f"--limit={k.limit}", *scope(k), "--", k.of],
    c.GetPaths: lambda k: ["paths", f"--limit={k.limit}", *scope(k), "--", k.source, k.target],
    c.GetCommonAncestors: lambda k: ["common-ancestors", *report(k), "--", *k.start],
    c.GetRoots: lambda k: ["roots", *report(k), "--", *k.start],
    c.GetLeaves: lambda k: ["leaves", *report(k), "--", *k.start],
    c.GetOrder: _order,
    c.GetRebuildPlan: _rebuild_plan,
    c.GetHotList: _hot_list,
    c.GetSameWeights: lambda k: [
        "same-weights",
        *flag("--deleted", given=k.deleted),
        f"--limit={k.limit}",
        *when(k),
        "--",
        k.of,
    ],
    c.ListOrphans: lambda k: [
        "orphans",
        *flag("--deleted", given=k.deleted),
        *rows(k),
        "--",
        k.kind.replace("_", "-"),
    ],
    c.ListUnused: lambda k: [
        "unused",
        *flag("--deleted", given=k.deleted),
        *rows(k),
        "--",
        k.kind.replace("_", "-"),
    ],
    c.SelectNodes: lambda k: ["select", f"--limit={k.limit}", *scope(k), "--", k.selector],
    c.GetSubgraph: lambda k: ["subgraph", *scope(k), "--", *k.start],
    c.GetDiff: _diff,
    c.GetStaleness: _stale,
    c.GetLineageHistory: _lineage_history,
    c.GetReproducibility: lambda k: [
        "reproducibility",
        f"--limit={k.limit}",
        *when(k),
        "--",
        k.of,
    ],
    c.GetDeletionPreview: lambda k: [
        "deletion-preview",
        f"--limit={k.limit}",
        *when(k),
        "--",
        k.of,
    ],
    c.ImportRows: _import_rows,
    c.ListEvents: _events,
    c.GetAuditReport: lambda k: [
        "report",
        *flag("--no-verify", given=not k.verify),
        *when(k),
        "--",
        k.of,
    ],
    c.RegisterVersions: lambda k: ["batch", "register", *flag("--atomic", given=k.atomic)],
    c.DeleteVersions: lambda k: [
        "batch",
        "delete",
        "--yes",
        *flag("--force", given=k.force),
        *flag("--atomic", given=k.atomic),
        _references(k.references),
    ],
    c.VerifyBatch: lambda k: [
        "batch",
        "verify",
        *flag("--no-read", given=not k.read),
        _references(k.references),
    ],
    c.AddToDraft: lambda k: ["draft", "add", *option("--from-version", k.version), k.name],
    c.RemoveFromDraft: lambda k: ["draft", "remove", "--", k.name, *k.path],
    c.GetDraft: lambda k: [
        "draft",
        "show",
        *option("--registered-with", k.registered_with),
        "--",
        k.name,
    ],
    c.InspectDraft: lambda k: ["draft", "inspect", *option("--format", k.format), "--", k.name],
    c.ListDrafts: lambda _: ["draft", "list"],
    c.DiscardDraft: lambda k: [
        "draft",
        "discard",
        "--yes",
        *option("--state", k.state),
        "--",
        k.name,
    ],
    c.VerifyVersions: lambda k: [
        "verify",
        *flag("--models", given=k.space == "models"),
        *flag("--datasets", given=k.space == "datasets"),
        *flag("--no-read", given=not k.read),
        *flag("--deleted", given=k.deleted),
        *rows(k),
        "--",
        *k.of,
    ],
    c.GetStatistics: lambda k: [
        "stats",
        *flag("--no-stored", given=not k.stored),
        *flag("--deleted", given=k.deleted),
        *when(k),
    ],
    c.Validate: lambda k: ["validate", *flag("--bytes", given=k.bytes)],
    c.CollectGarbage: lambda k: [
        "gc",
        *flag("--yes", given=not k.dry_run),
        *flag("--force", given=k.force),
        f"--grace={k.grace}s",
        f"--limit={k.limit}",
    ],
    c.GetStatus: lambda k: ["status"],
}


@contextmanager
def secrets(settings: Settings) -> Iterator[None]:
    """Put into the environment what nobody types."""
    names = ("neo4j_user", "neo4j_password", "s3_access_key", "s3_secret_key")
    before = dict(os.environ)
    for name in names:
        value = getattr(settings, name)
        if value is not None:
            plain = value if isinstance(value, str) else value.get_secret_value()
            os.environ[PREFIX + name.upper()] = plain
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def captured() -> Iterator[tuple[Callable[[], str], Callable[[], str]]]:
    """Catch what is printed, as the streams of a process would."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2)]
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams

    def read(stream: io.TextIOWrapper) -> str:
        stream.flush()
        data: bytes = stream.buffer.getvalue()  # type: ignore[attr-defined]
        return data.decode()

    try:
        yield lambda: read(streams[0]), lambda: read(streams[1])
    finally:
        sys.stdout, sys.stderr = before
