"""What can go wrong, one class for each failure that a caller treats differently.

Every class has a stable `code`; HTTP statuses and exit codes for them live in `problems.py`.
"""

from typing import ClassVar


class RegistryError(Exception):
    """Something the registry could not do.

    Attributes:
        code: Stable name of the failure; programs may compare it.
        message: What failed and why, for people.
        hint: What to do next, if there is something to do.
        context: The things that the message speaks of, by name; JSON values only.
    """

    code: ClassVar[str] = "registry-error"

    def __init__(self, message: str, *, hint: str | None = None, **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context = context


class InvalidInputError(RegistryError, ValueError):
    """The question or command itself is wrong; asking again will not help."""

    code = "invalid-input"


class InvalidNameError(InvalidInputError):
    """A name breaks the rule for names."""

    code = "invalid-name"


class InvalidVersionError(InvalidInputError):
    """A version number or label breaks the rule for versions."""

    code = "invalid-version"


class InvalidReferenceError(InvalidInputError):
    """A reference cannot be read, or names a kind of thing that does not fit here."""

    code = "invalid-reference"


class InvalidQueryError(InvalidInputError):
    """A filter, cursor or traversal parameter cannot be used."""

    code = "invalid-query"


class InputTooLargeError(InvalidInputError):
    """The input is larger than the registry takes in one piece."""

    code = "input-too-large"


class MethodNotAllowedError(InvalidInputError):
    """Over HTTP: the address is there, but takes other methods; the header `Allow` names them."""

    code = "method-not-allowed"


class IdempotencyMismatchError(InvalidInputError):
    """The idempotency key was used before, for another request."""

    code = "idempotency-key-reused"


class NotFoundError(RegistryError, LookupError):
    """The thing asked for is not there."""

    code = "not-found"


class ModelNotFoundError(NotFoundError):
    """There is no registered model of this name."""

    code = "model-not-found"


class DatasetNotFoundError(NotFoundError):
    """There is no dataset of this name."""

    code = "dataset-not-found"


class VersionNotFoundError(NotFoundError):
    """The model or dataset exists, this version of it does not."""

    code = "version-not-found"


class RunNotFoundError(NotFoundError):
    """There is no run of this id."""

    code = "run-not-found"


class DeploymentNotFoundError(NotFoundError):
    """There is no deployment of this name."""

    code = "deployment-not-found"


class DraftNotFoundError(NotFoundError):
    """There is no draft of this name, or it has expired."""

    code = "draft-not-found"


class AliasNotFoundError(NotFoundError):
    """The alias points nowhere."""

    code = "alias-not-found"


class StageNotFoundError(NotFoundError):
    """No version of the model is in the stage, or the stage is not configured."""

    code = "stage-not-found"


class TaintNotFoundError(NotFoundError):
    """No taint of this number holds."""

    code = "taint-not-found"


class ArtifactNotFoundError(NotFoundError):
    """Nothing is stored under this digest."""

    code = "artifact-not-found"


class DeletedError(NotFoundError):
    """The thing was deleted; it can be restored."""

    code = "deleted"


class ConflictError(RegistryError):
    """The registry's state does not allow it."""

    code = "conflict"


class AlreadyExistsError(ConflictError):
    """The name, number, label or id is taken."""

    code = "already-exists"


class LineageCycleError(ConflictError):
    """The edge would close a cycle; `context["path"]` names the way back."""

    code = "lineage-cycle"


class HasDependentsError(ConflictError):
    """Something still relies on what should be deleted; `context["blocked_by"]` names it."""

    code = "has-dependents"


class StaleWriteError(ConflictError):
    """The thing changed since the caller read it."""

    code = "stale-write"


class LogDivergedError(ConflictError):
    """The registry's log is not the beginning of the one that should be imported."""

    code = "log-diverged"


class NothingToRollBackToError(ConflictError):
    """No earlier version stands below the current one."""

    code = "nothing-to-roll-back-to"


class TaintedError(ConflictError):
    """A critical taint reaches the version; `context["taints"]` names each, with a witness."""

    code = "tainted"


class RunEndedError(ConflictError):
    """The run has ended and takes no more inputs, outputs, parameters or metrics."""

    code = "run-ended"


class IntegrityError(RegistryError):
    """Stored bytes are not what they should be. Never swallowed."""

    code = "integrity-error"


class DigestMismatchError(IntegrityError):
    """The bytes do not have the digest they are named by."""

    code = "digest-mismatch"


class ManifestIncompleteError(IntegrityError):
    """A version names files whose bytes are not in the store."""

    code = "manifest-incomplete"


class LogCorruptError(IntegrityError):
    """An event of the log is not the one that was written."""

    code = "log-corrupt"


class LogCopyDamagedError(IntegrityError):
    """A copy of a log is not as it was written; `context["position"]` says from which event on."""

    code = "log-copy-damaged"


class FormatError(RegistryError):
    """A file cannot be handled as the model format it should be."""

    code = "format-error"


class UnknownFormatError(FormatError):
    """No format handler takes this object or these files."""

    code = "unknown-format"


class AmbiguousFormatError(FormatError):
    """More than one format handler takes this object."""

    code = "ambiguous-format"


class UnsafeArtifactError(FormatError):
    """Reading the file would run code, or break a limit that keeps reading safe."""

    code = "unsafe-artifact"


class UnreadableArtifactError(FormatError):
    """The file is broken: cut off, or not what its first bytes promise."""

    code = "unreadable-artifact"


class NotInstalledError(RegistryError, ImportError):
    """An optional library is missing."""

    code = "extra-not-installed"


class BackendError(RegistryError):
    """The graph store, the artifact store or the server failed."""

    code = "backend-error"


class BackendUnavailableError(BackendError):
    """The backend cannot be reached, or is too busy; trying again later helps."""

    code = "backend-unavailable"


class StorageFullError(BackendError):
    """There is no room left where the registry writes."""

    code = "storage-full"


class ProjectionMismatchError(BackendError):
    """Another version of the software wrote the store; `lineage-registry upgrade` helps."""

    code = "projection-mismatch"


class UnsupportedCapabilityError(BackendError):
    """This backend cannot do that, and says so."""

    code = "unsupported-capability"


class NotAuthenticatedError(RegistryError):
    """The server does not know who asks."""

    code = "not-authenticated"


class NotPermittedError(RegistryError):
    """Who asks may not do that."""

    code = "not-permitted"


class InputIncompleteError(RegistryError):
    """The input stopped before its end; sending it again helps."""

    code = "input-incomplete"
