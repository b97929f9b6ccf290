"""The server, and upgrading what a registry lies in."""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.options import options
from lineage_registry.cli.session import settings
from lineage_registry.cli.views import Line
from lineage_registry.cli.words import plural
from lineage_registry.errors import InvalidInputError, NotInstalledError

if TYPE_CHECKING:
    from lineage_registry.settings import Settings


def serve(
    *,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="Port.")] = 8000,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let anybody in who can reach that address.")
    ] = False,
) -> None:
    """Serve the registry over HTTP until it is stopped.

    Without API keys it listens on this machine only.
    """
    from lineage_registry import bootstrap

    chosen = settings()
    if chosen.url.startswith(("http://", "https://")):
        raise InvalidInputError(
            "a server serves a registry, not another server", hint="set --url to a folder"
        )
    api = _api()
    api.check_bind(host, has_keys=bool(chosen.actors), insecure=insecure)
    commands, artifacts = bootstrap.local(chosen)
    try:
        app = api.create_app(
            commands,
            artifacts,
            api_keys=chosen.actors,
            allowed_hosts=chosen.allowed_hosts,
            max_upload_bytes=chosen.max_upload_bytes,
        )
        output.note(f"serving {_shown(chosen)} on http://{host}:{port}/api/v1 (Ctrl-C stops it)")
        api.serve(app, host, port)
    finally:
        commands.close()
        artifacts.close()


def upgrade(*, dry_run: a.DryRun = False) -> None:
    """Replay the log into fresh tables of this version of the software."""
    from lineage_registry import bootstrap

    chosen = settings()
    if chosen.url.startswith(("http://", "https://")):
        raise InvalidInputError(
            "a server's registry is upgraded where it lies", hint="run it on the server's machine"
        )
    store = bootstrap.graph_store(chosen)
    try:
        head = store.head() if dry_run else store.upgrade()
    finally:
        store.close()
    said = f"{plural(head.size, 'event')}, revision {head.revision:,}"
    if options().for_programs:
        output.emit_json({"revision": head.revision, "events": head.size, "dry_run": dry_run})
        return
    output.show([Line(f"{'would replay' if dry_run else 'replayed'} {said}")])


def _api() -> Any:
    # The API and the command line are neighbours that do not build on each other; only here
    # one starts the other, and only if its libraries are there.
    try:
        return import_module("lineage_registry.api")
    except ImportError as error:
        raise NotInstalledError(
            f"serving needs the library {error.name!r}",
            hint="pip install 'lineage-registry[server]'",
        ) from error


def _shown(chosen: "Settings") -> str:
    from lineage_registry.cli.setup import masked

    return masked(chosen.url)
