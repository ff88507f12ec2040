"""An SQL transaction over Delta tables: versions read, changes staged, one Delta commit for each changed table."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Literal

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from catalog.errors import (
    InternalError,
    InvalidSavepoint,
    ObjectNotInPrerequisiteState,
    SerializationFailure,
    SqlError,
)
from catalog.names import TableLocation, TableName
from engine.base import DeltaSource, Source, StagedSource
from engine.delta import staging, written
from engine.delta.errors import delta_errors
from engine.delta.features import check_file_paths, check_partition_values, check_writable
from engine.delta.rows import RowCaster, storage_schema
from engine.delta.schema import GENERATION_KEY, DeltaField, read_fields
from engine.delta.snapshot import Snapshot, Snapshots, open_table
from engine.delta.spilled import Spill, batches_of
from engine.delta.spilled import schema_of as spilled_schema
from engine.delta.table import CommitInfo
from engine.delta.written import Writing, Written, pieces

MEMORY_BYTES = 8 << 20
"""Staged rows of one table kept in memory before they are spilled to a file."""
APPEND_ATTEMPTS = 20
_PREFIX = "transaction"
_ROWS_MERGED_MAX = 8_192


@dataclass(frozen=True, slots=True)
class _Where:
    """A DELETE (`updates` None) or UPDATE by a predicate in DataFusion's SQL."""

    predicate: str | None
    updates: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class _Change:
    """What is staged for one table. `replaced`: the rows are the whole content, not an addition."""

    replaced: bool = False
    batches: tuple[pa.RecordBatch, ...] = ()
    files: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = 0
    """Of `batches`."""
    where: _Where | None = None
    written: Written | None = None

    def plus(self, batch: pa.RecordBatch) -> _Change:
        """With one more batch. Small ones are merged in powers of two: a thousand INSERTs stay a few batches."""
        batches = [*self.batches, batch]
        while len(batches) > 1 and batches[-2].num_rows <= batches[-1].num_rows < _ROWS_MERGED_MAX:
            last, previous = batches.pop(), batches.pop()
            batches.append(pa.concat_batches([previous, last]))
        return replace(self, batches=tuple(batches), rows=self.rows + batch.num_rows, bytes=self.bytes + batch.nbytes)


@dataclass(frozen=True, slots=True)
class _Pin:
    uri: str
    version: int


@dataclass(slots=True)
class _Savepoint:
    name: str
    changes: dict[TableName, _Change] = field(default_factory=dict)


