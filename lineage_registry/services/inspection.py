"""Looking into files where they are stored, and trust in what was found."""

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.domain.resolution import resolve_version
from lineage_registry.domain.verdicts import grant_trust as rule
from lineage_registry.ports.commands import (
    Context,
    GrantTrust,
    InspectVersion,
    Version,
    VersionInspection,
)
from lineage_registry.services.contents import (
    StoredFiles,
    demand_bytes,
    read_manifest,
)
from lineage_registry.services.describing import versions
from lineage_registry.services.versions import change, reference_to
from lineage_registry.services.workplace import Workplace


def inspect_version(work: Workplace, command: InspectVersion, _: Context) -> VersionInspection:
    """Look into the files of a version."""
    reference = reference_to(command.space, command.name, command.version)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve_version(view, reference, deleted=command.deleted)
        version = versions(view, [found.node])[0]
        revision, as_of = view.revision, view.at(view.revision)
    return VersionInspection.model_validate(
        {
            **dict(_looked_into(work, version)),
            "digest": version.manifest,
            "reference": version.reference,
            "registered": version.facts.get("verdict"),
            "revision": revision,
            "as_of": as_of,
        }
    )


def _looked_into(work: Workplace, version: Version) -> Inspection:
    if version.manifest is None:
        return Inspection(
            format=version.format or "files",
            verdict=Verdict.NOT_INSPECTABLE,
            reasons=("there are no files",),
            bytes=0,
        )
    manifest = read_manifest(work, version.manifest)
    demand_bytes(work.artifacts, manifest)
    return work.formats.inspect(StoredFiles(work.artifacts, manifest), version.format)


def grant_trust(work: Workplace, command: GrantTrust, context: Context) -> Version:
    """Record that somebody trusts the code which a version's files name."""
    return change(
        work,
        reference_to(command.space, command.name, command.version),
        lambda view, found: rule(view, found, command.reason),
        command,
        context,
    )
