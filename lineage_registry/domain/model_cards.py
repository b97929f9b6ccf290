"""Model cards: what the head of one says, in the words of this registry.

The head is that of the Hugging Face Hub (https://huggingface.co/docs/hub/model-cards): `base_model`
with its relation, `datasets`, `license`, and measured values under `model-index`. Nobody has
checked any of it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from lineage_registry.domain.formats import Origin
from lineage_registry.domain.graph import Derivation
from lineage_registry.domain.licence_table import KNOWN, NO_LICENCE


class Result(NamedTuple):
    """A value that a card says was measured, and on which data.

    Attributes:
        metric: What was measured: accuracy, wer.
        dataset: The data's name for people.
        task: What the model had to do: text-classification.
        label: The metric's name for people.
        source: The data's id on the Hub, if the author wrote one.
        revision: Its commit.
    """

    metric: str
    value: str
    dataset: str = ""
    config: str = ""
    split: str = ""
    task: str = ""
    label: str = ""
    source: str = ""
    revision: str = ""


class Measure(NamedTuple):
    """A result that is a number, and the key of its metric."""

    key: str
    value: float
    result: Result


@dataclass(frozen=True, slots=True)
class Card:
    """What the head of a card says.

    Attributes:
        licences: Ids as the Hub writes them, or a name of the author's own; all of them hold.
        notes: What else is worth showing, in the card's words.
        problem: Why the head cannot be read, or not all of it.
    """

    licences: tuple[str, ...] = ()
    base_models: tuple[Origin, ...] = ()
    datasets: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)
    problem: str | None = None

    @property
    def licence(self) -> str | None:
        """The licences as the card writes them."""
        return ", ".join(self.licences) or None


_RELATIONS: Final[Mapping[str, Derivation]] = {
    "finetune": Derivation.FINETUNE,
    "adapter": Derivation.ADAPTER,
    "quantized": Derivation.QUANTIZED,
    "merge": Derivation.MERGED,
}
# Ids of the Hub's list that SPDX spells otherwise, and names the version that is meant.
_SPDX: Final[Mapping[str, str]] = {
    "agpl-3.0": "AGPL-3.0-only",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "artistic-2.0": "Artistic-2.0",
    "bsd-3-clause-clear": "BSD-3-Clause-Clear",
    "epl-1.0": "EPL-1.0",
    "eupl-1.1": "EUPL-1.1",
    "lppl-1.3c": "LPPL-1.3c",
    "ms-pl": "MS-PL",
    "ncsa": "NCSA",
    "ofl-1.1": "OFL-1.1",
    "postgresql": "PostgreSQL",
    "wtfpl": "WTFPL",
}
_BY_SPELLING: Final = {licence.casefold(): licence for licence in KNOWN if licence != NO_LICENCE}
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9.]+")
_NOT_IN_A_KEY: Final = re.compile(r"[^A-Za-z0-9 ._-]+")
_LONGEST_NAME: Final = 80
_LONGEST_PART: Final = 40


def derivation_of(relation: str | None) -> Derivation:
    """Return how a version came from its base, as the card says; `other` where it does not say."""
    return _RELATIONS.get((relation or "").casefold(), Derivation.OTHER)


def licence_of(licences: Sequence[str]) -> str | None:
    """Return the licences of a card as one SPDX expression, None if it has none.

    What neither SPDX nor the table knows becomes `LicenseRef-...`, whose obligations are unknown.

    Example:
        >>> licence_of(["apache-2.0"]), licence_of(["my licence"])
        ('Apache-2.0', 'LicenseRef-my-licence')
    """
    return " AND ".join(dict.fromkeys(map(_spdx, licences))) or None


def _spdx(licence: str) -> str:
    if mapped := _SPDX.get(licence.casefold()):
        return mapped
    if known := _BY_SPELLING.get(licence.casefold()):
        return known
    name = _NOT_IN_A_NAME.sub("-", licence.removeprefix("LicenseRef-"))[:_LONGEST_NAME].strip("-.")
    return f"LicenseRef-{name or 'unnamed'}"


def metrics_of(results: Sequence[Result]) -> dict[str, float]:
    """Return measured values by the keys that `measures_of` gives.

    Example:
        >>> metrics_of([Result("accuracy", "0.91", "GLUE")])
        {'accuracy/GLUE': 0.91}
    """
    return {one.key: one.value for one in measures_of(results)}


def measures_of(results: Sequence[Result]) -> list[Measure]:
    """Return measured values, each with a key of its own, `metric/dataset`.

    Where two are alike the later one's has configuration and split, then task and label behind
    it. What is no finite number, or is alike in all of that, is left out.
    """
    found: dict[str, Measure] = {}
    for result in results:
        value = _number(result.value)
        short = (result.metric, result.dataset)
        full = (*short, result.config, result.split)
        told = (short, full, (*full, result.task, result.label))
        keys = (key for key in map(_key, told) if key not in found)
        if result.metric and value is not None and (key := next(keys, None)):
            found[key] = Measure(key, value, result)
    return [*found.values()]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _key(parts: Sequence[str]) -> str:
    plain = (_NOT_IN_A_KEY.sub("-", part)[:_LONGEST_PART].strip(" ._-") for part in parts)
    return "/".join(part for part in plain if part)[:128]
