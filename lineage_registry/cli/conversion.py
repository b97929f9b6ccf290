"""Versions in other formats."""

import json
from typing import Annotated, Any

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.session import how, registry
from lineage_registry.errors import InvalidInputError


def convert(
    version: a.ModelVersion,
    *,
    to: Annotated[
        str,
        typer.Option(
            metavar="FORMAT", help="safetensors, onnx, onnx-int8, huggingface; what fits it."
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option("--name", "-n", metavar="NAME", help="Its model; NAME-FORMAT if left out."),
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", metavar="TEXT", help="A semantic version, like 1.2.0.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", metavar="KEY=VALUE", help="Like dtype=float16, or in JSON; repeatable."
        ),
    ] = None,
    trust: Annotated[
        str | None,
        typer.Option("--trust", metavar="TEXT", help="Why code that its files name may run here."),
    ] = None,
    tag: a.Tags = None,
) -> None:
    """Turn a version into another format, here, and register what comes out beside it."""
    from lineage_registry.cli import version_views as views

    options: dict[str, Any] = {
        key: _structured(key, value) for key, value in parsing.parameters(option).items()
    }
    with registry() as opened, output.transfer("moving") as progress:
        made = opened.convert(
            version,
            to,
            name=name,
            label=label,
            tags=parsing.pairs(tag, "tag"),
            options=options,
            progress=progress,
            trust=trust,
            **how(),
        )
    output.emit(made, lambda: views.version_line(made))


def _structured(key: str, value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"the option {key} is no JSON: {error}", hint='write like {"x": {"0": "batch"}}'
        ) from error
