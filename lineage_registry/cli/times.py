"""Lengths of time as people write them."""

import re
from datetime import timedelta

from lineage_registry.errors import InvalidInputError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Read a length of time: `90s`, `30m`, `12h`, `7d`.

    Raises:
        InvalidInputError: It is none.
    """
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if match is None:
        raise InvalidInputError(f"not a length of time: {text[:60]!a}", hint="write 90s, 12h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
