"""The configuration of a Keras model: which classes and functions rebuilding it would call."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lineage_registry.domain.formats import Port
from lineage_registry.formats.pickles.policy import is_dangerous
from lineage_registry.formats.reading import bounded, shown

_MAX_NODES = 1_000_000
_OWN = re.compile(
    r"(tf_)?keras(\.src)?(\.(_tf_keras|api|_legacy|legacy|models|layers|initializers|regularizers"
    r"|constraints|optimizers|losses|metrics|activations|dtype_policies|random|ops|quantizers"
    r"|schedules|backend|engine|applications|rematerialization)(\.[\w.]+)?)?"
)
_CODE = frozenset({"Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer"})
"""Layers of Keras itself that bring or find code of somebody else."""


@dataclass
class Configuration:
    """What was found in the configuration."""

    runs: list[str] = field(default_factory=list)
    dangerous: list[str] = field(default_factory=list)
    architecture: str | None = None
    inputs: tuple[Port, ...] = ()


def read_configuration(config: Any) -> Configuration:
    """Return what rebuilding a model from its configuration would call."""
    found = Configuration()
    for count, node in enumerate(_nodes(config)):
        if count > _MAX_NODES:
            found.dangerous.append("the configuration is beyond all measure")
            break
        _look(node, found)
    found.runs = list(dict.fromkeys(found.runs))
    found.dangerous = list(dict.fromkeys(found.dangerous))
    if isinstance(config, dict):
        found.architecture = _text(config.get("class_name"))
        found.inputs = tuple(_inputs(config))
    return found


def _nodes(root: Any) -> Iterator[dict[str, Any]]:
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _look(node: dict[str, Any], found: Configuration) -> None:
    name, module = node.get("class_name"), node.get("module")
    registered = node.get("registered_name")
    if not isinstance(name, str):
        return
    if name in _CODE or name == "__lambda__":
        found.runs.append(f"{shown(name)} holds code")
    if name == "function":
        _look_at_function(node, found)
        return
    if isinstance(module, str) and not _OWN.fullmatch(module):
        _judge(module, name, found)
    elif isinstance(registered, str) and ">" in registered and not registered.startswith("keras"):
        found.runs.append(f"needs the code of {shown(registered)}")
    elif module is None and ">" in name:
        found.runs.append(f"needs the code of {shown(name)}")


def _look_at_function(node: dict[str, Any], found: Configuration) -> None:
    module, config = node.get("module"), node.get("config")
    name = config if isinstance(config, str) else str(node.get("registered_name"))
    if module is None or (isinstance(module, str) and _OWN.fullmatch(module)):
        known = isinstance(module, str) and module.rpartition(".")[2] in _WITH_FUNCTIONS
        if not known:
            found.runs.append(f"needs the code of {shown(f'{module}.{name}')}")
        return
    _judge(str(module), name, found)


_WITH_FUNCTIONS = frozenset(
    {"activations", "losses", "metrics", "initializers", "regularizers", "constraints"}
)


def _judge(module: str, name: str, found: Configuration) -> None:
    full = f"{module}.{name}"
    if is_dangerous(module, name):
        found.dangerous.append(f"the configuration asks to run {shown(full)}")
    else:
        found.runs.append(f"needs the code of {shown(full)}")


def _inputs(config: dict[str, Any]) -> Iterator[Port]:
    for node in _nodes(config):
        inner = node.get("config")
        if node.get("class_name") != "InputLayer" or not isinstance(inner, dict):
            continue
        shape = inner.get("batch_shape", inner.get("batch_input_shape"))
        name, dtype = inner.get("name"), inner.get("dtype")
        sizes = shape if isinstance(shape, list) else ["unknown"]
        whole = all(type(one) is int or one is None for one in sizes)
        yield Port(
            name=bounded(name, 120) if isinstance(name, str) else "input",
            dtype=bounded(dtype, 120) if isinstance(dtype, str) else None,
            shape=tuple(sizes) if whole else None,
        )


def _text(value: Any) -> str | None:
    return bounded(value, 120) if isinstance(value, str) else None
