"""The servers that all other tests stand on do what the crash tests take for granted."""

import io
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from minio import Minio
from minio.error import S3Error
from neo4j import Driver, GraphDatabase
from neo4j.exceptions import AuthError

from tests.servers import BRIEF, MinioServer, Neo4jServer, S3Address, ServerError
from tests.servers.cache import obtain
from tests.servers.java import find_java


def driver_of(server) -> Driver:
    return GraphDatabase.driver(server.uri, auth=(server.user, server.password))


def run_pytest(test_file: Path, environment: dict[str, str], *options: str) -> None:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    command += ["-p", "tests.servers.pytest_plugin", "-c", "pyproject.toml", *options]
    done = subprocess.run(
        [*command, str(test_file)],
        env=own | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def own_neo4j(neo4j_server):
    # Asks for the shared one too: only so that it runs, or is skipped, under the same conditions.
    with Neo4jServer(tuning=BRIEF) as server:
        yield server


@pytest.fixture
def own_minio(s3_server):
    with MinioServer() as server:
        yield server


def test_the_shared_neo4j_answers_and_is_of_the_pinned_line(neo4j_server):
    with driver_of(neo4j_server) as driver:
        rows = driver.execute_query("CALL dbms.components() YIELD versions, edition").records
    assert rows[0]["edition"] == "community"
    assert rows[0]["versions"][0].startswith(("5.26.", "2026."))


def test_neo4j_refuses_a_login_without_the_password(neo4j_server):
    with (
        GraphDatabase.driver(neo4j_server.uri, auth=("neo4j", "neo4j")) as driver,
        pytest.raises(AuthError),
    ):
        driver.verify_connectivity()


def test_a_killed_neo4j_comes_back_on_the_same_port_with_what_was_committed(own_neo4j):
    with driver_of(own_neo4j) as driver:
        driver.execute_query("CREATE (:Kept {n: 1})", database_="neo4j")
    own_neo4j.kill()
    assert not own_neo4j.running
    own_neo4j.restart()
    with driver_of(own_neo4j) as driver:
        rows = driver.execute_query("MATCH (k:Kept) RETURN k.n AS n", database_="neo4j").records
    assert [row["n"] for row in rows] == [1]


def test_a_killed_minio_comes_back_with_what_was_stored(own_minio):
    def client() -> Minio:
        return Minio(
            own_minio.endpoint,
            access_key=own_minio.access_key,
            secret_key=own_minio.secret_key,
            secure=False,
        )

    client().make_bucket("kept")
    client().put_object("kept", "a", io.BytesIO(b"bytes"), 5)
    own_minio.kill()
    own_minio.restart()
    assert client().stat_object("kept", "a").size == 5


def test_the_shared_s3_refuses_a_wrong_secret(s3_server):
    client = Minio(
        s3_server.endpoint,
        access_key=s3_server.access_key,
        secret_key="wrong-" * 4,
        secure=s3_server.secure,
    )
    with pytest.raises(S3Error) as refused:
        client.list_buckets()
    assert refused.value.code == "SignatureDoesNotMatch"


def test_a_server_ends_with_the_process_that_started_it_even_when_that_is_killed(s3_server):
    script = """
        import sys, time
        from tests.servers import MinioServer
        server = MinioServer().start()
        print(server.pid, server.home, flush=True)
        time.sleep(600)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid, home = parent.stdout.readline().split()
    server = psutil.Process(int(pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    psutil.wait_procs([server], timeout=20)
    assert not server.is_running()
    shutil.rmtree(home)


def test_a_run_of_pytest_leaves_no_server_behind(s3_server, tmp_path):
    inner = tmp_path / "test_inner.py"
    inner.write_text(
        "from pathlib import Path\n"
        "def test_one(s3_server, pytestconfig):\n"
        f"    Path({str(tmp_path)!r}, s3_server.endpoint).touch()\n"
        "def test_two(s3_server):\n"
        f"    Path({str(tmp_path)!r}, s3_server.endpoint).touch()\n"
    )
    run_pytest(inner, {})
    endpoints = [path.name for path in tmp_path.iterdir() if ":" in path.name]
    assert len(endpoints) == 1, "both workers used one server"
    listening = {
        f"{c.laddr.ip}:{c.laddr.port}"
        for c in psutil.net_connections("tcp")
        if c.status == "LISTEN"
    }
    assert endpoints[0] not in listening


def test_a_build_that_fails_leaves_nothing_that_looks_done(tmp_path, monkeypatch):
    monkeypatch.setenv("LINEAGE_CACHE", str(tmp_path))

    def breaks(folder: Path) -> None:
        (folder / "half").touch()
        raise ServerError("the network went away")

    with pytest.raises(ServerError):
        obtain("thing", "1", "building the thing", breaks)
    assert not (tmp_path / "thing" / "1").exists()
    whole = obtain("thing", "1", "building the thing", lambda folder: (folder / "whole").touch())
    assert [path.name for path in whole.iterdir()] == ["whole"]


def test_two_processes_do_not_build_the_same_thing_twice(tmp_path):
    script = f"""
        import os, time
        os.environ["LINEAGE_CACHE"] = {str(tmp_path)!r}
        from pathlib import Path
        from tests.servers.cache import obtain
        def build(folder):
            time.sleep(0.5)
            with Path({str(tmp_path)!r}, "built").open("a") as log:
                log.write("x")
        obtain("thing", "1", "building", build)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    both = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert (tmp_path / "built").read_text() == "x"


def test_a_missing_java_is_said_with_what_to_install():
    with pytest.raises(ServerError, match=r"JDK of release 99 is needed.*Install"):
        find_java(range(99, 100))


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "s3://host/bucket"])
def test_an_s3_address_that_is_no_url_is_refused(url):
    with pytest.raises(ValueError, match="must look like http"):
        S3Address.from_environment({"LINEAGE_S3_URL": url})


def test_all_that_shares_the_one_neo4j_runs_in_one_worker(neo4j_server, tmp_path):
    inner = tmp_path / "test_inner.py"
    inner.write_text(
        "import pytest\n"
        "from pathlib import Path\n"
        "@pytest.fixture\n"
        "def graph(neo4j_server):\n"
        "    return neo4j_server\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_indirectly(graph, worker_id, n):\n"
        f"    Path({str(tmp_path)!r}, 'ran-' + worker_id).touch()\n"
    )
    run_pytest(inner, neo4j_server.to_environment(), "--dist", "loadgroup")
    assert len(list(tmp_path.glob("ran-*"))) == 1
