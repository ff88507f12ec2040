"""Files of staged rows: Arrow's own format, not compressed, since they are written once, read once or twice, and go.

Parquet costs several times the processor time, of which commits of many rows have none to spare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from engine.delta.errors import delta_errors


class Spill:
    """The file that one staging call spills to; made when first needed."""

    def __init__(self, new_file: Callable[[], str]) -> None:
        self._new_file = new_file
        self._path: str | None = None
        self._file: pa.NativeFile | None = None
        self._writer: pa.ipc.RecordBatchFileWriter | None = None

    def write(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        with delta_errors():
            if self._writer is None:
                self._path = self._new_file()
                self._file = pa.OSFile(self._path, "wb")
                self._writer = pa.ipc.new_file(self._file, schema)
            for batch in batches:
                self._writer.write_batch(batch)

    def close(self) -> tuple[str, ...]:
        """The files written: one, or none."""
        if self._writer is None or self._file is None or self._path is None:
            return ()
        with delta_errors():
            self._writer.close()
            self._file.close()
        return (self._path,)

    def discard(self) -> None:
        if self._writer is not None and self._file is not None and self._path is not None:
            with suppress(OSError):  # the error that led here is the one to report
                self._writer.close()
            with suppress(OSError):
                self._file.close()
            Path(self._path).unlink(missing_ok=True)


def mapped(path: str) -> pa.Table:
    """All rows of a file, where they lie: memory is used for what is read, while it is."""
    with delta_errors():
        return pa.ipc.open_file(pa.memory_map(path)).read_all()


def schema_of(path: str) -> pa.Schema:
    with delta_errors(), pa.OSFile(path) as file:
        return pa.ipc.open_file(file).schema


def batches_of(path: str) -> Iterator[pa.RecordBatch]:
    """One after the other, each read into memory of its own."""
    with pa.OSFile(path) as file:
        reader = pa.ipc.open_file(file)
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
