"""Rows of one large append, written in their final form while they come in: deltalake makes the Parquet files, with
their statistics, in a scratch table of the staging folder; the commit moves them into the table and its log names them.

For rows that nobody reads before the commit. Until then there is nothing in the table's folder.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import shutil
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.transaction import AddAction

from catalog.errors import QueryCanceled
from engine.delta.errors import delta_errors
from engine.delta.schema import GENERATION_KEY
from engine.delta.snapshot import Snapshot
from engine.storage.place import is_s3

LOOK_S = 0.1
COPY_BYTES = 1 << 20
PIECES_AHEAD, PIECE_BYTES = 16, 1 << 20
"""At most so many wait for the writer, of so many bytes each (and one row at least): deltalake 1.6 itself holds as many
as 128 of what it is given, whatever their size.
"""
ROW_GROUP_BYTES, ROW_GROUP_ROWS = 32 << 20, 1 << 20
"""A row group is kept in memory until it is full: rows in it at most, and about so many bytes."""
_PLAIN_FEATURES = frozenset({"appendOnly", "invariants", "timestampNtz", "checkConstraints", "changeDataFeed"})
_PLAIN_WRITERS = (1, 2, 3, 7)
_RULES = (GENERATION_KEY, "delta.invariants")
_PLAIN_SETTINGS = ("delta.dataSkipping", "delta.targetFileSize", "delta.logRetention", "delta.deletedFileRetention")


def is_possible(snapshot: Snapshot) -> bool:
    """Whether files of a table without any of Delta's features are files of this one: no renamed, computed or checked
    columns, no partitions, in a folder of this machine.
    """
    return (
        not is_s3(snapshot.root)
        and not snapshot.partition_by
        and not snapshot.column_mapping
        and set(snapshot.writer_features) <= _PLAIN_FEATURES
        and all(not key.startswith("delta.") or key.startswith(_PLAIN_SETTINGS) for key in snapshot.configuration)
        and snapshot.min_writer in _PLAIN_WRITERS
        and not any(key in item.metadata for key in _RULES for item in snapshot.fields)
    )


def pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Its rows in batches of PIECE_BYTES, for deltalake."""
    step = max(1, batch.num_rows * PIECE_BYTES // max(batch.nbytes, PIECE_BYTES))
    return (batch.slice(start, step) for start in range(0, batch.num_rows, step))


@dataclass(frozen=True, slots=True)
class Written:
    """Files in `folder` that are to become a table's."""

    folder: Path
    files: tuple[AddAction, ...]

    def move(self, root: str) -> None:
        """Into the table's folder; those that are there already stay. Raises SqlError; nothing is left there then."""
        try:
            with delta_errors():
                for file in self.files:
                    if (self.folder / file.path).exists():
                        _move(self.folder / file.path, Path(root, file.path))
        except BaseException:
            self.remove(root)
            raise

    def remove(self, root: str) -> None:
        """Out of the table's folder again: nothing names them."""
        for file in self.files:
            Path(root, file.path).unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    """All of the file or nothing, also to another file system, where it is on disk before it has its name."""
    try:
        source.replace(target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    partial = target.with_name(f"_{target.name}.part")
    try:
        with source.open("rb") as read, partial.open("xb") as written:
            shutil.copyfileobj(read, written, COPY_BYTES)
            written.flush()
            os.fsync(written.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    source.unlink()


class Writing:
    """deltalake at work, in a thread of its own. `finish` or `abandon` ends it."""

    def __init__(self, folder: Path, schema: pa.Schema, settings: Mapping[str, str], row_bytes: float) -> None:
        """`settings`: of the table, as far as they shape its files; `row_bytes`: about how large the rows are."""
        self._folder, self._schema = folder, schema
        self._group_rows = min(ROW_GROUP_ROWS, max(1, int(ROW_GROUP_BYTES / max(row_bytes, 1.0))))
        self._queue: queue.Queue[pa.RecordBatch | None] = queue.Queue(PIECES_AHEAD)
        self._abandoned = threading.Event()
        with delta_errors():
            shaping = {key: value for key, value in settings.items() if key.startswith(_PLAIN_SETTINGS[:2])}
            self._table = DeltaTable.create(str(folder), schema, configuration=shaping)
        self._thread = ThreadPoolExecutor(1, "delta-writing")
        self._done = self._thread.submit(self._write)

    def put(self, batch: pa.RecordBatch) -> None:
        """The next rows. Waits while the writer has enough. Raises the writer's error (SqlError)."""
        for piece in pieces(batch):
            self._put(piece)

    def finish(self) -> Written:
        """There are no more. Raises SqlError."""
        self._put(None)
        self._result()
        self._thread.shutdown()
        log = sorted((self._folder / "_delta_log").glob("*.json"))
        entries = [json.loads(line) for path in log for line in path.read_text().splitlines()]
        return Written(self._folder, tuple(_action(entry["add"]) for entry in entries if "add" in entry))

    def abandon(self) -> None:
        """Nothing of it is wanted; returns once the thread has ended."""
        self._abandoned.set()
        self._thread.shutdown()

    def _put(self, piece: pa.RecordBatch | None) -> None:
        while not self._done.done():
            try:
                return self._queue.put(piece, timeout=LOOK_S)
            except queue.Full:
                continue
        self._result()

    def _write(self) -> None:
        reader = pa.RecordBatchReader.from_batches(self._schema, self._batches())
        shape = WriterProperties(compression="SNAPPY", max_row_group_size=self._group_rows)
        write_deltalake(self._table, reader, mode="append", writer_properties=shape)

    def _result(self) -> None:
        """Raises what the writer has met with, as SqlError."""
        with delta_errors():
            self._done.result()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        while not self._abandoned.is_set():
            try:
                batch = self._queue.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if batch is None:
                return
            yield batch
        raise QueryCanceled("the rows are not wanted any more")


def _action(add: Mapping[str, Any]) -> AddAction:
    return AddAction(add["path"], add["size"], add["partitionValues"], add["modificationTime"], True, add["stats"])
