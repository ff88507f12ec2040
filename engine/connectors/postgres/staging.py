"""Rows of a transaction until it ends: in memory while they are few, else on disk, where they are read in place."""

from __future__ import annotations

import errno
import mmap
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from catalog.errors import DiskFull, IoError, SqlError


class Staging:
    """Batches by table, in the order in which they were added. Files have no name: they go with the process.

    A table's batches all have one schema. `memory_max_bytes` is what is held in memory by all tables together.
    Raises DiskFull (53100), IoError (58030).
    """

    def __init__(self, folder: Path | None, memory_max_bytes: int) -> None:
        self._folder, self._memory_max_bytes = folder, memory_max_bytes
        self._bytes = 0
        self._held: dict[str, list[pa.RecordBatch]] = {}
        self._files: dict[str, tuple[IO[bytes], Any]] = {}

    def add(self, table: str, batch: pa.RecordBatch) -> None:
        self._held.setdefault(table, []).append(batch)
        self._bytes += batch.get_total_buffer_size()
        if self._bytes > self._memory_max_bytes:
            self._spill()

    def replace(self, table: str, rows: pa.Table) -> None:
        """Other rows in place of a table's."""
        if table in self._files:
            file, writer = self._files.pop(table)
            writer.close()
            file.close()
        self._held[table] = []
        for batch in rows.to_batches():
            self.add(table, batch)

    def rows(self, table: str) -> pa.Table | None:
        """All of a table's; None if there are none. What is on disk is mapped into memory, not read."""
        batches = self._held.get(table, [])
        if table in self._files:
            self._write(table, batches)
            self._held[table] = []
            return self._mapped(table)
        return pa.Table.from_batches(batches) if batches else None

    def take(self) -> Mapping[str, pa.Table]:
        """All rows by table; nothing is left. The disk's space is free again when the tables are gone."""
        found = {table: rows for table in (*self._held,) if (rows := self.rows(table)) is not None}
        self.clear()
        return found

    def clear(self) -> None:
        """Forget everything. Tables taken before stay readable."""
        for file, writer in self._files.values():
            writer.close()
            file.close()
        self._files.clear()
        self._held.clear()
        self._bytes = 0

    def _spill(self) -> None:
        for table, batches in self._held.items():
            self._write(table, batches)
            self._held[table] = []
        self._bytes = 0

    def _write(self, table: str, batches: list[pa.RecordBatch]) -> None:
        if not batches:
            return
        try:
            if table not in self._files:
                file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - lives as long as the rows
                self._files[table] = (file, pa.ipc.new_stream(file, batches[0].schema))
            _, writer = self._files[table]
            for batch in batches:
                writer.write_batch(batch)
        except OSError as error:
            raise _disk_error(error) from error

    def _mapped(self, table: str) -> pa.Table:
        file, writer = self._files[table]
        try:
            writer.close()
            file.flush()
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise _disk_error(error) from error
        return pa.ipc.open_stream(pa.py_buffer(mapped)).read_all()


def _disk_error(error: OSError) -> SqlError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("could not write the changes of a large transaction: no space left on device")
    return IoError("could not write the changes of a large transaction", detail=error.strerror)
