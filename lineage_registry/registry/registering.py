"""What a registration says: details as fields of a command, and where its files come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from lineage_registry.domain.graph import Scalar
from lineage_registry.domain.references import Space
from lineage_registry.errors import DraftNotFoundError, InvalidInputError, StaleWriteError
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.registry.addressing import Link, each_link, input_link, parent_link
from lineage_registry.registry.drafts import DraftHandle, files_of
from lineage_registry.registry.transfers import Progress, saved, uploaded, weights_of

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry


def version_fields(
    space: Space,
    name: str,
    *,
    parents: Iterable[Link] = (),
    dependencies: Iterable[Link] = (),
    datasets: Iterable[Link] = (),
    tested_on: Iterable[Link] = (),
    siblings: Iterable[str] = (),
    run: str | None = None,
    label: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    params: Mapping[str, Scalar] | None = None,
    metrics: Mapping[str, float] | None = None,
    create: bool = True,
) -> dict[str, Any]:
    """Return the details of a registration as commands take them."""
    return {
        "space": space,
        "name": name,
        "parents": [parent_link(link) for link in each_link(parents)],
        "dependencies": [input_link(link) for link in each_link(dependencies)],
        "datasets": [input_link(link) for link in each_link(datasets)],
        "tested_on": [input_link(link) for link in each_link(tested_on)],
        "siblings": list(each_link(siblings)),
        "run": run,
        "label": label,
        "description": description,
        "tags": dict(tags or {}),
        "params": dict(params or {}),
        "metrics": dict(metrics or {}),
        "create": create,
    }


@contextmanager
def content_fields(
    registry: Registry,
    content: object,
    format_name: str | None,
    progress: Progress | None,
    save_options: Mapping[str, object] | None = None,
    *,
    follow_links: bool = False,
    key: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Store the files of a version; they are kept until the block ends, by then they are named.

    A draft that was registered is discarded, unless it changed meanwhile. One that is gone
    because a request of the same `key` registered it has the files that it had.

    Raises:
        NotFoundError: There is nothing at the path, or no draft.
        FormatError: The model cannot be saved.
        InvalidInputError: There are options of saving, and nothing to save; or a link leads out of
            the folder, to another one, or nowhere.
    """
    if save_options and (content is None or isinstance(content, str | os.PathLike | DraftHandle)):
        raise InvalidInputError(
            "files are kept as they are", hint="save_options are for models in memory"
        )
    if content is None:
        yield {"format": format_name}
    elif isinstance(content, DraftHandle):
        found = content.content(registered_with=key)
        files = files_of(found)
        if not files:
            raise InvalidInputError(f"the draft {content.name!r} is empty", hint="add files first")
        yield {"files": files, "format": format_name}
        # Files that came meanwhile are in no version yet; and somebody may have discarded it.
        with suppress(StaleWriteError, DraftNotFoundError):
            content.discard(state=found.state)
    elif isinstance(content, str | os.PathLike):
        local = LocalFiles(content, follow_links=follow_links)
        local.demand_all()
        with uploaded(registry.artifacts, local, progress) as files:
            told = weights_of(registry.formats, local, format_name)
            yield {"files": files, "format": format_name, "weights": told}
    else:
        with (
            saved(registry.formats, content, format_name, save_options or {}) as (folder, used),
            uploaded(registry.artifacts, LocalFiles(folder), progress) as files,
        ):
            told = weights_of(registry.formats, LocalFiles(folder), used)
            yield {"files": files, "format": used, "weights": told}