class DeltaTransaction:
    """Used by one session at a time. Nothing is visible to others before `commit`.

    The first touch of a table pins its version: all later reads in the transaction use it. Reads with an explicit
    version of their own never come here.
    """

    def __init__(
        self, staging_dir: Path, snapshots: Snapshots, commit: CommitInfo, *, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.commit_info = commit
        """May be replaced between statements; what is set at commit is noted in the log."""
        self.counts: dict[TableName, int] = {}
        """After commit: rows changed by `delete_where` and `update_where`."""
        self._staging_dir, self._snapshots, self._memory_bytes = staging_dir, snapshots, memory_bytes
        self._folder: staging.StagingFolder | None = None
        self._pins: dict[TableName, _Pin] = {}
        self._changes: dict[TableName, _Change] = {}
        self._savepoints: list[_Savepoint] = []

    def pin(self, name: TableName, uri: str, version: int | None = None) -> int:
        """The version this transaction reads; `version` decides it if this is the first touch."""
        pinned = self._pins.get(name)
        if pinned is None or pinned.uri != uri:
            chosen = self._snapshots.latest_version(uri) if version is None else version
            pinned = self._pins[name] = _Pin(uri, chosen)
        return pinned.version

    @property
    def changed(self) -> tuple[TableName, ...]:
        """Tables with staged changes, in the order they were first changed."""
        return tuple(self._changes)

    def source(self, name: TableName) -> Source:
        """What to read for a pinned table: the pinned version with the transaction's own changes."""
        pinned = self._pins[name]
        base = DeltaSource(TableLocation(pinned.uri, pinned.version))
        change = self._changes.get(name)
        if change is None:
            return base
        if change.where is not None or change.written is not None:
            raise InternalError("a table changed by predicate, or at once, cannot be read before the transaction ends")
        rows = pa.Table.from_batches(change.batches) if change.batches else None
        return StagedSource(None if change.replaced else base, rows, change.files)

    def append(self, name: TableName, uri: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        """Stage rows to add; returns their number. Columns match the table's by position, or, if there are fewer, by
        name: columns that only other writers know get NULL.

        Raises 0A000 for a table we may not write, 23502, 22001 and 22003 for rows it cannot hold. On an error nothing
        of this call stays.
        """
        snapshot = self._writable(name, uri)
        before = self._changes.get(name, _Change())
        if before.where is not None or before.written is not None:
            raise InternalError("a table changed by predicate, or at once, takes no further changes")
        return self._stage(name, snapshot, before, schema, batches)

    def write_at_once(
        self, name: TableName, uri: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, replaces: bool = False
    ) -> int:
        """As `append` or, if it `replaces` what the table holds, `replace`; for rows that nothing reads before the
        commit, which follows, and that read nothing of the table: if there are many, their files are written while they
        come in.
        """

        def staged(rows: Iterable[pa.RecordBatch]) -> int:
            if replaces:
                return self.replace(name, uri, pa.RecordBatchReader.from_batches(schema, rows))
            return self.append(name, uri, schema, rows)

        snapshot, incoming = self._writable(name, uri), iter(batches)
        if name in self._changes or len(schema) != len(snapshot.fields) or not written.is_possible(snapshot):
            return staged(incoming)
        if replaces:
            self._check_rewritable(snapshot, name)
        first, size = [], 0
        for batch in incoming:
            first.append(batch)
            size += batch.nbytes
            if size > self._memory_bytes:
                break
        else:
            return staged(first)
        caster = RowCaster(name.name, snapshot.fields, snapshot.partition_by, schema)
        row_bytes = size / max(1, sum(batch.num_rows for batch in first))
        rows, writing = 0, Writing(Path(self.new_file("")), caster.schema, snapshot.configuration, row_bytes)
        try:
            for batch in chain(first, incoming):
                if batch.num_rows:
                    writing.put(caster(batch))
                    rows += batch.num_rows
            files = writing.finish()
        except BaseException:
            writing.abandon()
            raise
        self._changes[name] = _Change(replaced=replaces, rows=rows, written=files)
        return rows

    def replace(self, name: TableName, uri: str, reader: pa.RecordBatchReader) -> int:
        """Stage the table's whole new content (UPDATE, DELETE, TRUNCATE); returns its number of rows.

        The reader may read `source(name)`: what was staged before stays until the reader has ended.
        """
        snapshot = self._writable(name, uri)
        self._check_rewritable(snapshot, name)
        if len(reader.schema) < len(snapshot.fields):
            unknown = [item.name for item in snapshot.fields if item.name not in reader.schema.names]
            raise ObjectNotInPrerequisiteState(
                f'Delta table of "{name.name}" has columns that the catalog does not know: {", ".join(unknown)}',
                hint="ALTER TABLE ... ADD COLUMN with the same name and type takes a column over.",
            )
        return self._stage(name, snapshot, _Change(replaced=True), reader.schema, reader)

    def delete_where(self, name: TableName, uri: str, predicate: str | None) -> bool:
        """DELETE by a simple predicate, run at commit; False (nothing staged) if the table has other changes."""
        return self._stage_where(name, uri, _Where(predicate, None))

    def update_where(self, name: TableName, uri: str, updates: Mapping[str, str], predicate: str | None) -> bool:
        """UPDATE by simple expressions, run at commit; False (nothing staged) if the table has other changes."""
        return self._stage_where(name, uri, _Where(predicate, dict(updates)))

    def forget(self, name: TableName) -> None:
        """Take back all that is staged for the table; its pinned version stays."""
        self._changes.pop(name, None)
        self._drop_unused_files()

    def savepoint(self, name: str) -> None:
        self._savepoints.append(_Savepoint(name, dict(self._changes)))

    def release(self, name: str) -> None:
        """Forget the savepoint and those after it; changes stay."""
        del self._savepoints[self._find(name) :]

    def rollback_to(self, name: str) -> None:
        """Undo what was staged since; the savepoint itself stays."""
        position = self._find(name)
        del self._savepoints[position + 1 :]
        self._changes = dict(self._savepoints[position].changes)
        self._drop_unused_files()

    def rollback(self) -> None:
        """Forget everything. Also ends a transaction that has been committed."""
        self._changes.clear()
        self._savepoints.clear()
        self._pins.clear()
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def commit(self) -> tuple[tuple[TableName, int], ...]:
        """Make the changes visible: (table, new version) for each changed table.

        One Delta commit a table. Rewrites, which may conflict (40001), come before appends, which do not. Delta has no
        commit over several tables: if a later one fails, the error's detail names those already committed.
        """
        done: list[tuple[TableName, int]] = []
        try:
            order = sorted(self._changes.items(), key=lambda item: not (item[1].replaced or item[1].where))
            for name, change in order:
                if change.replaced or change.where is not None or change.rows:
                    done.append((name, self._commit_table(name, change)))
        except SqlError as error:
            if done:
                committed = ", ".join(str(name) for name, _ in done)
                error.detail = f"{error.detail or ''}\nChanges of {committed} had been committed already.".lstrip()
            raise
        finally:
            self.rollback()
        return tuple(done)

    def _writable(self, name: TableName, uri: str) -> Snapshot:
        """The pinned snapshot, after the gate on writer features."""
        snapshot = self._snapshots.at(TableLocation(uri, self.pin(name, uri)))
        check_writable(snapshot.min_writer, snapshot.writer_features, snapshot.configuration, snapshot.fields)
        return snapshot

    @staticmethod
    def _check_rewritable(snapshot: Snapshot, name: TableName) -> None:
        if snapshot.configuration.get("delta.appendOnly") == "true":
            raise ObjectNotInPrerequisiteState(f'table "{name.name}" is append-only')
        check_file_paths(snapshot.files)

    def _stage_where(self, name: TableName, uri: str, where: _Where) -> bool:
        snapshot = self._writable(name, uri)
        self._check_rewritable(snapshot, name)
        check_partition_values(snapshot.fields, snapshot.partition_by, snapshot.files)
        if name in self._changes:
            return False
        self._changes[name] = _Change(where=where)
        return True

    def _stage(
        self,
        name: TableName,
        snapshot: Snapshot,
        change: _Change,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
    ) -> int:
        caster = RowCaster(name.name, _fields_of(snapshot, schema), snapshot.partition_by, schema)
        before, spilled = change.rows, Spill(self.new_file)
        try:
            for batch in batches:
                if not batch.num_rows:
                    continue
                change = change.plus(caster(batch))
                if change.bytes > self._memory_bytes:
                    spilled.write(change.batches, caster.schema)
                    change = replace(change, batches=(), bytes=0)
            files = spilled.close()
        except BaseException:
            spilled.discard()
            raise
        self._changes[name] = replace(change, files=change.files + files)
        self._drop_unused_files()
        return change.rows - before

    def new_file(self, suffix: str = ".arrow") -> str:
        """A path for a spilled file, in this transaction's own folder."""
        if self._folder is None:
            self._folder = staging.StagingFolder(self._staging_dir, _PREFIX)
        return str(self._folder.path / f"{uuid.uuid4().hex}{suffix}")

    def _drop_unused_files(self) -> None:
        if self._folder is None:
            return
        states = [self._changes, *(point.changes for point in self._savepoints)]
        used = {file for state in states for change in state.values() for file in change.files}
        for path in self._folder.path.glob("*.arrow"):
            if str(path) not in used:
                path.unlink()

    def _find(self, name: str) -> int:
        for position in range(len(self._savepoints) - 1, -1, -1):
            if self._savepoints[position].name == name:
                return position
        raise InvalidSavepoint(f'savepoint "{name}" does not exist')

    def _commit_table(self, name: TableName, change: _Change) -> int:
        pinned = self._pins[name]
        snapshot = self._snapshots.at(TableLocation(pinned.uri, pinned.version))
        if change.where is not None:
            return self._commit_where(name, snapshot, change.where)
        if change.replaced:
            table = self._pinned_handle(snapshot)
            try:
                with delta_errors():
                    self._write(table, snapshot, change)
                    return int(table.version())
            except SerializationFailure:
                _remove(change.written, snapshot)
                raise
        return self._commit_append(snapshot, change)

    def _commit_append(self, snapshot: Snapshot, change: _Change) -> int:
        """Appends conflict with nothing but a change of the table itself: they are tried again on a new snapshot."""
        for attempt in range(1, APPEND_ATTEMPTS + 1):
            table = self._snapshots.lend(snapshot.uri)
            self._check_same_table(table, snapshot)
            try:
                with delta_errors():
                    self._write(table, snapshot, change)
                    version = int(table.version())
                self._snapshots.give_back(snapshot.uri, table)
                return version
            except SerializationFailure:
                if attempt == APPEND_ATTEMPTS:
                    _remove(change.written, snapshot)
                    raise
        raise AssertionError("unreachable")

    def _commit_where(self, name: TableName, snapshot: Snapshot, where: _Where) -> int:
        snapshot.check_files()
        table = self._pinned_handle(snapshot)
        properties = self.commit_info.properties()
        with delta_errors():
            if where.updates is None:
                metrics = table.delete(where.predicate, commit_properties=properties)
                self.counts[name] = int(metrics["num_deleted_rows"] or 0)
            else:
                metrics = table.update(dict(where.updates), predicate=where.predicate, commit_properties=properties)
                self.counts[name] = int(metrics["num_updated_rows"])
            return int(table.version())

    def _pinned_handle(self, snapshot: Snapshot) -> DeltaTable:
        """Read-modify-write passes the handle it read: a newer one would drop what others added in the meantime."""
        table = open_table(snapshot.uri, snapshot.version, snapshot.storage)
        self._check_same_table(table, snapshot)
        return table

    @staticmethod
    def _check_same_table(table: DeltaTable, snapshot: Snapshot) -> None:
        with delta_errors():
            if str(table.metadata().id) != snapshot.table_id:
                raise SerializationFailure("could not serialize access: the table has been replaced")

    def _write(self, table: DeltaTable, snapshot: Snapshot, change: _Change) -> None:
        fields = _grown(snapshot.fields, read_fields(table.schema().to_json()))
        mode: Literal["overwrite", "append"] = "overwrite" if change.replaced else "append"
        if change.written is not None:
            snapshot.storage.files(snapshot.root).check([snapshot.root])
            change.written.move(snapshot.root)
            properties = self.commit_info.properties()
            table.create_write_transaction([*change.written.files], mode, table.schema(), commit_properties=properties)
            table.update_incremental()
            return
        if not change.replaced:
            fields = _given(fields, change)
        schema = storage_schema(fields)
        staged = chain.from_iterable(map(pieces, _staged_batches(change, snapshot)))
        reader = pa.RecordBatchReader.from_batches(schema, (_widened(batch, schema) for batch in staged))
        properties = self.commit_info.properties()
        write_deltalake(table, reader, mode=mode, commit_properties=properties)


def clean_staging(staging_dir: Path) -> list[Path]:
    """At start-up: remove what transactions of crashed processes left; returns the folders removed."""
    return staging.clean(staging_dir, _PREFIX)


def _fields_of(snapshot: Snapshot, schema: pa.Schema) -> Sequence[DeltaField]:
    """The table's columns that rows of `schema` have."""
    names = set(schema.names)
    fewer = len(schema) < len(snapshot.fields) and names <= {item.name for item in snapshot.fields}
    return tuple(item for item in snapshot.fields if item.name in names) if fewer else snapshot.fields


def _remove(files: Written | None, snapshot: Snapshot) -> None:
    """Those of a commit that was refused."""
    if files is not None:
        files.remove(snapshot.root)


def _staged_batches(change: _Change, snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    for path in change.files:
        schema = storage_schema(_fields_of(snapshot, spilled_schema(path)))
        for batch in batches_of(path):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
    yield from change.batches


def _grown(before: Sequence[DeltaField], now: Sequence[DeltaField]) -> Sequence[DeltaField]:
    """The table's columns at commit: those staged for, and perhaps nullable ones that others added in the meantime."""
    known = {item.name: item for item in before}
    added = [item for item in now if item.name not in known]
    same = [item for item in now if item.name in known and item.type == known[item.name].type]
    if len(same) != len(before) or any(not item.nullable for item in added):
        raise SerializationFailure("could not serialize access: the columns of the table have changed")
    return now


def _given(fields: Sequence[DeltaField], change: _Change) -> Sequence[DeltaField]:
    """Without generated columns that no row has: deltalake computes them."""
    names = {name for batch in change.batches for name in batch.schema.names}
    names |= {name for path in change.files for name in spilled_schema(path).names}
    return [item for item in fields if item.name in names or GENERATION_KEY not in item.metadata]


def _widened(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with NULL in the columns it lacks."""
    if batch.schema.equals(schema):
        return batch
    names = set(batch.schema.names)
    columns = [batch.column(f.name) if f.name in names else pa.nulls(batch.num_rows, f.type) for f in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
