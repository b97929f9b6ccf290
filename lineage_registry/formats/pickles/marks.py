"""Telling a pickle that begins without a mark, as those of the first protocols do."""

import re
from typing import BinaryIO

from lineage_registry.errors import FormatError
from lineage_registry.formats.pickles.gate import FAILURES, MAX_PICKLE, BoundedReader, PickleGate

_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*")


class _Marks(PickleGate):
    """A reading that goes on where the gate stops, to see whether something would be called."""

    def get_extension(self, code: int) -> None:
        """Name what is imported by a number."""
        self.stack.append(self.find_class("copyreg", f"extension_{code}"))


def runs_as_pickle(stream: BinaryIO) -> bool:
    """Return whether a reader of pickles would call something by name, or come to its end.

    A file that is broken after a call has done its harm by then.
    """
    gate = _Marks(
        BoundedReader(stream, MAX_PICKLE), call=lambda *_: None, persistent=lambda _: None
    )
    try:
        gate.load()
    except (*FAILURES, FormatError):
        names = all(
            _NAME.fullmatch(module) and _NAME.fullmatch(name) for module, name in gate.asked
        )
        return bool(gate.asked and gate.calls and names)
    return stream.tell() > _SHORT and not stream.read(1)


_SHORT = 3
"""Text of a letter and a dot is a pickle, too."""
