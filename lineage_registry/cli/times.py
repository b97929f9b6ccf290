"""Times as people write them."""

import re
from datetime import UTC, date, datetime, time

from lineage_registry.errors import InvalidInputError


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
