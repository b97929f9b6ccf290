"""Fetching snapshots from the Hugging Face Hub, by its own library."""

import os
import re
from pathlib import Path
from typing import Final

from lineage_registry.domain.references import Space
from lineage_registry.errors import BackendUnavailableError, InvalidInputError, NotFoundError
from lineage_registry.formats.reading import bounded
from lineage_registry.formats.requirements import require
from lineage_registry.ports.hub import Repository, Wanted

_REVISION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_YES: Final = frozenset({"1", "ON", "YES", "TRUE"})
_CARD: Final = "README.md"


def fetch(repository: Repository, wanted: Wanted) -> Path:
    """Return the folder of the cache that holds a snapshot, with its card unless that is ignored.

    With `offline`, or HF_HUB_OFFLINE in the environment, nothing is asked of the network.

    Raises:
        InvalidInputError: The revision can be none.
        NotFoundError: There is no such repository or revision; offline: not all of it is here.
        NotInstalledError: huggingface_hub is missing.
        BackendUnavailableError: The Hub cannot be reached, or refuses.
    """
    revision = wanted.revision
    if revision is not None and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise InvalidInputError(f"not a revision: {revision[:60]!a}", hint="give a commit")
    # Read now: the library has read it when it was imported.
    offline = wanted.offline or os.environ.get("HF_HUB_OFFLINE", "").upper() in _YES
    library = require("huggingface_hub", extra="hf")
    errors = require("huggingface_hub.errors", extra="hf")
    try:
        found = library.snapshot_download(
            repository.id,
            repo_type="dataset" if repository.space is Space.DATASETS else "model",
            revision=revision,
            allow_patterns=None if wanted.allow is None else [*wanted.allow, _CARD],
            ignore_patterns=list(wanted.ignore or ()) or None,
            local_files_only=offline,
        )
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise NotFoundError(
            f"cannot get {repository}: {_told(error)}",
            hint="check its name and revision, and whether you may read it",
        ) from error
    except (OSError, ValueError) as error:
        if offline and isinstance(error, errors.LocalEntryNotFoundError):
            raise NotFoundError(
                f"{repository}@{revision or 'main'} is not in this machine's cache, or not all",
                hint="leave offline out, or fetch it first: hf download ORG/NAME",
            ) from error
        raise BackendUnavailableError(
            f"cannot get {repository}: {_told(error)}", hint="is the network there? try again"
        ) from error
    return Path(found)


def _told(error: Exception) -> str:
    return bounded(" ".join(str(error).split()), 300)
