"""What is asked before something goes out of sight."""

from typing import TYPE_CHECKING

from lineage_registry.cli import output
from lineage_registry.cli.words import short

if TYPE_CHECKING:
    from lineage_registry.registry import Registry


def before_delete(opened: "Registry", reference: str, *, dry_run: bool, yes: bool) -> bool:
    """Tell whether to go on; a dry run says what the delete would do instead.

    Raises:
        NotFoundError: There is no such thing.
        InvalidInputError: Nobody is there to ask, and `--yes` was not given.
    """
    if not dry_run:
        output.confirm(f"delete {short(reference)}", yes=yes)
        return True
    from lineage_registry.cli import comparison_views as views

    told = opened.deletion_preview(reference)
    output.emit(told, lambda: views.deletion(told))
    return False
