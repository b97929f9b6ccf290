"""What is asked before something goes out of sight."""

from typing import TYPE_CHECKING

from lineage_registry.cli import output
from lineage_registry.cli.options import options
from lineage_registry.cli.words import plural, short

if TYPE_CHECKING:
    from lineage_registry.registry import Registry


def before_delete(opened: "Registry", reference: str, *, dry_run: bool, yes: bool) -> bool:
    """Tell whether to go on; a dry run says what relies on the thing instead.

    Raises:
        NotFoundError: There is no such thing.
        InvalidInputError: Nobody is there to ask, and `--yes` was not given.
    """
    if not dry_run:
        output.confirm(f"delete {short(reference)}", yes=yes)
        return True
    from lineage_registry.cli import lineage_views as views

    hit = opened.impact(reference)
    if not options().for_programs:
        output.note(f"would delete {short(reference)}; {plural(hit.total, 'thing')} downstream")
    output.emit(hit, lambda: views.impact(hit))
    return False
