"""Find models, datasets and their versions."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.options import options
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import GAP, Part

if TYPE_CHECKING:
    from lineage_registry.registry import Registry
    from lineage_registry.registry.handles import VersionHandle
    from lineage_registry.registry.rows import Rows

_DEFAULT = 100

Among = Annotated[bool, typer.Option("--dataset", help="Among datasets instead of models.")]


class Sought(NamedTuple):
    """What is known of the versions that are looked for."""

    stage: a.WithStage = None
    tag: a.WithTag = None
    metric: a.WithMetric = None
    param: a.WithParameter = None
    dataset: Among = False
    deleted: a.Deleted = False
    as_of: a.AsOf = None

    @property
    def narrows(self) -> bool:
        """Whether it says anything of the versions themselves."""
        return bool(self.stage or self.tag or self.metric or self.param)

    def versions(self, opened: "Registry", text: str | None) -> "Rows[VersionHandle]":
        """Return them, newest first."""
        return opened.search(
            "datasets" if self.dataset else "models",
            text=text,
            stage=self.stage,
            tag=self.tag,
            metric=self.metric,
            param=self.param,
            deleted=self.deleted,
            as_of=self.as_of,
        )


@takes("sought", Sought)
def search(
    *,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="In names, and in descriptions of versions."),
    ] = None,
    limit: a.Limit = None,
    sought: Sought,
) -> None:
    """Find models or datasets by name, and versions by what is known of them."""
    from lineage_registry.cli import version_views as views

    most = limit or _DEFAULT
    with registry() as opened:
        ask = opened.datasets if sought.dataset else opened.models
        named = ask(text=text, deleted=sought.deleted, as_of=sought.as_of)
        families = [] if sought.narrows else list(islice(named, most + 1))
        found = sought.versions(opened, text)
        # Without anything to look for, the names are the answer.
        versions = list(islice(found, most + 1)) if sought.narrows or text else []
    more = max(len(families), len(versions)) > most
    families, versions = families[:most], versions[:most]
    if options().jsonl:
        for row in (*families, *versions):
            output.write(row.model_dump_json() + "\n")
        return
    if options().json:
        output.emit_json(
            {
                "families": [each.model_dump(mode="json") for each in families],
                "items": [each.model_dump(mode="json") for each in versions],
                "more": more,
            }
        )
        return
    parts: list[Part] = [*views.families(families)] if families else []
    if versions:
        parts += [GAP] if parts else []
        parts += views.versions(versions)
    output.show(parts)
    if not parts:
        output.note("nothing found")
    if more:
        output.note(f"there are more than {most}: raise --limit, or page with `version search`")


@takes("wanted", Wanted)
@takes("sought", Sought)
def versions(
    *,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="In their descriptions.")
    ] = None,
    sought: Sought,
    wanted: Wanted,
) -> None:
    """Find versions of all models, or of all datasets, newest first."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        emit_rows(sought.versions(opened, text), views.versions, wanted)
