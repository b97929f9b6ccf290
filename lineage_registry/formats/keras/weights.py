"""Counting the weights of a Keras model from the datasets of its HDF5 file."""

import re
from collections import defaultdict
from collections.abc import Iterable

from lineage_registry.formats.census import Census, elements
from lineage_registry.formats.hdf5.walk import Dataset

_NAMED = re.compile(r"(.*/)?(moving_mean|moving_variance|seed_generator_state)(:\d+)?")
_OPTIMIZER = re.compile(r"(optimizer|optimizer_weights)/.*")
_NUMBERED = re.compile(r"(.*/batch_normalization(?:_\d+)?/vars)/(\d+)")
_SEED = re.compile(r"(.*/)?seed_generator(_\d+)?/vars/\d+")
_NUMBERS = re.compile(r"u?int\d+|float\d+|bool|unknown")


def count_weights(datasets: Iterable[Dataset]) -> Census:
    """Return the count; moving statistics and the optimizer's state are buffers.

    In a `.keras` file the variables of a layer are numbered; the last two of a batch normalisation
    are its statistics.
    """
    arrays = [one for one in datasets if _NUMBERS.fullmatch(one.dtype)]
    last: defaultdict[str, list[int]] = defaultdict(list)
    for one in arrays:
        if found := _NUMBERED.fullmatch(one.name):
            last[found[1]].append(int(found[2]))
    statistics = {
        f"{group}/{number}" for group, numbers in last.items() for number in sorted(numbers)[-2:]
    }
    census = Census()
    buffers = 0
    for one in arrays:
        census.see(one.name, one.dtype, one.shape)
        census.count(one.dtype, elements(one.shape))
        aside = one.name in statistics or any(
            rule.fullmatch(one.name) for rule in (_NAMED, _OPTIMIZER, _SEED)
        )
        buffers += elements(one.shape) if aside else 0
    census.buffers = buffers or None
    return census
