"""What well-known licences oblige to: a short table for finding conflicts, no legal advice.

An obligation is here a coarse mark: what whoever passes something on has to keep. The licences
themselves say more, and only they bind. What is not in the table is `unknown`, never permissive.

Sources: the licence texts by their SPDX ids (https://spdx.org/licenses/), those of models by the
names that the Hugging Face hub gives them (https://huggingface.co/docs/hub/repositories-licenses);
compatibility of Creative Commons as https://creativecommons.org/compatiblelicenses/ lists it, of
the GNU licences as https://www.gnu.org/licenses/gpl-faq.html#AllCompatibility does.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from lineage_registry.errors import InvalidInputError


class Obligation(StrEnum):
    """What a licence asks of whoever passes on what is under it, or what comes from it.

    `unknown` is declared but not in the table; `none-given` is a source that declares nothing, so
    that nothing is allowed for certain.
    """

    ATTRIBUTION = "attribution"
    SHARE_ALIKE = "share-alike"
    NETWORK_COPYLEFT = "network-copyleft"
    NON_COMMERCIAL = "non-commercial"
    NO_DERIVATIVES = "no-derivatives"
    USE_RESTRICTIONS = "use-restrictions"
    UNKNOWN = "unknown"
    NONE_GIVEN = "none-given"


Obligations = frozenset[Obligation]
NO_LICENCE: Final = "NONE"
"""Stands for the licence of a source that has none, as SPDX writes it."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,99}")
_BY, _SA, _NET = Obligation.ATTRIBUTION, Obligation.SHARE_ALIKE, Obligation.NETWORK_COPYLEFT
_NC, _ND, _USE = (
    Obligation.NON_COMMERCIAL,
    Obligation.NO_DERIVATIVES,
    Obligation.USE_RESTRICTIONS,
)
_GROUPS: Final[Mapping[tuple[Obligation, ...], str]] = {
    (): "CC0-1.0 Unlicense 0BSD MIT-0 PDDL-1.0",
    (_BY,): """MIT Apache-2.0 BSD-2-Clause BSD-3-Clause ISC BSL-1.0 Zlib AFL-3.0 ECL-2.0
        CC-BY-2.0 CC-BY-3.0 CC-BY-4.0 ODC-By-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0""",
    (_BY, _SA): """GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later
        LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MPL-2.0 EPL-2.0
        CC-BY-SA-3.0 CC-BY-SA-4.0 ODbL-1.0 CDLA-Sharing-1.0 GFDL-1.3-only""",
    (_BY, _SA, _NET): "AGPL-3.0-only AGPL-3.0-or-later EUPL-1.2 OSL-3.0",
    (_BY, _NC): "CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0",
    (_BY, _NC, _SA): "CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0",
    (_BY, _ND): "CC-BY-ND-3.0 CC-BY-ND-4.0",
    (_BY, _NC, _ND): "CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0",
    (_BY, _USE): """openrail bigscience-openrail-m creativeml-openrail-m bigcode-openrail-m
        openrail++ bigscience-bloom-rail-1.0 llama2 llama3 llama3.1 llama3.2 llama3.3 llama4
        gemma""",
    (Obligation.NONE_GIVEN,): NO_LICENCE,
}
KNOWN: Final[Mapping[str, Obligations]] = {
    licence: frozenset(obligations)
    for obligations, licences in _GROUPS.items()
    for licence in licences.split()
}
"""Obligations of the licences that are known, by id."""

_ONWARD: Final[Mapping[str, str]] = {
    "CC-BY-SA-3.0": "CC-BY-SA-4.0",
    "CC-BY-SA-4.0": "GPL-3.0-only",
    "CC-BY-NC-SA-3.0": "CC-BY-NC-SA-4.0",
    "GPL-2.0-or-later": "GPL-2.0-only GPL-3.0-only GPL-3.0-or-later",
    "GPL-3.0-or-later": "GPL-3.0-only AGPL-3.0-or-later",
    "GPL-3.0-only": "AGPL-3.0-only",
    "AGPL-3.0-or-later": "AGPL-3.0-only",
    "LGPL-2.1-only": "GPL-2.0-only GPL-2.0-or-later",
    "LGPL-2.1-or-later": "LGPL-2.1-only LGPL-3.0-only LGPL-3.0-or-later GPL-2.0-or-later",
    "LGPL-3.0-only": "GPL-3.0-only",
    "LGPL-3.0-or-later": "LGPL-3.0-only GPL-3.0-or-later",
    "MPL-2.0": "LGPL-2.1-or-later GPL-2.0-or-later AGPL-3.0-or-later",
    "EUPL-1.2": "AGPL-3.0-only GPL-3.0-only",
}


def _all_onward(licence: str) -> frozenset[str]:
    found: set[str] = set()
    fresh = {licence}
    while fresh:
        found |= fresh
        fresh = {to for one in fresh for to in _ONWARD.get(one, "").split()} - found
    return frozenset(found)


_COMPATIBLE: Final = {licence: _all_onward(licence) for licence in KNOWN}
_SPELLED: Final = {licence.casefold(): licence for licence in KNOWN}


def parse_licence(text: str) -> str:
    """Return the id of a licence, as its table writes it if it is known.

    Raises:
        InvalidInputError: It can be no id.
    """
    if not _ID.fullmatch(text):
        raise InvalidInputError(
            f"not the id of a licence: {text[:60]!a}",
            hint="give one SPDX id or a name like LicenseRef-acme",
        )
    return _SPELLED.get(text.casefold(), text)


def parse_exception(text: str) -> str:
    """Return the id of an exception, as SPDX writes it behind WITH.

    Raises:
        InvalidInputError: It can be no id.
    """
    if not _ID.fullmatch(text):
        raise InvalidInputError(f"not the id of an exception: {text[:60]!a}")
    return text


def base_of(licence: str) -> str:
    """Return a licence without its exception: that permits more, so what is asked for stays."""
    return licence.partition(" WITH ")[0]


def may_become(licence: str, other: str) -> bool:
    """Tell whether what is under a share-alike licence may be passed on under another one."""
    return base_of(other) in _onward(licence)


def may_meet(licence: str, other: str) -> bool:
    """Tell whether there is a licence under which what is under either may be passed on."""
    return bool(_onward(licence) & _onward(other))


def _onward(licence: str) -> frozenset[str]:
    base = base_of(licence)
    return _COMPATIBLE.get(base, frozenset({base}))


def join(terms: Iterable[Obligations]) -> Obligations:
    """Return what all of them together oblige to: their union."""
    return frozenset().union(*terms)
