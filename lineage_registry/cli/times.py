"""Times as people write them."""

import re
from datetime import UTC, date, datetime, time, timedelta

from lineage_registry.errors import InvalidInputError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def instant(text: str | None) -> datetime | None:
    """Read a time with offset, or a date for its first moment, UTC.

    Raises:
        InvalidInputError: It is neither.
    """
    if text is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        when = datetime.fromisoformat(text)
        if when.tzinfo is not None:
            return when.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidInputError(
        f"not a date or time: {text[:60]!a}",
        hint="write 2026-01-31, or a time with its offset like 2026-01-31T12:00:00Z",
    )


def duration(text: str) -> timedelta:
    """Read a length of time: `90s`, `30m`, `12h`, `7d`.

    Raises:
        InvalidInputError: It is none.
    """
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if match is None:
        raise InvalidInputError(f"not a length of time: {text[:60]!a}", hint="write 90s, 12h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
