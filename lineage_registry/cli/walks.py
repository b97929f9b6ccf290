"""The options that say which part of the lineage is asked for."""

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.words import plural
from lineage_registry.errors import InvalidQueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineage_registry.domain.graph import NodeKind
    from lineage_registry.domain.lineage import Lineage
    from lineage_registry.ports.commands import Order
    from lineage_registry.registry import LineageHandle, Registry
    from lineage_registry.registry.asking import NamedScope, Scope

_NARROW: Final = "What is reported"
_STOP: Final = "Where the walk stops"
_PAGE: Final = "Pages"

Depth = Annotated[
    int | None,
    typer.Option("--depth", metavar="N", min=0, help="How far to go; to the end if left out."),
]
Both = Annotated[bool, typer.Option("--both", help="Causes and effects.")]
EdgeKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--edge-kind", metavar="KIND", help="Follow only these, like derived-from; none for none."
    ),
]
NodeKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--node-kind", metavar="KIND", help="Report only these, like model-version; none for none."
    ),
]
NoInferred = Annotated[
    bool, typer.Option("--no-inferred", help="Follow only what somebody declared.")
]
Through = Annotated[bool, typer.Option("--deleted", help="Go through deleted things, too.")]


class Part(NamedTuple):
    """Which part of the graph a question is about."""

    edge_kind: EdgeKinds = None
    deleted: Through = False
    no_inferred: NoInferred = False
    as_of: a.AsOf = None

    def scope(self) -> "Scope":
        """Return it as the registry takes it."""
        return {
            "edge_kinds": parsing.as_kinds(self.edge_kind, upper=True),
            "deleted": self.deleted,
            "inferred": not self.no_inferred,
            "as_of": self.as_of,
        }


class Named(NamedTuple):
    """Which part of the graph a question is about, and which of its nodes to name."""

    node_kind: NodeKinds = None
    limit: a.Nodes = None
    edge_kind: EdgeKinds = None
    deleted: Through = False
    no_inferred: NoInferred = False
    as_of: a.AsOf = None

    def scope(self) -> "NamedScope":
        """Return it as the registry takes it."""
        part = Part(self.edge_kind, self.deleted, self.no_inferred, self.as_of)
        kinds = parsing.as_kinds(self.node_kind, upper=False)
        return {"node_kinds": kinds, "limit": self.limit, **part.scope()}


class Walk(NamedTuple):
    """Which part of the lineage is asked for."""

    up: Annotated[
        int | None, typer.Option("--up", metavar="N", min=0, help="Causes, N steps up.")
    ] = None
    down: Annotated[
        int | None, typer.Option("--down", metavar="N", min=0, help="Effects, N steps down.")
    ] = None
    both: Both = False
    direction: Annotated[
        Literal["upstream", "downstream", "both"] | None,
        typer.Option(help="The same without a depth: all causes, all effects, or both."),
    ] = None
    depth: Depth = None
    depth_unit: Annotated[
        Literal["hops", "versions"],
        typer.Option(help="Count edges, or versions: a run is no step of its own."),
    ] = "hops"
    edge_kind: EdgeKinds = None
    through: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Walk through these only, like model-version."),
    ] = None
    deleted: Through = False
    no_inferred: NoInferred = False
    node_kind: NodeKinds = None
    stage: Annotated[
        str | None,
        typer.Option(
            "--stage", "-s", metavar="STAGE", help="Only in this stage.", rich_help_panel=_NARROW
        ),
    ] = None
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            "-t",
            metavar="KEY[=VALUE]",
            help="Only with this tag; repeatable.",
            rich_help_panel=_NARROW,
        ),
    ] = None
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="COMPARISON",
            help="Like 'acc>=0.9'; repeatable.",
            rich_help_panel=_NARROW,
        ),
    ] = None
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="COMPARISON",
            help="Like 'lr=0.1'; repeatable.",
            rich_help_panel=_NARROW,
        ),
    ] = None
    text: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Part of the description.", rich_help_panel=_NARROW),
    ] = None
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="NAME",
            help="In JSON, only this of a node: kind, distance, stage, status, title; or edges.",
            rich_help_panel=_NARROW,
        ),
    ] = None
    stop_at: Annotated[
        list[str] | None,
        typer.Option(metavar="REF", help="Do not go through it.", rich_help_panel=_STOP),
    ] = None
    stop_when: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILTER",
            help="Nor through what is like stage:Production, tag:pii, 'metric:acc>=0.9'.",
            rich_help_panel=_STOP,
        ),
    ] = None
    hide_stops: Annotated[
        bool,
        typer.Option(
            "--hide-stops", help="Do not report where the walk stopped.", rich_help_panel=_STOP
        ),
    ] = False
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Things to report at most; 10,000 if left out.",
            rich_help_panel=_PAGE,
        ),
    ] = None
    cursor: Annotated[
        str | None,
        typer.Option(metavar="CURSOR", help="Go on behind this page.", rich_help_panel=_PAGE),
    ] = None
    no_count: Annotated[
        bool,
        typer.Option("--no-count", help="Do not count what is left out.", rich_help_panel=_PAGE),
    ] = False
    as_of: a.AsOf = None


