"""Every command is there, reachable, documented, and says what it is."""

import inspect
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from lineage_registry.cli.groups import every_command
from lineage_registry.cli.options import Options
from lineage_registry.exports import FORMATS, formats_of
from lineage_registry.ports.commands import COMMANDS, Query
from lineage_registry.services.local import LocalCommands
from tests.behaviour.by_cli import TYPED

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"

# One call for each command of the registry, in an order in which all of them work.
CALLS = {
    "CreateFamily": "model create spare -d spare -t a=b",
    "GetFamily": "model show spare",
    "ListFamilies": "model list",
    "UpdateFamily": "model update spare --new-name extra --untag a",
    "RegisterVersion": "register -n extra",
    "GetVersion": "version show extra:1",
    "ListVersions": "version list clf",
    "SearchVersions": "version search --metric acc>0.9",
    "UpdateVersion": "version update extra:1 -d words -t k=v",
    "GetFiles": "version files base:1",
    "InspectVersion": "inspect models:/base/1",
    "GrantTrust": "version trust base:1 --reason ours",
    "AddDependency": "version depend extra:1 base:1 --role tokenizer",
    "RemoveDependency": "version undepend extra:1 base:1 --role tokenizer",
    "LogVersionMetrics": "version measure extra:1 -m f1=0.5 --step 2",
    "DeleteVersion": "version delete extra:1 --yes",
    "RestoreVersion": "version restore extra:1",
    "RegisterVersions": "batch register versions.jsonl --atomic",
    "VerifyBatch": "batch verify references.jsonl",
    "DeleteVersions": "batch delete references.jsonl --yes",
    "AddToDraft": "draft add next weights.bin --into data",
    "RemoveFromDraft": "draft remove other rows.jsonl",
    "GetDraft": "draft show next",
    "InspectDraft": "draft inspect next",
    "ListDrafts": "draft list",
    "DiscardDraft": "draft discard next --yes",
    "DeleteFamily": "model delete extra --yes",
    "RestoreFamily": "model restore extra",
    "StartRun": "run start again --id again-1",
    "GetRun": "run show again-1",
    "ListRuns": "run list --status running",
    "UpdateRun": "run update again-1 -t a=b",
    "LogParams": "run log again-1 -p lr=1",
    "LogMetrics": "run log again-1 -m loss=0.5 --step 3",
    "AddInputs": "run use again-1 --data digits:1 --uses base:1",
    "GetMetricHistory": "run metrics again-1 loss",
    "EndRun": "run end again-1 --failed --message oops",
    "MoveStage": "promote extra:1 Staging",
    "SetAlias": "alias set extra:1 champion",
    "RemoveAlias": "alias remove extra champion",
    "GetHistory": "history clf",
    "GetRollbackCandidates": "rollback-candidates clf --metric acc --verify",
    "RollBack": "rollback clf --reason drift",
    "GetStages": "stage list",
    "ConfigureStages": "stage configure None Staging Production Archived Shadow",
    "Deploy": "deployment set api clf:1 --environment eu",
    "GetDeployment": "deployment show api",
    "ListDeployments": "deployment list",
    "DeleteDeployment": "deployment delete api --yes",
    "GetLineage": "lineage ens:1",
    "GetSiblings": "siblings clf:1",
    "GetNeighbours": "neighbours clf:1",
    "GetPaths": "paths ens:1 datasets:/digits/1",
    "GetCommonAncestors": "common-ancestors ens:1 clf:1",
    "GetRoots": "roots ens:1",
    "GetLeaves": "leaves base:1",
    "GetOrder": "order ens:1",
    "GetRebuildPlan": "rebuild-plan datasets:/digits/1 --cost",
    "GetHotList": "hot-list --transitive",
    "GetSameWeights": "same-weights base:1",
    "ListOrphans": "orphans",
    "ListUnused": "unused model-version",
    "GetSubgraph": "subgraph ens:1 clf:1",
    "SelectNodes": "select +ens:1",
    "GetImpact": "impact base:1",
    "GetRecall": "recall datasets:/digits/1 --evaluated",
    "GetExposure": "exposure ens:1 --models",
    "RaiseTaint": "taint raise base:1 cve --severity critical --reason CVE-2026-1",
    "GetTaints": "taint list ens:1",
    "ListTainted": "tainted --severity critical",
    "LiftTaint": "taint lift 1 --reason patched",
    "GetDiff": "diff clf:1 clf:2",
    "GetStaleness": "staleness --stage Production",
    "GetLineageHistory": "lineage-history ens:1",
    "GetReproducibility": "reproducibility ens:1",
    "GetDeletionPreview": "deletion-preview base:1",
    "DeclareLicence": "licence set base:1 CC-BY-NC-4.0",
    "DefineLicence": "licence define LicenseRef-acme --obligation attribution",
    "StopObligations": "licence stop clf:1 base:1 --obligation non-commercial --evidence no.12",
    "GetLicences": "licence show clf:1",
    "ImportRows": "import rows.jsonl --reason moved",
    "ListEvents": "events",
    "GetAuditReport": "report base:1",
    "Validate": "validate --bytes",
    "CollectGarbage": "gc --grace 0s",
    "VerifyVersions": "verify",
    "GetStatistics": "stats",
    "GetStatus": "status",
}


