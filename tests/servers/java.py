"""Find a Java of the wanted age."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.servers.process import ServerError


def find_java(releases: range) -> Path:
    """Return a `java` of one of `releases`: JAVA_HOME, then PATH, then what is installed."""
    seen: dict[Path, int] = {}
    for candidate in _candidates():
        java = candidate.resolve()
        if java in seen or not java.is_file():
            continue
        seen[java] = _release(java)
        if seen[java] in releases:
            return java
    found = ", ".join(str(release) for release in seen.values()) or "none"
    wanted = " or ".join(str(release) for release in sorted({releases.start, releases.stop - 1}))
    raise ServerError(
        f"a JDK of release {wanted} is needed, found: {found}. "
        "Install one (Debian: openjdk-17-jdk-headless; Temurin for newer ones) or set JAVA_HOME."
    )


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if java := shutil.which("java"):
        yield Path(java)
    for root in (Path("/usr/lib/jvm"), Path("/opt"), Path.home() / ".sdkman/candidates/java"):
        yield from sorted(root.glob("*/bin/java"))


def _release(java: Path) -> int:
    result = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(\d+)', result.stderr)
    return int(match.group(1)) if match else 0
