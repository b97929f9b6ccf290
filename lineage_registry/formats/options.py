"""Values of options that several handlers take, read and checked."""

import re
from typing import Any

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.requirements import require

_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def byte_size(option: str, value: object) -> int | None:
    """Return a number of bytes: a number, or text like `5GB` (10^9) or `5GiB` (2^30).

    Raises:
        InvalidInputError: It is neither, or not above zero.
    """
    if value is None:
        return None
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found:
        base = 1024 if found[3] else 1000
        size = int(float(found[1]) * base ** _POWERS[found[2].lower()])
    else:
        size = value if type(value) is int else 0
    if size <= 0:
        raise InvalidInputError(
            f"{option}={value!r} is no size", hint="write like 5GB or 500MiB", option=option
        )
    return size


def one_of(option: str, value: object, choices: tuple[str, ...]) -> str:
    """Return the value, which is one of the choices; the first if there is none.

    Raises:
        InvalidInputError: It is none of them.
    """
    if value is None:
        return choices[0]
    if not isinstance(value, str) or value not in choices:
        raise InvalidInputError(
            f"there is no {option} {value!r}",
            hint=f"{option}= one of: {', '.join(choices)}",
            option=option,
        )
    return value


def torch_dtype(value: object) -> Any:
    """Return the torch dtype that is meant; None if none is.

    Raises:
        InvalidInputError: It is no floating type of torch.
    """
    if value is None:
        return None
    torch = require("torch", extra="torch")
    name = str(value).removeprefix("torch.")
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise InvalidInputError(
            f"there is no floating dtype {name!r}",
            hint="dtype= like float32, float16 or bfloat16",
            option="dtype",
        )
    return found


def torch_device(option: str, value: object) -> Any:
    """Return a device of torch that tensors can be put on here.

    What only some loaders take (a mapping, a function, `auto`) is theirs to check.

    Raises:
        InvalidInputError: Torch knows no such device, or this machine has none.
    """
    torch = require("torch", extra="torch")
    try:
        torch.empty(0, device=value)
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise InvalidInputError(
            f"there is no {option} {str(value)!r} here",
            hint=f'{option}="cpu", or a device that torch finds on this machine',
            option=option,
        ) from error
    return value


def demand_names(option: str, value: object) -> tuple[str, ...]:
    """Return a list of names.

    Raises:
        InvalidInputError: It is something else.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise InvalidInputError(f"{option} is a list of names", option=option)
    return tuple(value)
