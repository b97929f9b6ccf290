"""What an inspection finds in the files of a model, without running anything of theirs."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

POLICY_VERSION = "2"
"""Version of the rules that a verdict was reached by; raised whenever a rule changes."""


class Verdict(StrEnum):
    """Whether files may be stored and loaded."""

    SAFE = "safe"
    """Loading runs no code of the file's."""
    NEEDS_TRUST = "needs-trust"
    """Loading runs code that the file names; it may be stored, not loaded."""
    REFUSED = "refused"
    """The files are hostile, broken or beyond a limit; they are neither stored nor loaded."""
    NOT_INSPECTABLE = "not-inspectable"
    """Nobody looked inside (all of) the files; this never means safe."""


class TensorSummary(BaseModel):
    """One named tensor of a file."""

    model_config = ConfigDict(frozen=True)

    name: str
    dtype: str
    shape: tuple[int, ...]


class Port(BaseModel):
    """One input or output of a model."""

    model_config = ConfigDict(frozen=True)

    name: str
    dtype: str | None = None
    shape: tuple[int | str | None, ...] | None = Field(
        None, description="Text is a symbolic dimension, null an unknown one."
    )


class Quantization(BaseModel):
    """That weights are stored in fewer bits than they were trained in."""

    model_config = ConfigDict(frozen=True)

    method: str = Field(description="As the files name it: int8, gptq, Q4_K_M, ...")
    bits: float | None = Field(None, description="Of most weights.")


class Origin(BaseModel):
    """A model that the files say they are made from; a hint, not an edge."""

    model_config = ConfigDict(frozen=True)

    name: str
    relation: str | None = Field(None, description="finetune, adapter, quantized, merge, ...")


class Inspection(BaseModel):
    """What the files of a model say of themselves, and whether they may be loaded.

    Example:
        >>> Inspection(format="files", verdict=Verdict.NOT_INSPECTABLE, bytes=3).verdict.value
        'not-inspectable'
    """

    model_config = ConfigDict(frozen=True)

    format: str = Field(description="Name of the handler that looked.")
    kind: str | None = Field(
        None, description="What exactly the format's files are, where it has several kinds."
    )
    verdict: Verdict
    policy: str = Field(POLICY_VERSION, description="Version of the rules behind the verdict.")
    reasons: tuple[str, ...] = Field((), description="Why the verdict is not `safe`.")
    warnings: tuple[str, ...] = Field(
        (), description="What is odd without changing the verdict, as a suffix that lies."
    )
    broken: bool = Field(default=False, description="Refused as damaged rather than as dangerous.")
    tensors: int | None = Field(None, description="Named tensors; tied ones count each.")
    parameters: int | None = Field(
        None,
        description="Stored elements, ties once, without those of `buffers` and `scales`.",
    )
    buffers: int | None = Field(
        None, description="Stored elements that are not trained; null where the files do not tell."
    )
    scales: int | None = Field(
        None, description="Stored elements that are scales and zero points of others."
    )
    dtypes: dict[str, int] = Field(
        default_factory=dict,
        description="Stored elements by element type: parameters, buffers and scales together.",
    )
    bytes: int = Field(description="Size of all files together.")
    listed: tuple[TensorSummary, ...] = Field((), description="The first tensors, one by one.")
    truncated: bool = Field(default=False, description="There are more tensors than are listed.")
    globals: tuple[str, ...] = Field((), description="What a pickle in the files asks to import.")
    metadata: dict[str, str] = Field(
        default_factory=dict, description="What the file says of itself in its own words."
    )
    architecture: str | None = Field(None, description="As the files name it.")
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    opsets: dict[str, int] = Field(
        default_factory=dict, description="Version of each set of operators that is needed."
    )
    producer: str | None = Field(None, description="The tool that wrote the files.")
    tokenizer: str | None = Field(None, description="Kind and size of the vocabulary beside it.")
    quantization: Quantization | None = None
    custom_code: tuple[str, ...] = Field(
        (), description="Where the files bring or name code of their own."
    )
    external: tuple[str, ...] = Field(
        (), description="Files beside the main one that hold bytes of it."
    )
    licence: str | None = Field(None, description="As the files say; not checked.")
    base_models: tuple[Origin, ...] = ()
    datasets: tuple[str, ...] = Field((), description="What the files say they were trained on.")
    digest: str | None = Field(
        None, description="Digest of the list of all files; null where their bytes were not read."
    )
