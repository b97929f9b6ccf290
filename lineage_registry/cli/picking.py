"""Options that say which files are meant."""

from typing import Annotated, NamedTuple

import typer

Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include", metavar="PATTERN", help="Only these, as in a .gitignore; repeatable."
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="PATTERN", help="Not these, like '.*', 'tmp/'; repeatable."),
]
FollowLinks = Annotated[
    bool, typer.Option("--follow-links", help="Also links to files outside the folder.")
]


class Picked(NamedTuple):
    """Which files of a folder are meant.

    Attributes:
        include: Patterns; None is everything.
        exclude: Patterns of what to leave out.
    """

    include: Include = None
    exclude: Exclude = None
