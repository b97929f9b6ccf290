"""The schema of a skops file: which types loading it would make."""

import re
from collections.abc import Iterator
from typing import Any

from lineage_registry.formats.pickles.policy import is_dangerous
from lineage_registry.formats.reading import shown

MAX_SCHEMA = 256 * 1024 * 1024
_MAX_NODES = 5_000_000
_KNOWN = re.compile(
    r"builtins\.(bool|bytes|bytearray|complex|dict|float|frozenset|int|list|NoneType|range|set"
    r"|slice|str|tuple|type|object|builtin_function_or_method|function)"
    r"|(collections\.(OrderedDict|defaultdict|Counter))|datetime\.\w+|types\.(GenericAlias|\w*Type)"
    r"|functools\.partial|operator\.\w+|sklearn\.[\w.]+|numpy(\.[\w.]+)?|scipy\.[\w.]+"
)
"""What skops takes without being told to; it looks again, by name, when it loads."""


def types_in(schema: Any) -> set[tuple[str, str]]:
    """Return module and name of every type and function that the schema names."""
    found: set[tuple[str, str]] = set()
    for count, node in enumerate(_nodes(schema)):
        if count > _MAX_NODES:
            found.add(("a schema", "beyond all measure"))
            break
        for module_key, name_key in (("__module__", "__class__"), ("module_path", "function")):
            module, name = node.get(module_key), node.get(name_key)
            if isinstance(module, str) and isinstance(name, str):
                found.add((module, name))
    return found


def reasons_against(types: set[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a sentence for each type that is dangerous, and for each that needs trust."""
    foreign = sorted(pair for pair in types if not _KNOWN.fullmatch(".".join(pair)))
    hostile = [pair for pair in foreign if is_dangerous(*pair)]
    return (
        tuple(f"asks to run {shown('.'.join(pair))}" for pair in hostile),
        tuple(f"needs the code of {shown('.'.join(pair))}" for pair in foreign),
    )


def _nodes(root: Any) -> Iterator[dict[str, Any]]:
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
