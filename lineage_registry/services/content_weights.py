"""The digest of a version's tensors, when it is registered: whose word it is."""

from typing import Final

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.formats import Inspection
from lineage_registry.domain.graph import Scalar
from lineage_registry.errors import FormatError, InvalidInputError
from lineage_registry.ports.commands import RegisterVersion
from lineage_registry.ports.filesets import FileSet, total_size
from lineage_registry.ports.tensors import MAX_READ
from lineage_registry.services.workplace import Workplace

TOLD_BY: Final = "weights_told_by"


def weights_of(
    work: Workplace,
    command: RegisterVersion,
    files: FileSet,
    inspection: Inspection,
    facts: dict[str, Scalar],
) -> str | None:
    """Return the digest of the tensors: our own, or of large files what the client says.

    The client's word is noted among the facts.

    Raises:
        InvalidInputError: What it says is no digest, or another one than ours.
    """
    told = None if command.weights is None else str(Digest.parse(command.weights))
    if total_size(files) > MAX_READ:
        if told is not None:
            facts[TOLD_BY] = "client"
        return told
    own = read_weights(work, files, inspection.format)
    if told is not None and told != own:
        raise InvalidInputError(
            f"the tensors have the digest {own}, not {told}"
            if own
            else "the files hold no tensors that could have that digest",
            hint="leave the digest of the weights out: the registry computes it",
            weights=own,
        )
    return own


def read_weights(work: Workplace, files: FileSet, format_name: str) -> str | None:
    """Return the digest of the tensors, reading all of them; None if they cannot be told."""
    try:
        own = work.formats.by_name(format_name).weights(files)
    except FormatError:
        # The files can be kept; what is odd about them is in the inspection.
        return None
    return None if own is None else str(own)
