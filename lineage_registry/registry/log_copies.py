"""The whole log in a file, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lineage_registry.ports import commands as c
from lineage_registry.ports.log_copies import LogHeader
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.log_files import open_copy, write_copy


class LogCopies(Asker):
    """Whoever has a registry can copy its log, and put the copy into another one."""

    def export_log(self, path: str | Path, *, as_of: AsOf = None) -> LogHeader:
        """Write a copy of the log: every event with its revision, time, actor and reason.

        The graph is a function of the log, so the copy is the whole registry but for the bytes of
        its artifacts. It is checked while it is written. The suffix says how: `.jsonl`,
        `.jsonl.gz` or `.parquet`. An old file stays until the new one is whole.

        Raises:
            InvalidInputError: The suffix says nothing, or the file cannot be written.
            LogCopyDamagedError: The registry's log is damaged, or the server broke off.
            NotInstalledError: Parquet needs the extra `parquet`.
        """
        command = c.build(c.ExportLog, {} if as_of is None else {"as_of": as_of})
        return write_copy(Path(path), self.sender.commands.export_log(command))

    def import_log(
        self, path: str | Path, *, progress: Callable[[str, int, int], None] | None = None
    ) -> c.LogImport:
        """Append the events of a copy that are not there yet, as they are.

        The copy is checked to its end before anything is written. The registry is empty, or its
        log is the beginning of the copy: so what was interrupted is simply done again, and a
        second registry can follow the first. Nobody may write to it meanwhile.

        Args:
            path: What `export_log` wrote.
            progress: Told the path, the bytes of this step, and the size of the file.

        Raises:
            LogCopyDamagedError: The copy is not as it was written; nothing is imported then.
            LogDivergedError: The log is not the beginning of the copy.
            UnsupportedCapabilityError: The registry lies behind a server.
        """
        source = Path(path)
        copy = open_copy(source)
        if progress is None:
            return self.sender.commands.import_log(copy)
        tell, size = progress, source.stat().st_size
        return self.sender.commands.import_log(copy, lambda step: tell(source.name, step, size))
