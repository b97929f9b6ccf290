"""What every part of the registry's class asks with."""

from datetime import datetime

from lineage_registry.registry.sending import Sender

AsOf = int | datetime | str | None
"""A revision, an aware time, or text like `2026-01-31`; None is now."""


class Asker:
    """Whoever has a sender can ask; the registry's class is put together from such parts."""

    sender: Sender
