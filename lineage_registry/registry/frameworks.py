"""Registrations that a framework's own models make richer: signature, graph, tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from lineage_registry.errors import InvalidInputError
from lineage_registry.registry.asking import Asker
from lineage_registry.registry.handles import VersionHandle

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry


class Frameworks(Asker):
    """How models of the large frameworks are registered with all that belongs to them."""

    def register_pytorch(
        self,
        name: str,
        module: object,
        *,
        example_inputs: object = None,
        dynamic_shapes: object = None,
        **details: Any,
    ) -> VersionHandle:
        """Register a module or checkpoint of PyTorch; other arguments as `register`.

        With `example_inputs` (a tuple, or a dictionary of keywords) the module is registered as
        the program that it is on them: `load` gives something that runs without its class, and its
        inputs and outputs are among the facts of the version.

        Raises:
            InvalidInputError: There are example inputs, and nothing that takes them.
            UnsafeArtifactError: It could not be loaded again without running code.
        """
        return self._save_as(
            "pytorch",
            name,
            module,
            {"example_inputs": example_inputs, "dynamic_shapes": dynamic_shapes},
            details,
        )

    def register_onnx(
        self,
        name: str,
        model: object,
        *,
        example_inputs: object = None,
        dynamic_shapes: object = None,
        opset: int | None = None,
        external_data: bool | None = None,
        **details: Any,
    ) -> VersionHandle:
        """Register a graph of ONNX, or a module of PyTorch as one; other arguments as `register`.

        A module is run on the `example_inputs`, exported, and what comes out is run on them, too;
        it is refused if the outputs differ. `external_data` keeps the weights in a second file.

        Raises:
            InvalidInputError: A module comes without example inputs.
            FormatError: The graph computes something else than the module.
        """
        options = {"example_inputs": example_inputs, "dynamic_shapes": dynamic_shapes}
        options |= {"opset": opset, "external_data": external_data}
        return self._save_as("onnx", name, model, options, details)

    def register_huggingface(
        self,
        name: str,
        model: object,
        *,
        tokenizer: object = None,
        max_shard_size: int | str | None = None,
        **details: Any,
    ) -> VersionHandle:
        """Register a model of transformers with its tokenizer as one version, or a pipeline.

        Other arguments as `register`. `load` gives the model, and with `into="both"` or
        `into="pipeline"` the tokenizer that it was registered with.

        Raises:
            InvalidInputError: It is nothing of transformers.
        """
        options = {"tokenizer": tokenizer, "max_shard_size": max_shard_size}
        return self._save_as("huggingface", name, model, options, details)

    def _save_as(
        self,
        format_name: str,
        name: str,
        model: object,
        options: Mapping[str, object],
        details: dict[str, Any],
    ) -> VersionHandle:
        asked = details.pop("format", None)
        if asked not in {None, format_name}:
            raise InvalidInputError(
                f"register_{format_name} writes {format_name}, not {asked!r}",
                hint=f"use register(..., format={asked!r}), or leave format out",
            )
        given = {key: value for key, value in options.items() if value is not None}
        others = details.pop("save_options", None) or {}
        if twice := sorted(given.keys() & others.keys()):
            raise InvalidInputError(
                f"{twice[0]} is given twice, by itself and in save_options", hint="give it once"
            )
        registry = cast("Registry", self)
        return registry.register(
            name, model, format=format_name, save_options={**others, **given}, **details
        )
