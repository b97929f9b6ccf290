"""How cases are written down."""

from collections.abc import Callable
from dataclasses import dataclass

Files = dict[str, bytes]
"""Content by path. A case of one file may give the bytes alone; it is called `model.bin` then."""

CANARY = "canary-was-here"
"""The file that a payload tries to make in the folder where it runs."""

COMMAND = f"touch {CANARY}"
"""What a payload tries to run."""


@dataclass(frozen=True)
class Case:
    """One file or folder, and what must be said of it.

    Attributes:
        name: Unique among its kind.
        make: Makes the files anew.
        verdict: The only verdict that is right; of hostile ones `refused` if nothing else is said.
            A hostile one that `needs-trust` is stored, and never loaded without it.
    """

    name: str
    make: Callable[[], Files]
    verdict: str


_HOSTILE: dict[str, Case] = {}
_GOOD: dict[str, Case] = {}


def hostile(name: str, verdict: str = "refused") -> Callable[[Callable[[], object]], object]:
    """Add the function as a hostile case."""
    return _adder(_HOSTILE, name, verdict)


def good(name: str, verdict: str = "safe") -> Callable[[Callable[[], object]], object]:
    """Add the function as a good case; one that honestly brings code is `needs-trust`."""
    return _adder(_GOOD, name, verdict)


def add_hostile(name: str, content: bytes | Files, verdict: str = "refused") -> None:
    """Add files that are there already as a hostile case."""
    hostile(name, verdict)(lambda: content)


def add_good(name: str, content: bytes | Files, verdict: str = "safe") -> None:
    """Add files that are there already as a good case."""
    good(name, verdict)(lambda: content)


def hostile_cases() -> list[Case]:
    """Return the hostile cases known until now."""
    return list(_HOSTILE.values())


def good_cases() -> list[Case]:
    """Return the good cases known until now."""
    return list(_GOOD.values())


def _adder(
    cases: dict[str, Case], name: str, verdict: str
) -> Callable[[Callable[[], object]], object]:
    def add(make: Callable[[], object]) -> object:
        assert name not in cases, f"two cases are called {name!r}"
        cases[name] = Case(name, lambda: _files(make()), verdict)
        return make

    return add


def _files(made: object) -> Files:
    if isinstance(made, bytes):
        return {"model.bin": made}
    assert isinstance(made, dict)
    return made
