"""Fetch, start and stop the real servers: `python -m tests.servers --help`."""

import argparse
import shlex
import sys
from pathlib import Path

from tests.servers.cache import cache_folder, say
from tests.servers.holder import SERVICES, Held, hold, start_holder, stop_holder
from tests.servers.minio import fetch_minio
from tests.servers.neo4j import fetch_neo4j
from tests.servers.process import ServerError
from tests.servers.versions import NEO4J


def _state() -> Path:
    return cache_folder() / "services.json"


def _fetch(options: argparse.Namespace) -> None:
    if "neo4j" in options.services:
        fetch_neo4j(options.neo4j)
    if "s3" in options.services:
        fetch_minio()


def _start(options: argparse.Namespace) -> None:
    if Held.read(_state()) is None:
        _fetch(options)
        say("starting the servers ...")
        start_holder(_state(), options.services, line=options.neo4j)
    _status(options)
    say('use them with: eval "$(make -s services-env)"')


def _stop(options: argparse.Namespace) -> None:
    say("stopped" if stop_holder(_state()) else "nothing was running")


def _status(options: argparse.Namespace) -> None:
    held = Held.read(_state())
    if held is None:
        raise ServerError("nothing is running; start it with `make services`")
    if held.neo4j:
        say(f"Neo4j  {held.neo4j.uri}")
    if held.s3:
        say(f"MinIO  {held.s3.endpoint}")


def _env(options: argparse.Namespace) -> None:
    held = Held.read(_state())
    if held is None:
        raise ServerError("nothing is running; start it with `make services`")
    for name, value in held.environment().items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def _hold(options: argparse.Namespace) -> None:
    hold(options.state, options.services, options.neo4j, options.owner)


def main() -> int:
    """Do what the command line says."""
    commands = {
        "fetch": (_fetch, "download and build what is not there yet"),
        "start": (_start, "start the servers and leave them running"),
        "stop": (_stop, "end them, with their data"),
        "status": (_status, "say where they are"),
        "env": (_env, "print the variables that point tests at them"),
        "hold": (_hold, "run them in this process (used by the others)"),
    }
    parser = argparse.ArgumentParser(prog="python -m tests.servers")
    subparsers = parser.add_subparsers(required=True)
    for name, (action, text) in commands.items():
        sub = subparsers.add_parser(name, help=text)
        sub.set_defaults(action=action)
        sub.add_argument("--neo4j", choices=sorted(NEO4J), default="5", help="its line")
        sub.add_argument("--only", choices=SERVICES, action="append", dest="services")
        if name == "hold":
            sub.add_argument("--state", type=Path, required=True)
            sub.add_argument("--owner", type=int, help="end when this process is gone")
    options = parser.parse_args()
    options.services = options.services or list(SERVICES)
    try:
        options.action(options)
    except ServerError as error:
        say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
