"""One big file to S3 and back: our stores against the bare client, in one run.

    python -m benchmarks.upload [--mib 1024] [--rounds 3] [--ways ...]

"bare" is what a user would otherwise write: `Minio.put_object` from a reader that computes the
SHA-256 on the way, and `Minio.get_object` into a file, hashed on the way. Of ours:

    file        what `register` does: hash the file, then send its parts
    known       the same, hashed before the clock starts
    named       a stream of which the digest is known; it is hashed again on the way
    seekable    a stream that is read twice
    stream      a stream that can be read once; the server copies it
    api         `file` to a registry behind HTTP, whose bytes are in S3, through it
    presigned   the same, past it
    get-store   out of S3
    get-api     through a registry behind HTTP
    get-signed  past it

Each transfer is a process of its own, so that its peak memory is its own; rounds are interleaved.
The S3 server is the one of LINEAGE_S3_URL (LINEAGE_S3_ACCESS_KEY, LINEAGE_S3_SECRET_KEY), else a
MinIO is started. Bars: 0.9 times the rate of bare for `file`, `known`, `get-store` and
`get-signed`, less than 200 MiB for all. What a server does besides - it reads an upload once, and
copies it - is in the time of `api` and `presigned`, and MinIO does it on the same disk and cores.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from minio import Minio

from lineage_registry.api import create_app, make_server
from lineage_registry.artifacts.s3 import S3ArtifactStore
from lineage_registry.bootstrap import local
from lineage_registry.domain.digests import Digest
from lineage_registry.ports.uploads import fingerprint
from lineage_registry.remote import HttpArtifactStore
from lineage_registry.settings import Settings
from tests.servers.addresses import S3Address
from tests.servers.backends import open_s3

BAR_RATIO = 0.9
BAR_MIB = 200
BARRED = {"file", "known", "get-store", "get-signed"}
UP = ("bare", "file", "known", "named", "seekable", "stream", "api", "presigned")
DOWN = ("get-bare", "get-store", "get-api", "get-signed")
WAYS = (*UP, *DOWN)
BEHIND = {"api", "presigned", "get-api", "get-signed"}
SIGNED = {"presigned", "get-signed"}
MIB = 1024 * 1024


class HashingReader:
    """What the bare client needs to compute the digest on the way."""

    def __init__(self, file):
        self.file = file
        self.sha256 = hashlib.sha256()

    def read(self, size=-1):
        data = self.file.read(size)
        self.sha256.update(data)
        return data


class ReadOnce(io.FileIO):
    """A file that looks like a socket."""

    def seekable(self):
        return False


def transfer(way: str, path: Path, bucket: str) -> None:
    """Do one transfer and print what it took; runs in its own process."""
    took = down(way, path, bucket) if way in DOWN else up(way, path, bucket)
    print(json.dumps({"seconds": took, "peak_mib": peak_mib()}))


def peak_mib() -> float:
    """Return the most memory that this process has had; `getrusage` counts its parent's, too."""
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) / 1024


def up(way: str, path: Path, bucket: str) -> float:
    where = S3Address.from_environment()
    if way == "bare":
        return upload_bare(where, path, bucket)
    store = store_of(way, where, bucket)
    known = None if way in {"file", "api", "presigned", "seekable", "stream"} else fingerprint(path)
    opened = ReadOnce(path, "rb") if way == "stream" else path.open("rb")
    start = time.perf_counter()
    with opened as source:
        if way in {"named", "seekable", "stream"}:
            stored = store.put(source, expected=known and known.digest)
        else:
            stored = store.upload(path, known or fingerprint(path))
    took = time.perf_counter() - start
    assert stored.size == path.stat().st_size
    assert not stored.existed
    return took


def down(way: str, path: Path, bucket: str) -> float:
    """Fetch what lies in the bucket to `path`."""
    where, digest = S3Address.from_environment(), Digest(os.environ["BENCH_DIGEST"])
    if way != "get-bare":
        store = store_of(way, where, bucket)
        start = time.perf_counter()
        store.fetch(digest, path)
        return time.perf_counter() - start
    client = Minio(where.endpoint, where.access_key, where.secret_key, secure=where.secure)
    hashed, start = hashlib.sha256(), time.perf_counter()
    key = f"blobs/sha256/{digest.hex[:2]}/{digest.hex}"
    response = client.get_object(bucket, key)
    with path.open("wb") as file:
        for data in response.stream(MIB):
            hashed.update(data)
            file.write(data)
    response.release_conn()
    assert hashed.hexdigest() == digest.hex
    return time.perf_counter() - start


