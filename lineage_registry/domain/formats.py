"""What an inspection finds in the files of a model, without running anything of theirs."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

POLICY_VERSION = "1"
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


class Inspection(BaseModel):
    """What the files of a model say of themselves, and whether they may be loaded.

    Example:
        >>> Inspection(format="files", verdict=Verdict.NOT_INSPECTABLE, bytes=3).verdict.value
        'not-inspectable'
    """

    model_config = ConfigDict(frozen=True)

    format: str = Field(description="Name of the handler that looked.")
    verdict: Verdict
    policy: str = Field(POLICY_VERSION, description="Version of the rules behind the verdict.")
    reasons: tuple[str, ...] = Field((), description="Why the verdict is not `safe`.")
    broken: bool = Field(default=False, description="Refused as damaged rather than as dangerous.")
    tensors: int | None = Field(None, description="Named tensors; tied ones count each.")
    parameters: int | None = Field(
        None,
        description="Stored elements, ties once; buffers count too where none tells them apart.",
    )
    dtypes: dict[str, int] = Field(
        default_factory=dict,
        description="Stored elements by element type; adds up to `parameters`.",
    )
    bytes: int = Field(description="Size of all files together.")
    listed: tuple[TensorSummary, ...] = Field((), description="The first tensors, one by one.")
    truncated: bool = Field(default=False, description="There are more tensors than are listed.")
    globals: tuple[str, ...] = Field((), description="What a pickle in the files asks to import.")
    metadata: dict[str, str] = Field(
        default_factory=dict, description="What the file says of itself in its own words."
    )
