"""docker-compose.yml and the Dockerfiles hold, checked without a Docker daemon.

The compose file goes through compose-go, the loader inside `docker compose`; the Dockerfiles
through hadolint.
"""

import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.cache import REPOSITORY, obtain, run_tool
from tests.servers.pytest_plugin import services_are_required
from tests.servers.versions import MINIO, NEO4J

SECRETS = {
    "NEO4J_PASSWORD": "graph-pw",
    "S3_ACCESS_KEY": "key",
    "S3_SECRET_KEY": "secret-pw",
    "LINEAGE_REGISTRY_API_KEYS": "a-token-of-the-tests=ann",
}
DOCKERFILES = ["Dockerfile", "docker/minio/Dockerfile"]


@pytest.fixture(scope="session")
def compose_loader() -> Path:
    go = shutil.which("go")
    if go is None and not services_are_required():
        pytest.skip("Go is needed to build the compose loader")

    source = Path(__file__).with_name("compose_loader")
    locked = (source / "main.go").read_bytes() + (source / "go.sum").read_bytes()
    version = hashlib.sha256(locked).hexdigest()[:12]

    def build(folder: Path) -> None:
        command = [go or "go", "-C", str(source), "build", "-o", str(folder / "loader"), "."]
        run_tool(command, {"CGO_ENABLED": "0"})

    return obtain("compose-loader", version, "building the compose loader", build) / "loader"


@pytest.fixture
def load(compose_loader, tmp_path):
    # A copy elsewhere: a developer's own .env beside the file must not answer for ours.
    shutil.copy(REPOSITORY / "docker-compose.yml", tmp_path)

    def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [compose_loader, "docker-compose.yml"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def services(load):
    done = load(SECRETS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def dockerfile(path: str) -> str:
    return (REPOSITORY / path).read_text()


@pytest.mark.parametrize("missing", sorted(SECRETS))
@pytest.mark.parametrize("as_empty", [False, True])
def test_the_stack_refuses_to_start_without_a_secret(load, missing, as_empty):
    given = {k: v for k, v in SECRETS.items() if k != missing}
    done = load(given | ({missing: ""} if as_empty else {}))
    assert done.returncode != 0
    assert f"required variable {missing} is missing a value" in done.stdout + done.stderr


def test_the_example_environment_names_every_secret_and_gives_none():
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    assignments = dict(
        line.lstrip("# ").split("=", 1) for line in lines if re.match("#? ?[A-Z_0-9]+=", line)
    )
    assert set(SECRETS) <= set(assignments)
    assert set(assignments.values()) == {""}


def test_every_secret_in_the_compose_file_comes_from_outside():
    text = dockerfile("docker-compose.yml")
    values = re.findall(
        r"^\s+\S*(?:PASSWORD|SECRET_KEY|ACCESS_KEY|AUTH|ROOT_USER|API_KEYS): (.*)$",
        text,
        re.MULTILINE,
    )
    assert len(values) >= 7
    assert all(re.fullmatch(r"(neo4j/)?\$\{[A-Z0-9_]+:\?[^}]+\}", value) for value in values)


def test_the_api_waits_for_healthy_servers_and_every_service_has_a_health_check(services):
    assert set(services) == {"neo4j", "minio", "api"}
    conditions = {k: v["condition"] for k, v in services["api"]["depends_on"].items()}
    assert conditions == {"neo4j": "service_healthy", "minio": "service_healthy"}
    assert all(service["healthcheck"]["test"] for service in services.values())


def test_the_api_gets_the_settings_that_it_reads(services):
    environment = services["api"]["environment"]
    assert environment["LINEAGE_REGISTRY_URL"] == "neo4j://neo4j:7687"
    assert environment["LINEAGE_REGISTRY_ARTIFACTS"] == "s3://minio:9000/lineage?secure=false"
    assert environment["LINEAGE_REGISTRY_NEO4J_PASSWORD"] == SECRETS["NEO4J_PASSWORD"]
    assert services["neo4j"]["environment"]["NEO4J_AUTH"] == f"neo4j/{SECRETS['NEO4J_PASSWORD']}"
    assert environment["LINEAGE_REGISTRY_S3_ACCESS_KEY"] == SECRETS["S3_ACCESS_KEY"]
    assert environment["LINEAGE_REGISTRY_S3_SECRET_KEY"] == SECRETS["S3_SECRET_KEY"]
    assert environment["LINEAGE_REGISTRY_API_KEYS"] == SECRETS["LINEAGE_REGISTRY_API_KEYS"]


def test_only_the_api_is_published_and_only_on_loopback(services):
    published = {name: service.get("ports", []) for name, service in services.items()}
    assert published["neo4j"] == published["minio"] == []
    assert [port["host_ip"] for port in published["api"]] == ["127.0.0.1"]


def test_data_lie_in_named_volumes(services):
    mounts = {name: service.get("volumes", []) for name, service in services.items()}
    assert [(m["type"], m["target"]) for m in mounts["neo4j"]] == [("volume", "/data")]
    assert [(m["type"], m["target"]) for m in mounts["minio"]] == [("volume", "/data")]
    assert services["api"]["read_only"] is True


def test_the_stack_and_the_tests_use_the_same_servers(services):
    assert services["neo4j"]["image"] == f"neo4j:{NEO4J['5']}-community"
    assert f"ARG MINIO_VERSION={MINIO}\n" in dockerfile("docker/minio/Dockerfile")
    assert services["minio"]["image"].split(":")[1] == MINIO.rsplit("-", 1)[1]


@pytest.mark.parametrize("path", DOCKERFILES)
def test_hadolint_finds_nothing(path):
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--no-color", path], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_does_find_something_in_a_bad_file(tmp_path):
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian:latest\nRUN cd /x && sudo ls\n")
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, str(bad)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DL3007" in done.stdout


@pytest.mark.parametrize("path", DOCKERFILES)
def test_an_image_has_several_stages_no_root_and_a_health_check(path):
    last_stage = re.split(r"^FROM ", dockerfile(path), flags=re.MULTILINE)[-1]
    assert dockerfile(path).count("\nFROM ") == 2
    user = re.findall(r"^USER (\d+)", last_stage, re.MULTILINE)
    assert user
    assert int(user[-1]) > 0
    assert "\nHEALTHCHECK " in last_stage
    assert not re.search(r"^(ENV|ARG) .*(PASSWORD|SECRET|TOKEN)", dockerfile(path), re.MULTILINE)


def test_what_the_image_copies_exists_and_is_not_ignored():
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    allowed = [line[1:].removesuffix("/**") for line in ignored if line.startswith("!")]
    copies = re.findall(r"^COPY (?!--from)(.+)$", dockerfile("Dockerfile"), re.MULTILINE)
    sources = [source for line in copies for source in line.split()[:-1]]
    assert sources
    for source in sources:
        assert (REPOSITORY / source).exists()
        assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), source
