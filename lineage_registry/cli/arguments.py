"""Arguments and options that several commands share."""

from typing import Annotated

import typer

Reference = Annotated[
    str, typer.Argument(metavar="REF", help="What: resnet50:3, resnet50@champion, runs:/ID, ...")
]
References = Annotated[
    list[str], typer.Argument(metavar="REF...", help="What: resnet50:3, resnet50@champion, ...")
]
VersionRef = Annotated[
    str, typer.Argument(metavar="VERSION", help="Like resnet50:3 or datasets:/digits/2.")
]
ModelVersion = Annotated[
    str, typer.Argument(metavar="VERSION", help="Like resnet50:3 or resnet50@champion.")
]
Family = Annotated[
    str, typer.Argument(metavar="NAME", help="A model; a dataset is datasets:/NAME.")
]
ModelName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the model.")]
DatasetName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the dataset.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run, with runs:/ or without.")]
DeploymentName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the deployment.")]

AsOf = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="As it was at a revision, date or time: 42, 2026-01-31."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="Rows at most; 100 if left out.")
]
Cursor = Annotated[
    str | None, typer.Option("--cursor", metavar="CURSOR", help="Go on behind a list's last row.")
]
Everything = Annotated[bool, typer.Option("--all", help="All rows, however many.")]
Nodes = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="Things to name at most.")
]
Deleted = Annotated[bool, typer.Option("--deleted", help="Show deleted ones, too.")]
Description = Annotated[
    str | None, typer.Option("--description", "-d", metavar="TEXT", help="What it is, in words.")
]
Owner = Annotated[str | None, typer.Option(metavar="NAME", help="Who to tell about it.")]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", "-t", metavar="KEY=VALUE", help="A tag; repeatable.")
]
Untag = Annotated[
    list[str] | None, typer.Option("--untag", metavar="KEY", help="A tag to take away; repeatable.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param", "-p", metavar="KEY=VALUE", help="A parameter; KEY:=JSON for text like a number."
    ),
]
Environment = Annotated[
    list[str] | None,
    typer.Option(
        "--environment",
        metavar="KEY=VALUE",
        help="Record this instead of what is found here; repeatable.",
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", metavar="KEY=NUMBER", help="A measurement; repeatable."),
]
Step = Annotated[int, typer.Option(metavar="N", min=0, help="Step that the metrics belong to.")]
WithTag = Annotated[
    list[str] | None,
    typer.Option("--tag", "-t", metavar="KEY[=VALUE]", help="Only with this tag; repeatable."),
]
WithMetric = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", metavar="COMPARISON", help="Like 'acc>=0.9'; repeatable."),
]
WithParameter = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="COMPARISON", help="Like 'lr=0.1'; repeatable."),
]
WithStage = Annotated[
    str | None, typer.Option("--stage", "-s", metavar="STAGE", help="Only in this stage.")
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="REF[:=ROLE]", help="A dataset version read; repeatable."),
]
TestedOn = Annotated[
    list[str] | None,
    typer.Option(
        "--tested-on", metavar="REF[:=ROLE]", help="A dataset version it was tested on; repeatable."
    ),
]
Uses = Annotated[
    list[str] | None,
    typer.Option("--uses", metavar="REF[:=ROLE]", help="A model version read; repeatable."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, do nothing.")]
Force = Annotated[
    bool, typer.Option("--force", help="Although something relies on it; needs --reason.")
]
ForceTaint = Annotated[
    bool, typer.Option("--force", help="Although a critical taint reaches it; needs --reason.")
]
Role = Annotated[str | None, typer.Option(metavar="ROLE", help="In which role, like tokenizer.")]


def of_datasets(context: typer.Context) -> bool:
    """Tell whether a command that is there for models and datasets was called for datasets."""
    return context.parent is not None and context.parent.info_name == "dataset"
