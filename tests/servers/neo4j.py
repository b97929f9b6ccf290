"""Neo4j Community, started from its Maven artifacts."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers.addresses import Neo4jAddress
from tests.servers.cache import cached, obtain, require, run_tool
from tests.servers.java import find_java
from tests.servers.process import ServerProcess, free_port
from tests.servers.versions import NEO4J, NEO4J_JAVA

_LAUNCHER = Path(__file__).with_name("neo4j_launcher")
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")
_PASSED_ON = ("PATH", "HOME", "LANG")


@dataclass(frozen=True, slots=True)
class Neo4jTuning:
    """Memory, compiler and how plans are kept; the defaults are for tests, small and many.

    Tests wipe the database all the time, so its statistics say nothing: without `plans_anew`
    no statement is planned a second time because they changed.
    """

    heap: str = "1g"
    page_cache: str = "64m"
    transaction_memory: str = "200m"
    all_transactions_memory: str = "256m"
    collector: str = "UseSerialGC"
    plans_anew: bool = False
    quick_compiler: bool = False


BENCHMARK = Neo4jTuning("4g", "1g", "2g", "3g", "UseG1GC", plans_anew=True)
"""What a server would have; measurements with the quick compiler mean nothing."""
BRIEF = Neo4jTuning(quick_compiler=True)
"""For one that is started again and again: it is there a third sooner, and slow in the long run."""


def neo4j_is_cached(line: str = "5") -> bool:
    return cached("neo4j", NEO4J[line]).is_dir()


def fetch_neo4j(line: str = "5") -> Path:
    """Return the folder with the jars of Neo4j, downloaded if it is not there yet."""
    version = NEO4J[line]

    def build(folder: Path) -> None:
        mvn = require("mvn", "install Maven 3.8 or newer (Debian: maven), it fetches Neo4j")
        command = [mvn, "-q", "-B", "-f", str(_LAUNCHER / "pom.xml"), f"-Dneo4j.version={version}"]
        command += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        run_tool([*command, f"-DoutputDirectory={folder}"])

    return obtain("neo4j", version, f"fetching Neo4j {version} (about a minute, once)", build)


class Neo4jServer(ServerProcess):
    """Neo4j with login on, a random password and an empty database."""

    name = "neo4j"
    user = "neo4j"

    def __init__(
        self,
        line: str = "5",
        *,
        tuning: Neo4jTuning = Neo4jTuning(),
        home: Path | None = None,
    ) -> None:
        self._java = find_java(NEO4J_JAVA[line])
        self._jars = fetch_neo4j(line)
        super().__init__(home=home)
        self._line = line
        self._tuning = tuning
        self._port = free_port()
        self.uri = f"bolt://127.0.0.1:{self._port}"
        self.password = secrets.token_urlsafe(18)
        self._password_is_set = False

    @property
    def address(self) -> Neo4jAddress:
        return Neo4jAddress(self.uri, self.user, self.password)

    def _command(self) -> tuple[list[str], Mapping[str, str]]:
        (self.home / "tmp").mkdir(exist_ok=True)
        (self.home / "ready").unlink(missing_ok=True)
        settings = self.home / "neo4j.conf"
        settings.write_text("".join(f"{k}={v}\n" for k, v in self._settings().items()))
        launcher = str(_LAUNCHER / "Neo4jServer.java")
        command = [str(self._java), *self._flags(), "-cp", f"{self._jars}/*", launcher]
        environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        return [*command, str(self.home), str(settings)], environment

    def _flags(self) -> list[str]:
        flags = ["-Xms256m", f"-Xmx{self._tuning.heap}", f"-XX:+{self._tuning.collector}"]
        flags += [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED]
        flags += ["--enable-native-access=ALL-UNNAMED", "-Djdk.nio.maxCachedBufferSize=1024"]
        flags += ["-Dio.netty.tryReflectionSetAccessible=true", "-Dlog4j2.disable.jmx=true"]
        flags += [f"-Djava.io.tmpdir={self.home / 'tmp'}"]
        if self._tuning.quick_compiler:
            flags.append("-XX:TieredStopAtLevel=1")
        if self._line == "2026":
            flags.append("--sun-misc-unsafe-memory-access=allow")
        return flags

    def _settings(self) -> dict[str, str]:
        settings = {
            "server.bolt.enabled": "true",
            "server.bolt.listen_address": f"127.0.0.1:{self._port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "dbms.security.auth_enabled": "true",
            "server.memory.pagecache.size": self._tuning.page_cache,
            "dbms.memory.transaction.total.max": self._tuning.all_transactions_memory,
            "db.memory.transaction.max": self._tuning.transaction_memory,
            "db.tx_log.preallocate": "false",
            "db.tx_log.rotation.size": "16m",
            "db.transaction.timeout": "60s",
            "db.transaction.monitor.check.interval": "200ms",
            "db.lock.acquisition.timeout": "10s",
            "dbms.cypher.forbid_exhaustive_shortestpath": "true",
            "dbms.usage_report.enabled": "false",
        }
        if not self._tuning.plans_anew:
            settings["dbms.cypher.min_replan_interval"] = "1d"
            settings["dbms.cypher.statistics_divergence_threshold"] = "1.0"
        if self._line == "2026":
            settings["server.fleet_discovery.enabled"] = "false"
            settings["db.query.default_language"] = "CYPHER_5"
        return settings

    def _ready(self) -> bool:
        if not (self.home / "ready").exists():
            return False
        if not self._password_is_set:
            self._set_password()
            self._password_is_set = True
        return True

    def _set_password(self) -> None:
        from neo4j import GraphDatabase

        # A new server's first login may do nothing but this.
        with GraphDatabase.driver(self.uri, auth=("neo4j", "neo4j")) as driver:
            driver.execute_query(
                "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password",
                password=self.password,
                database_="system",
            )
