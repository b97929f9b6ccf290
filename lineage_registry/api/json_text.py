"""JSON from strangers: read strictly, so that one text means one thing and none hurts."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

from lineage_registry.domain.json_members import unique_members
from lineage_registry.errors import InvalidInputError

MAX_DEPTH: Final = 64
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(data: bytes) -> Any:
    """Read a JSON text.

    Refused beyond RFC 8259: duplicate keys, NaN and infinities (also as 1e999), lone surrogates,
    integers of thousands of digits, more than 64 levels, and encodings other than UTF-8.

    Raises:
        InvalidInputError: The bytes are anything else.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique_members,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
            _check_depth(value)
        if _SURROGATE.search(data):
            _check_surrogates(value)
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"the body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise InvalidInputError(
            f"the body is not JSON: {error.msg} at character {error.pos}"
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except InvalidInputError:
        raise
    except ValueError:
        raise InvalidInputError("a number in the body has too many digits") from None
    return value


def _refuse_constant(name: str) -> float:
    raise InvalidInputError(
        f"{name} is not JSON", hint='a metric takes the words "NaN", "Infinity", "-Infinity"'
    )


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise InvalidInputError(f"the number {text[:30]} is too large")
    return value


def _check_depth(value: Any) -> None:
    layer = [value]
    for _ in range(MAX_DEPTH):
        children = (child for node in layer for child in _children(node))
        layer = [child for child in children if isinstance(child, dict | list)]
        if not layer:
            return
    raise _too_deep()


def _check_surrogates(value: Any) -> None:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        texts = [node] if isinstance(node, str) else node if isinstance(node, dict) else ()
        for text in texts:
            if any("\ud800" <= char <= "\udfff" for char in text):
                raise InvalidInputError("text holds a lone surrogate", hint="send valid Unicode")
        waiting.extend(_children(node))


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        yield from node.values()
    elif isinstance(node, list):
        yield from node


def _too_deep() -> InvalidInputError:
    return InvalidInputError(f"the body is nested more than {MAX_DEPTH} levels deep")
