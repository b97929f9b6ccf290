"""Settings come from where the documentation says, and keep their secrets."""

import pytest

from lineage_registry.errors import InvalidInputError
from lineage_registry.settings import DEFAULT_FOLDER, Settings, origins

TOKEN = "0123456789abcdef"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Nothing of the machine's own settings is seen."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LINEAGE_REGISTRY_{name.upper()}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "lineage-registry").mkdir(parents=True)
    (tmp_path / "project" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / "deep")
    return tmp_path


def test_without_any_settings_the_registry_is_a_folder_here():
    settings = Settings.load()
    assert settings.url == DEFAULT_FOLDER
    assert settings.artifacts is None
    assert settings.actor
    assert settings.actors == {}


def test_flag_beats_environment_beats_project_beats_user(place, monkeypatch):
    user = place / "config" / "lineage-registry" / "config.toml"
    user.write_text('url = "http://user"\nneo4j_user = "user"\ns3_region = "user"\nactor = "user"')
    project = place / "project" / ".lineage-registry.toml"
    project.write_text('url = "http://project"\nneo4j_user = "project"\ns3_region = "project"')
    monkeypatch.setenv("LINEAGE_REGISTRY_URL", "http://environment")
    monkeypatch.setenv("LINEAGE_REGISTRY_NEO4J_USER", "environment")
    settings = Settings.load(url="http://flag", actor=None)
    found = (settings.url, settings.neo4j_user, settings.s3_region, settings.actor)
    assert found == ("http://flag", "environment", "project", "user")
    sources = {origin.name: origin.source for origin in origins(url="http://flag")}
    assert sources["url"] == "command line"
    assert sources["neo4j_user"] == "LINEAGE_REGISTRY_NEO4J_USER"
    assert sources["s3_region"] == str(project)
    assert sources["actor"] == str(user)
    assert sources["artifacts"] == "default"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("store", "{project}/store"),
        ("sqlite:store", "sqlite:{project}/store"),
        ("/srv/store", "/srv/store"),
        ("neo4j://graph:7687", "neo4j://graph:7687"),
        ("memory://", "memory://"),
    ],
)
def test_a_path_in_a_file_is_seen_from_that_file(place, written, read):
    (place / "project" / ".lineage-registry.toml").write_text(f'url = "{written}"')
    assert Settings.load().url == read.format(project=place / "project")


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("LINEAGE_REGISTRY_API_KEYS", "")
    assert Settings.load().api_keys is None


def test_secrets_do_not_show(monkeypatch):
    monkeypatch.setenv("LINEAGE_REGISTRY_API_KEYS", f"{TOKEN}=ada, {TOKEN}x==bob")
    for name in ("NEO4J_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", "API_TOKEN"):
        monkeypatch.setenv(f"LINEAGE_REGISTRY_{name}", "hush-hush")
    settings = Settings.load()
    assert settings.actors == {TOKEN: "ada", f"{TOKEN}x=": "bob"}
    shown = f"{settings!r} {settings} {settings.model_dump_json()} {origins()}"
    assert "hush" not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "keys", ["short=ada", TOKEN, f"{TOKEN}=", f"{TOKEN}=a,{TOKEN}=b", "é" * 20]
)
def test_wrong_api_keys_are_refused_and_not_repeated(monkeypatch, keys):
    monkeypatch.setenv("LINEAGE_REGISTRY_API_KEYS", keys)
    with pytest.raises(InvalidInputError, match="api_keys") as caught:
        Settings.load()
    assert keys not in f"{caught.value} {caught.value.hint}"
    assert caught.value.hint == "it comes from LINEAGE_REGISTRY_API_KEYS"


@pytest.mark.parametrize("text", ["url = ", 'colour = "red"', "max_upload_bytes = 0", "\xff"])
def test_a_wrong_file_is_named(place, text):
    (place / "project" / ".lineage-registry.toml").write_text(text, "latin-1")
    with pytest.raises(InvalidInputError) as caught:
        Settings.load()
    assert ".lineage-registry.toml" in f"{caught.value} {caught.value.hint}"


def test_lists_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("LINEAGE_REGISTRY_ALLOWED_HOSTS", "registry.example, localhost ,")
    assert Settings.load().allowed_hosts == ("registry.example", "localhost")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1000", 1_000),
        ("20GB", 20 * 10**9),
        ("512 MiB", 512 * 2**20),
        ("1.5T", 1_500 * 10**9),
        ("3kb", None),
        ("3kB", 3_000),
    ],
)
def test_a_size_is_read_as_people_write_it(monkeypatch, text, size):
    monkeypatch.setenv("LINEAGE_REGISTRY_CACHE_SIZE", text)
    if size is None:
        with pytest.raises(InvalidInputError, match="cache_size"):
            Settings.load()
    else:
        assert Settings.load().cache_size == size


@pytest.mark.parametrize("name", ["cache_size", "max_upload_bytes"])
@pytest.mark.parametrize("text", ["-1", "much", "1 PB", "1e3", "GB"])
def test_a_size_that_is_none_is_refused_with_what_is_expected(monkeypatch, name, text):
    monkeypatch.setenv(f"LINEAGE_REGISTRY_{name.upper()}", text)
    with pytest.raises(InvalidInputError) as caught:
        Settings.load()
    expected = "expected a size, like 20GB, 512 MiB or a number of bytes"
    assert caught.value.message == f"the setting {name} is wrong, '{text}': {expected}"
    assert caught.value.hint == f"it comes from LINEAGE_REGISTRY_{name.upper()}"


@pytest.mark.parametrize(("text", "size"), [("100GB", 10**11), ("100 GiB", 100 * 2**30)])
def test_the_largest_upload_is_a_size_too(monkeypatch, text, size):
    monkeypatch.setenv("LINEAGE_REGISTRY_MAX_UPLOAD_BYTES", text)
    assert Settings.load().max_upload_bytes == size


@pytest.mark.parametrize("value", ["0", "-1", "true", "1.5", '"0"', "[1]"])
def test_a_size_in_a_file_that_is_none_is_refused(place, value):
    text = f"max_upload_bytes = {value}"
    (place / "project" / ".lineage-registry.toml").write_text(text)
    with pytest.raises(InvalidInputError, match="max_upload_bytes is wrong, "):
        Settings.load()


def test_a_setting_that_there_is_not_is_refused_with_those_that_are(place):
    (place / "project" / ".lineage-registry.toml").write_text('colour = "red"')
    with pytest.raises(InvalidInputError, match="no setting 'colour'") as caught:
        Settings.load()
    assert ".lineage-registry.toml; there are url, artifacts, actor," in caught.value.hint
