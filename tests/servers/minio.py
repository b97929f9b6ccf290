"""MinIO, built from its pinned source."""

import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.servers.addresses import S3Address
from tests.servers.cache import cached, obtain, require, run_tool
from tests.servers.process import ServerProcess, free_port
from tests.servers.versions import MINIO

_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG")


def minio_is_cached() -> bool:
    return cached("minio", MINIO).is_dir()


def fetch_minio() -> Path:
    """Return the MinIO program, built if it is not there yet."""

    def build(folder: Path) -> None:
        go = require("go", "install Go 1.24 or newer, it builds MinIO from source")
        run_tool(
            [go, "install", f"github.com/minio/minio@{MINIO}"],
            {"GOBIN": str(folder), "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
        )

    step = f"building MinIO {MINIO} (about 3 minutes, once)"
    return obtain("minio", MINIO, step, build) / "minio"


class MinioServer(ServerProcess):
    """MinIO with random credentials and an empty data folder."""

    name = "minio"

    def __init__(self, *, home: Path | None = None) -> None:
        self._program = fetch_minio()
        super().__init__(home=home)
        self.endpoint = f"127.0.0.1:{free_port()}"
        self._console = f"127.0.0.1:{free_port()}"
        self.access_key = f"test-{secrets.token_hex(4)}"
        self.secret_key = secrets.token_urlsafe(24)

    @property
    def address(self) -> S3Address:
        return S3Address(self.endpoint, self.access_key, self.secret_key)

    def _command(self) -> tuple[list[str], Mapping[str, str]]:
        data = self.home / "data"
        data.mkdir(exist_ok=True)
        command = [str(self._program), "server", str(data), "--quiet"]
        command += ["--address", self.endpoint, "--console-address", self._console]
        environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        environment |= {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_UPDATE": "off",
        }
        return command, environment

    def _ready(self) -> bool:
        url = f"http://{self.endpoint}/minio/health/ready"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
