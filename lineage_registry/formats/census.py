"""Counting the tensors of a file as they are found."""

import math
import re
from dataclasses import dataclass, field

from lineage_registry.domain.formats import TensorSummary
from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.reading import bounded

MAX_TENSORS = 100_000
MAX_LISTED = 1_000
_MAX_NAME = 500
_SCALE = re.compile(
    r"\.(scales|qzeros|g_idx|(weight|input|output|k|v)_scale(_inv|_2)?|weight_zero_point"
    r"|(weight\.)?(nested_)?(absmax|quant_map)|SCB)$|_(scales|scale_inv)$"
)
_BUFFER = re.compile(r"(.*\.)?(running_mean|running_var|num_batches_tracked)", re.DOTALL)


@dataclass
class Census:
    """Tensors seen so far; elements are counted apart, since tied tensors share theirs."""

    tensors: int = 0
    buffers: int | None = None
    """Those of the stored elements that are not trained; None where the file does not tell."""
    scales: int | None = None
    """Those of the stored elements that say how others are quantised."""
    dtypes: dict[str, int] = field(default_factory=dict)
    listed: list[TensorSummary] = field(default_factory=list)

    def see(self, name: str, dtype: str, shape: tuple[int, ...]) -> None:
        """Take note of a name and what it stands for.

        Raises:
            UnsafeArtifactError: There are more tensors than any honest file has.
        """
        self.tensors += 1
        if self.tensors > MAX_TENSORS:
            raise UnsafeArtifactError(f"there are more than {MAX_TENSORS} tensors")
        if len(self.listed) < MAX_LISTED:
            self.listed.append(
                TensorSummary(name=bounded(name, _MAX_NAME), dtype=dtype, shape=shape)
            )

    def count(self, dtype: str, elements: int) -> None:
        """Add stored elements."""
        self.dtypes[dtype] = self.dtypes.get(dtype, 0) + elements

    @property
    def parameters(self) -> int:
        """All stored elements but the buffers and the scales."""
        return sum(self.dtypes.values()) - (self.buffers or 0) - (self.scales or 0)

    @property
    def truncated(self) -> bool:
        """Whether some tensors are counted but not listed."""
        return self.tensors > len(self.listed)


def elements(shape: tuple[int, ...]) -> int:
    """Return how many elements a tensor of this shape has."""
    return math.prod(shape)


def named_as_buffer(name: str) -> bool:
    """Return whether modules of torch give this name to a buffer.

    It is a convention, and all that a state dict tells: the buffers of batch normalisation have
    these names, others cannot be told from parameters.
    """
    return bool(_BUFFER.fullmatch(name))


def named_as_scale(name: str) -> bool:
    """Return whether the libraries that quantise give this name to what scales other tensors."""
    return bool(_SCALE.search(name))
