"""Uploading one big file to S3: our store against the bare client, in one run.

    python -m benchmarks.upload [--mib 1024] [--rounds 3]

"bare" is what a user would otherwise write: `Minio.put_object` from a reader that computes the
SHA-256 on the way. Each upload is a process of its own, so that its peak memory is its own. The
server is the one of LINEAGE_S3_URL (LINEAGE_S3_ACCESS_KEY, LINEAGE_S3_SECRET_KEY), else a MinIO is
started. Bars: at least 0.8 times the rate of bare, less than 200 MiB.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from minio import Minio

from lineage_registry.artifacts.s3 import S3ArtifactStore
from lineage_registry.domain.digests import Digest
from lineage_registry.ports.uploads import fingerprint
from tests.servers.addresses import S3Address
from tests.servers.backends import open_s3

BAR_RATIO = 0.8
BAR_MIB = 200
WAYS = ("bare", "file", "known", "named", "seekable", "stream")
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


def upload(way: str, path: Path, bucket: str) -> None:
    """Do one upload and print what it took; runs in its own process."""
    where, size = S3Address.from_environment(), path.stat().st_size
    if way == "bare":
        took = upload_bare(where, path, bucket, size)
    else:
        took = upload_with_store(way, where, path, bucket)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "peak_mib": peak}))


def upload_bare(where, path, bucket, size) -> float:
    client = Minio(where.endpoint, where.access_key, where.secret_key, secure=where.secure)
    start = time.perf_counter()
    with path.open("rb") as file:
        reader = HashingReader(file)
        client.put_object(bucket, "bare", reader, size, part_size=16 * MIB)
    reader.sha256.hexdigest()
    return time.perf_counter() - start


def upload_with_store(way, where, path, bucket) -> float:
    store = S3ArtifactStore(
        where.endpoint, bucket, where.access_key, where.secret_key, secure=where.secure, prefix=way
    )
    store.check()
    if way in {"file", "known"}:
        return upload_file(store, path, known=way == "known")
    expected = None
    if way == "named":
        with path.open("rb") as file:
            expected = Digest(hashlib.file_digest(file, "sha256").hexdigest())
    opened = ReadOnce(path, "rb") if way == "stream" else path.open("rb")
    start = time.perf_counter()
    with opened as source:
        stored = store.put(source, expected=expected)
    took = time.perf_counter() - start
    assert stored.size == path.stat().st_size
    assert not stored.existed
    return took


def upload_file(store, path, *, known) -> float:
    hashed = fingerprint(path) if known else None
    start = time.perf_counter()
    stored = store.upload(path, hashed or fingerprint(path))
    took = time.perf_counter() - start
    assert stored.size == path.stat().st_size
    assert not stored.existed
    return took


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


def measure(way: str, path: Path) -> dict[str, float]:
    with fresh_bucket() as bucket:
        command = [sys.executable, "-m", "benchmarks.upload", "--one", way, str(path), bucket]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def report(results: dict[str, list[dict[str, float]]], mib: int) -> bool:
    bare = statistics.median(result["seconds"] for result in results["bare"])
    good = True
    print(f"{'way':10} {'s':>7} {'MiB/s':>8} {'x bare':>7} {'peak MiB':>9}")
    for way, rows in results.items():
        seconds = statistics.median(row["seconds"] for row in rows)
        peak = max(row["peak_mib"] for row in rows)
        ratio = bare / seconds
        print(f"{way:10} {seconds:7.2f} {mib / seconds:8.0f} {ratio:7.2f} {peak:9.0f}")
        # A stream that can be read only once is copied by the server: shown, without a bar.
        good = good and (way == "stream" or ratio >= BAR_RATIO) and peak < BAR_MIB
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
        upload(way, Path(path), bucket)
        return 0
    results: dict[str, list[dict[str, float]]] = {way: [] for way in ("bare", *options.ways)}
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
