"""What a complete audit report of a model version would hold, and this registry does not know.

The items follow Annex IV of Regulation (EU) 2024/1689 and Article 10 of it. Those that only a
person can supply are always listed: a registry that filled them with text would mislead.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from lineage_registry.ports.commands import Family, MissingItem, Run, Version

_FOR_A_PERSON: Final = (
    ("intended purpose, users and uses out of scope", "Annex IV.1(a), IV.3"),
    ("product pictures and instructions for use", "Annex IV.1(f)-(h)"),
    ("design rationale, assumptions and trade-offs", "Annex IV.2(b)"),
    ("representativeness of the data and its statistics", "Art. 10(3)-(4)"),
    ("special categories of personal data", "Art. 10(5)"),
    ("measures of human oversight", "Annex IV.2(e), Art. 14"),
    ("why these metrics fit the purpose", "Annex IV.4"),
    ("risk management system", "Annex IV.5, Art. 9"),
    ("standards applied and EU declaration of conformity", "Annex IV.7-8"),
    ("post-market monitoring plan", "Annex IV.9, Art. 72"),
)


def missing_items(
    version: Version, model: Family, runs: Sequence[Run], sources: Sequence[Version]
) -> list[MissingItem]:
    """Return what is absent, then what only a person can supply."""
    absent = [
        MissingItem(item=item, clause=clause, status="absent")
        for item, clause in _absent(version, model, runs, sources)
    ]
    person = [
        MissingItem(item=item, clause=clause, status="person") for item, clause in _FOR_A_PERSON
    ]
    return absent + person


def _absent(
    version: Version, model: Family, runs: Sequence[Run], sources: Sequence[Version]
) -> Iterator[tuple[str, str]]:
    if model.owner is None:
        yield "owner of the model", "Annex IV.1(a)"
    if model.description is None and version.description is None:
        yield "description of the model", "Annex IV.1(a)"
    if version.manifest is None:
        yield "files of the version, so that its content can be verified", "Art. 15"
    if not version.metrics and not any(run.metrics for run in runs):
        yield "metrics", "Annex IV.2(g)"
    if not any(entry.edge == "EVALUATED_ON" for run in runs for entry in run.inputs):
        yield "data it was tested on, apart from training data", "Art. 10(3), Annex IV.2(g)"
    yield from _absent_of_runs(version, runs)
    for source in sources:
        stated = source.licence or source.tags.get("licence")
        if source.kind == "dataset_version" and not stated:
            yield f"licence of {source.reference}", "Annex IV.2(d)"


def _absent_of_runs(version: Version, runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    if version.run is None:
        yield "run that made the version", "Annex IV.2(a)"
    for run in runs:
        if run.name == "registration":
            continue
        if run.code_commit is None:
            yield f"code commit of {run.reference}", "Annex IV.2(a)"
        if not run.environment:
            yield f"software environment of {run.reference}", "Annex IV.1(c)"