def upload_bare(where, path, bucket) -> float:
    client = Minio(where.endpoint, where.access_key, where.secret_key, secure=where.secure)
    start = time.perf_counter()
    with path.open("rb") as file:
        reader = HashingReader(file)
        client.put_object(bucket, "bare", reader, path.stat().st_size, part_size=16 * MIB)
    reader.sha256.hexdigest()
    return time.perf_counter() - start


def store_of(way, where, bucket, *, public=False):
    if way in BEHIND:
        return HttpArtifactStore(os.environ["BENCH_URL"])
    scheme = "https" if where.secure else "http"
    store = S3ArtifactStore(
        where.endpoint,
        bucket,
        where.access_key,
        where.secret_key,
        secure=where.secure,
        public_url=f"{scheme}://{where.endpoint}" if public else None,
    )
    store.check()
    return store


@contextlib.contextmanager
def server() -> Iterator[None]:
    if S3Address.from_environment():
        yield
        return
    with open_s3() as started:
        os.environ.update(started.to_environment())
        yield


@contextlib.contextmanager
def fresh_bucket() -> Iterator[str]:
    where = S3Address.from_environment()
    client = Minio(where.endpoint, where.access_key, where.secret_key, secure=where.secure)
    bucket = f"bench-{random.randrange(16**8):08x}"
    client.make_bucket(bucket)
    yield bucket
    for item in client.list_objects(bucket, recursive=True):
        client.remove_object(bucket, item.object_name)
    client.remove_bucket(bucket)


@contextlib.contextmanager
def registry_before(way: str, bucket: str) -> Iterator[dict[str, str]]:
    """Serve a registry whose bytes are in the bucket, if this way needs one."""
    if way not in BEHIND:
        yield {}
        return
    commands, _ = local(Settings(url="memory://"))
    store = store_of("", S3Address.from_environment(), bucket, public=way in SIGNED)
    listening = make_server(create_app(commands, store), port=0)
    thread = threading.Thread(target=listening.run)
    thread.start()
    while not listening.started:
        time.sleep(0.01)
    port = listening.servers[0].sockets[0].getsockname()[1]
    yield {"BENCH_URL": f"http://127.0.0.1:{port}"}
    listening.should_exit = True
    thread.join()


def measure(way: str, path: Path) -> dict[str, float]:
    with (
        fresh_bucket() as bucket,
        registry_before(way, bucket) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        environment = os.environ | served
        if way in DOWN:
            known = fingerprint(path)
            store_of("", S3Address.from_environment(), bucket).upload(path, known)
            environment["BENCH_DIGEST"] = known.digest.hex
            path = Path(folder) / "copy"
        command = [sys.executable, "-m", "benchmarks.upload", "--one", way, str(path), bucket]
        os.sync()  # what was written to set this up is not charged to who writes next
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
        return json.loads(done.stdout)


def report(results: dict[str, list[dict[str, float]]], mib: int) -> bool:
    medians = {
        way: statistics.median(row["seconds"] for row in rows) for way, rows in results.items()
    }
    good = True
    print(f"{'way':10} {'s':>7} {'MiB/s':>8} {'x bare':>7} {'peak MiB':>9}")
    for way, rows in results.items():
        peak = max(row["peak_mib"] for row in rows)
        # Each round against the bare client of the same round: the machine may have others on it.
        bare = results["get-bare" if way in DOWN else "bare"]
        ratios = [one["seconds"] / two["seconds"] for one, two in zip(bare, rows, strict=True)]
        ratio = statistics.median(ratios)
        print(f"{way:10} {medians[way]:7.2f} {mib / medians[way]:8.0f} {ratio:7.2f} {peak:9.0f}")
        good = good and (way not in BARRED or ratio >= BAR_RATIO) and peak < BAR_MIB
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, path, bucket = options.one
        transfer(way, Path(path), bucket)
        return 0
    wanted = set(options.ways)
    wanted |= {"bare"} if wanted & set(UP) else set()
    wanted |= {"get-bare"} if wanted & set(DOWN) else set()
    results: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS if way in wanted}
    with server(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blob"
        block = random.Random(0)
        with path.open("wb") as file:
            for _ in range(options.mib):
                file.write(block.randbytes(MIB))
        for _ in range(options.rounds):
            for way, measured in results.items():
                measured.append(measure(way, path))
    return 0 if report(results, options.mib) else 1


if __name__ == "__main__":
    sys.exit(main())