@pytest.mark.parametrize("form", ["people", "--json", "--jsonl"])
def test_every_command_of_the_registry_can_be_called(scene, monkeypatch, form):
    asked = set()
    run = LocalCommands.run

    def watched(self, command, context):
        asked.add(type(command).__name__)
        return run(self, command, context)

    monkeypatch.setattr(LocalCommands, "run", watched)
    extra = [] if form == "people" else [form]
    for name, line in CALLS.items():
        asked.clear()
        done = scene(*line.split(), *extra)
        assert done.code == 0, (line, done.err)
        assert name in asked
        assert done.out, line
        if form == "--json":
            assert isinstance(done.answer, dict), line
    assert {command.__name__ for command in COMMANDS} == CALLS.keys()


def test_every_command_is_typed_by_the_door_of_the_behaviour_tests():
    assert TYPED.keys() == set(COMMANDS)


EXPORTED = [
    command
    for command in COMMANDS
    if issubclass(command, Query) and len(formats_of(command.answer())) > 1
]


@pytest.mark.parametrize("command", EXPORTED, ids=lambda command: command.__name__)
def test_an_answer_that_is_a_table_or_a_graph_can_be_written_in_its_formats(
    scene, somewhere, command
):
    # A verb that fails here needs `exports=True` in its row of cli/table.py.
    line = CALLS[command.__name__].split()
    formats = formats_of(command.answer())
    for name, known in formats.items():
        if name in FORMATS and name not in {"json", "dot"}:
            continue
        file = somewhere / f"answer{known.suffixes[0]}"
        printed = scene(*line, "--format", name)
        written = scene(*line, "-o", file)
        assert (printed.code, written.code) == (0, 0), (printed.err, written.err)
        assert written.out == ""
        assert f"wrote {file}: {name}" in written.err
        assert file.read_bytes().decode() == printed.out
    refused = scene(*line, "--format", "docx")
    assert refused.code == 2
    assert ", ".join(formats) in refused.err


@pytest.mark.parametrize("words", sorted(every_command()))
def test_a_command_has_a_help_page_a_line_in_the_table_and_one_in_the_reference(lreg, words):
    entry = every_command()[words]
    module, _, name = entry.target.partition(":")
    function = getattr(import_module(f"lineage_registry.cli.{module}"), name)
    assert inspect.getdoc(function)
    done = lreg(*words.split(), "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: lineage-registry {words} ")
    assert "--json" in done.out
    assert ("--reason" in done.out) == entry.writes
    assert f"lreg {words}" in REFERENCE.read_text("utf-8")


@pytest.mark.parametrize("words", sorted(every_command()))
def test_no_argument_of_a_command_hides_a_common_option(words):
    module, _, name = every_command()[words].target.partition(":")
    function = getattr(import_module(f"lineage_registry.cli.{module}"), name)
    shared = {field.name for field in fields(Options)}
    assert not shared & inspect.signature(function).parameters.keys()


def test_the_help_page_lists_every_command_and_fits_80_columns(lreg):
    page = lreg("--help").out
    assert all(len(line) <= 80 for line in page.splitlines())
    for words in every_command():
        assert f"  {words.split()[0]} " in page


def test_the_program_without_arguments_shows_its_help_and_fails(lreg):
    done = lreg()
    assert done.code == 2
    assert "Every day:" in done.out + done.err
