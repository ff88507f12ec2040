"""Rows set aside to be read again in any order: in memory first, beyond a bound in a file of the staging folder, which
is read where the system keeps it: what a batch takes is the system's to give back."""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, ALLOCATIONGRANULARITY, mmap
from pathlib import Path
from typing import IO

import pyarrow as pa

from catalog.errors import ConfigurationLimitExceeded, IoError

MEMORY_BYTES_MAX = 4 << 20
FILE_BYTES_MAX = 16 << 30


@dataclass(frozen=True, slots=True)
class _Place:
    """Of a batch in the file: one message of Arrow's, of `length` bytes. `size`: of the batch, in bytes."""

    offset: int
    length: int
    size: int


class Spool:
    """Append-only; not for several threads at once. The file has no name and goes with the spool."""

    def __init__(self, schema: pa.Schema, folder: Path) -> None:
        self.schema = schema
        self.rows = 0
        self._folder = folder
        self._firsts: list[int] = []
        self._pieces: list[pa.RecordBatch | _Place] = []
        self._memory_bytes = self._file_bytes = 0
        self._file: IO[bytes] | None = None

    def append(self, batch: pa.RecordBatch) -> None:
        """Raises ConfigurationLimitExceeded (53400) beyond FILE_BYTES_MAX, IoError (58030)."""
        if batch.num_rows == 0:
            return
        self._firsts.append(self.rows)
        self.rows += batch.num_rows
        size = batch.nbytes
        if self._memory_bytes + size <= MEMORY_BYTES_MAX:
            self._memory_bytes += size
            self._pieces.append(batch)
        else:
            self._pieces.append(self._write(batch.serialize(), size))

    def read(self, first: int, count: int) -> Iterator[pa.RecordBatch]:
        """Rows `first` (from 0) to `first + count`, as far as there are any; in batches as they came."""
        end = min(first + count, self.rows)
        index = bisect_right(self._firsts, first) - 1
        while first < end:
            batch = self._load(index)
            skip = first - self._firsts[index]
            piece = batch.slice(skip, min(batch.num_rows - skip, end - first))
            yield piece
            first += piece.num_rows
            index += 1

    def batches(self) -> Iterator[tuple[pa.RecordBatch, int]]:
        """All there is, as it came, and the bytes of each."""
        for index, piece in enumerate(self._pieces):
            yield self._load(index), piece.size if isinstance(piece, _Place) else piece.nbytes

    def close(self) -> None:
        self._pieces.clear()
        self._firsts.clear()
        self.rows = 0
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, data: pa.Buffer, size: int) -> _Place:
        if self._file_bytes + data.size > FILE_BYTES_MAX:
            raise ConfigurationLimitExceeded(
                f"the rows of a cursor are limited to {FILE_BYTES_MAX >> 30} GB", hint="Fetch less, or without SCROLL."
            )
        place = _Place(self._file_bytes, data.size, size)
        try:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by close()
            self._file.seek(place.offset)
            self._file.write(data)
            self._file.flush()  # it is read by mapping
        except OSError as error:
            raise IoError(f"could not write rows of a cursor: {error.strerror}") from error
        self._file_bytes += data.size
        return place

    def _load(self, index: int) -> pa.RecordBatch:
        piece = self._pieces[index]
        if not isinstance(piece, _Place):
            return piece
        if self._file is None:
            raise IoError("could not read rows of a cursor: it was closed")
        before = piece.offset % ALLOCATIONGRANULARITY
        try:
            mapped = mmap(self._file.fileno(), before + piece.length, access=ACCESS_READ, offset=piece.offset - before)
        except OSError as error:
            raise IoError(f"could not read rows of a cursor: {error.strerror}") from error
        return pa.ipc.read_record_batch(pa.py_buffer(mapped).slice(before), self.schema)
