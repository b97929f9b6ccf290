"""What the other end of a stream can show."""

import os
from typing import TextIO


def has_colour(stream: TextIO) -> bool:
    """Tell whether colours are wanted there: NO_COLOR and FORCE_COLOR win over the terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_unicode(stream: TextIO) -> bool:
    """Tell whether the stream takes the characters that trees are drawn with."""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")