def asked(opened: "Registry", references: list[str], walk: Walk) -> "LineageHandle":
    """Ask for that part.

    Raises:
        NotFoundError: A start is not there.
        InvalidQueryError: The options contradict each other.
    """
    direction, depth = _way(walk)
    return opened.lineage(
        *references,
        direction=direction,
        depth=depth,
        depth_unit=walk.depth_unit,
        edge_kinds=parsing.as_kinds(walk.edge_kind, upper=True),
        through=parsing.as_kinds(walk.through, upper=False),
        node_kinds=parsing.as_kinds(walk.node_kind, upper=False),
        stage=walk.stage,
        tag=walk.tag or (),
        metric=walk.metric or (),
        param=walk.param or (),
        text=walk.text,
        stop_at=walk.stop_at or (),
        stop_when=walk.stop_when or (),
        hide_stops=walk.hide_stops,
        deleted=walk.deleted,
        inferred=not walk.no_inferred,
        limit=walk.limit,
        cursor=walk.cursor,
        count=not walk.no_count,
        fields=parsing.unless_none(walk.fields),
        as_of=walk.as_of,
    )


def note_beyond(found: "Lineage") -> None:
    """Say what was left out, and how to see it."""
    if not found.truncated:
        return
    left = _counted(found.omitted)
    if found.next_cursor is None:
        output.note(f"not complete: {left} lie deeper; raise the depth")
    else:
        output.note(
            f"not complete: {left} not shown; raise --limit, or --cursor {found.next_cursor}"
        )


def note_left_out(found: "Lineage | Order") -> None:
    """Say what the limit of an answer without pages left out."""
    if found.truncated:
        output.note(f"not complete: {_counted(found.omitted)} not shown; raise --limit")


def _counted(omitted: "Mapping[NodeKind, int] | None") -> str:
    counted = [plural(count, kind.replace("_", " ")) for kind, count in (omitted or {}).items()]
    *most, last = counted or ["more"]
    return f"{', '.join(most)} and {last}" if most else last


def _way(walk: Walk) -> tuple[Literal["upstream", "downstream", "both"], int | None]:
    depths = {depth for depth in (walk.up, walk.down, walk.depth) if depth is not None}
    if len(depths) > 1:
        raise InvalidQueryError(
            "the directions have one depth", hint="give --both --depth N, or one direction"
        )
    depth = depths.pop() if depths else None
    said: set[Literal["upstream", "downstream", "both"]] = set()
    if walk.both or (walk.up is not None and walk.down is not None):
        said.add("both")
    elif walk.up is not None or walk.down is not None:
        said.add("upstream" if walk.down is None else "downstream")
    if walk.direction is not None:
        said.add(walk.direction)
    if len(said) > 1:
        raise InvalidQueryError("it is said twice which way to go, and not the same")
    return (said.pop() if said else "upstream"), depth
