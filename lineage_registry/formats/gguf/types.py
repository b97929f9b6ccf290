"""The tensor types of GGUF: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>."""

from typing import NamedTuple


class BlockType(NamedTuple):
    """How the elements of a tensor are stored.

    Attributes:
        name: As ggml writes it, or the registry's name where the elements are plain.
        elements: In one block.
        bytes: Of one block.
        quantized: Whether the elements are stored in fewer bits than they were trained in.
    """

    name: str
    elements: int
    bytes: int
    quantized: bool

    @property
    def bits(self) -> float:
        """Bits per element, scales counted in."""
        return self.bytes * 8 / self.elements


def _plain(name: str, size: int) -> BlockType:
    return BlockType(name, 1, size, quantized=False)


def _blocks(name: str, elements: int, size: int) -> BlockType:
    return BlockType(name, elements, size, quantized=True)


BLOCK_TYPES: dict[int, BlockType] = {
    0: _plain("float32", 4),
    1: _plain("float16", 2),
    2: _blocks("Q4_0", 32, 18),
    3: _blocks("Q4_1", 32, 20),
    6: _blocks("Q5_0", 32, 22),
    7: _blocks("Q5_1", 32, 24),
    8: _blocks("Q8_0", 32, 34),
    9: _blocks("Q8_1", 32, 40),
    10: _blocks("Q2_K", 256, 84),
    11: _blocks("Q3_K", 256, 110),
    12: _blocks("Q4_K", 256, 144),
    13: _blocks("Q5_K", 256, 176),
    14: _blocks("Q6_K", 256, 210),
    15: _blocks("Q8_K", 256, 292),
    16: _blocks("IQ2_XXS", 256, 66),
    17: _blocks("IQ2_XS", 256, 74),
    18: _blocks("IQ3_XXS", 256, 98),
    19: _blocks("IQ1_S", 256, 50),
    20: _blocks("IQ4_NL", 32, 18),
    21: _blocks("IQ3_S", 256, 110),
    22: _blocks("IQ2_S", 256, 82),
    23: _blocks("IQ4_XS", 256, 136),
    24: _plain("int8", 1),
    25: _plain("int16", 2),
    26: _plain("int32", 4),
    27: _plain("int64", 8),
    28: _plain("float64", 8),
    29: _blocks("IQ1_M", 256, 56),
    30: _plain("bfloat16", 2),
    34: _blocks("TQ1_0", 256, 54),
    35: _blocks("TQ2_0", 256, 66),
    39: _blocks("MXFP4", 32, 17),
}

FILE_TYPES: dict[int, str] = {
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
}
"""Names of the mixtures of types that whole files are quantised to (`general.file_type`)."""
