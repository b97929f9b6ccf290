"""Settings: where the registry is and who asks, from the environment and two TOML files.

The environment wins over the project's file, that over the user's file, that over the defaults. An
environment variable that is empty counts as not set. Read with the standard library: a library for
settings would cost every start of the command line a tenth of a second.
"""

import getpass
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from lineage_registry.errors import InvalidInputError

PREFIX: Final = "LINEAGE_REGISTRY_"
PROJECT_FILE: Final = ".lineage-registry.toml"
DEFAULT_FOLDER: Final = ".lineage-registry"
DEFAULT: Final = "default"
_PATHS: Final = frozenset({"url", "artifacts", "cache"})
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKMGT]?)(i?)B?")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without an entry for this user
        return "unknown"


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _read_size(value: object) -> object:
    """Read `20GB`, `512MiB`, `1.5 TB`: powers of 1,000, with an i of 1,024."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a size, like 20GB, 512 MiB or a number of bytes")
    base = 1024 if match[3] else 1000
    return int(float(match[1]) * base ** " KMGT".index(match[2].upper() or " "))


def _check_keys(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(text, str):
        read_api_keys(text)
    return value


class Settings(BaseModel):
    """What the program was told before it started; secrets do not show when printed.

    Attributes:
        url: The registry: a folder, `sqlite:`, `memory://`, `neo4j://`, `bolt://` or `http://`.
        artifacts: Where bytes are kept; None lets the kind of `url` decide.
        actor: Who is accountable for what is written.
        api_token: What a client proves its identity with.
        s3_public_url: Where clients of the server reach its S3, like `https://s3.example.com`. If
            it is set they exchange large files with it; otherwise the server passes them on.
        api_keys: Who may use the server: token=actor pairs, separated by commas.
        allowed_hosts: Names that the server answers to; `*` is any.
        max_upload_bytes: Largest file that the server takes, like `100GB`.
        cache: Folder for what is loaded from S3 or a server; None is the user's cache folder.
        cache_size: Bytes that this folder holds at most, like `20GB`; 0 keeps nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = DEFAULT_FOLDER
    artifacts: str | None = None
    actor: str = Field(default_factory=_user, min_length=1, max_length=200)
    api_token: SecretStr | None = None
    neo4j_user: str | None = None
    neo4j_password: SecretStr | None = None
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    s3_region: str | None = None
    s3_public_url: str | None = None
    api_keys: Annotated[SecretStr | None, BeforeValidator(_check_keys)] = None
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_split)] = _LOOPBACK
    max_upload_bytes: Annotated[int, BeforeValidator(_read_size), Field(ge=1)] = 100 * 2**30
    cache: str | None = None
    cache_size: Annotated[int, BeforeValidator(_read_size), Field(ge=0)] = 10 * 2**30

    @property
    def actors(self) -> Mapping[str, str]:
        """The actor of each API key; nobody if the server asks for none."""
        return {} if self.api_keys is None else read_api_keys(self.api_keys.get_secret_value())

    @classmethod
    def load(cls, **flags: object) -> "Settings":
        """Return the settings that hold here; `flags` that are not None win over everything.

        Raises:
            InvalidInputError: A setting is wrong; the error says which and where it stands.
        """
        return _load(flags)[0]


class Origin(NamedTuple):
    """A setting: its value, secrets masked, and where it comes from."""

    name: str
    value: str | int | Sequence[str] | None
    source: str


def origins(**flags: object) -> list[Origin]:
    """Return every setting with where its value comes from, as `config show --origin` prints it.

    Raises:
        InvalidInputError: A setting is wrong.
    """
    settings, sources = _load(flags)
    return [
        Origin(name, _shown(getattr(settings, name)), sources.get(name, DEFAULT))
        for name in Settings.model_fields
    ]


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, SecretStr) else value


def files() -> dict[str, Path | None]:
    """Return the files that settings may come from: the project's, if there is one, the user's."""
    return {"project": _project_file(), "user": _user_file()}


def read_api_keys(text: str) -> dict[str, str]:
    """Return the actor of each token in `token=actor,token=actor`.

    Raises:
        ValueError: It cannot be read, or a token is too short to be one; tokens are not repeated.
    """
    actors: dict[str, str] = {}
    for number, pair in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        token, mark, actor = pair.rpartition("=")
        if not mark or not actor.strip():
            raise ValueError(f"pair {number} is not token=actor")
        if len(token) < 16 or not token.isascii() or not token.isprintable():
            raise ValueError(f"token {number} is no token: use 16 or more ASCII characters")
        if token in actors:
            raise ValueError(f"token {number} is there twice")
        actors[token] = actor.strip()
    return actors


def _load(flags: Mapping[str, object]) -> tuple[Settings, dict[str, str]]:
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for source, found in _sources(flags):
        for name, value in found.items():
            values.setdefault(name, value)
            sources.setdefault(name, source)
    try:
        return Settings.model_validate(values), sources
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        where = f"it comes from {sources.get(name, DEFAULT)}"
        if first["type"] == "extra_forbidden":
            known = ", ".join(Settings.model_fields)
            raise InvalidInputError(
                f"there is no setting {name[:60]!a}", hint=f"{where}; there are {known}"
            ) from None
        expected = first["msg"].removeprefix("Value error, ")
        raise InvalidInputError(
            f"the setting {name} is wrong{_given(name, values)}: {expected}", hint=where
        ) from None


def _given(name: str, values: Mapping[str, object]) -> str:
    """Repeat what was given, unless it may be a secret."""
    field = Settings.model_fields.get(name)
    secret = field is None or SecretStr in (field.annotation, *get_args(field.annotation))
    return "" if secret or name not in values else f", {str(values[name])[:60]!a}"


def _sources(flags: Mapping[str, object]) -> list[tuple[str, Mapping[str, object]]]:
    found: list[tuple[str, Mapping[str, object]]] = [
        ("command line", {name: value for name, value in flags.items() if value is not None}),
        *_from_environment(),
    ]
    files = (path for path in (_project_file(), _user_file()) if path is not None)
    found += [(str(path), _from_file(path)) for path in files if path.is_file()]
    return found


def _from_environment() -> list[tuple[str, Mapping[str, object]]]:
    return [
        (PREFIX + name.upper(), {name: value})
        for name in Settings.model_fields
        if (value := os.environ.get(PREFIX + name.upper()))
    ]


def _from_file(path: Path) -> dict[str, object]:
    try:
        values: dict[str, object] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"cannot read the settings in {path}: {error}") from error
    for name in _PATHS & values.keys():
        values[name] = _beside(path, values[name])
    return values


def _beside(file: Path, value: object) -> object:
    """Read a relative path in a settings file as seen from that file."""
    if not isinstance(value, str) or "://" in value:
        return value
    scheme, mark, rest = value.partition(":")
    if mark and scheme == "sqlite":
        return f"sqlite:{file.parent / rest}"
    return str(file.parent / value)


def _project_file() -> Path | None:
    here = Path.cwd()
    paths = (folder / PROJECT_FILE for folder in (here, *here.parents))
    return next((path for path in paths if path.is_file()), None)


def _user_file() -> Path:
    configured = os.environ.get("XDG_CONFIG_HOME")
    base = Path(configured) if configured else Path.home() / ".config"
    return base / "lineage-registry" / "config.toml"
