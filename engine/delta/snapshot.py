"""One version of a Delta table as the log tells it, and the bounded cache of snapshots. Reading rows is elsewhere."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from catalog.errors import (
    DataCorrupted,
    FeatureNotSupported,
    InvalidParameterValue,
    ObjectNotInPrerequisiteState,
    UndefinedTable,
)
from catalog.model import Statistics
from catalog.names import TableLocation
from catalog.types import PgType
from engine.delta.errors import delta_errors
from engine.delta.features import check_partition_types, check_readable
from engine.delta.schema import DeltaField, read_fields
from engine.storage.files import FileInfo, Identity
from engine.storage.place import place, resolve
from engine.storage.storage import LOCAL, Storage

HANDLES_MAX = 512
SNAPSHOTS_MAX = 256
CACHED_FILES_MAX = 1_000_000
"""Bounds of a cache: tables kept open, versions kept, and data files listed by all of them together."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An immutable version of a table.

    `files` has one row a data file: path (as the log has it), size_bytes, num_records (may be NULL), and
    `partition.<column>` in the column's Arrow type. `dead` has the deleted row numbers of files with a deletion vector,
    by URI of the file. `marker` tells two tables apart that were at one location one after the other.
    """

    uri: str
    version: int
    table_id: str
    fields: tuple[DeltaField, ...]
    partition_by: tuple[str, ...]
    configuration: Mapping[str, str]
    min_reader: int
    min_writer: int
    reader_features: tuple[str, ...]
    writer_features: tuple[str, ...]
    files: pa.Table
    file_uris: frozenset[str]
    dead: Mapping[str, npt.NDArray[np.int64]]
    marker: Identity | None
    storage: Storage = LOCAL

    @property
    def root(self) -> str:
        """The table's folder, with a slash at its end."""
        return place(self.uri).rstrip("/") + "/"

    @property
    def column_mapping(self) -> bool:
        return self.configuration.get("delta.columnMapping.mode", "none") != "none"

    def paths(self) -> list[str]:
        """Where each row of `files` is: its place on disk or in the store."""
        return [resolve(self.root, path) for path in self.files["path"].to_pylist()]

    def check_files(self) -> None:
        """Raises InsufficientPrivilege if a data file is not where the log says, but where a symbolic link leads."""
        self.storage.files(self.root).check(self.paths())

    def statistics(self) -> Statistics:
        """Rows (without deleted ones), bytes and files. Opens footers only of files with no row count in the log."""
        counts, sizes = self.files["num_records"].to_pylist(), self.files["size_bytes"].to_pylist()
        paths = self.paths() if None in counts else ()
        known = (c if c is not None else self._rows_of(paths[i], sizes[i]) for i, c in enumerate(counts))
        rows = sum(known) - sum(len(numbers) for numbers in self.dead.values())
        size = sum(sizes)
        return Statistics(version=self.version, rows=rows, bytes=size, files=self.files.num_rows)

    def _rows_of(self, path: str, size: int) -> int:
        with delta_errors(), self.storage.files(path).open(path, size) as file:
            return int(pq.read_metadata(file).num_rows)


def columns_of(snapshot: Snapshot) -> tuple[tuple[str, PgType], ...]:
    """Names and PostgreSQL types of a snapshot's columns, also of tables that others wrote."""
    return tuple((field.name, field.pg) for field in snapshot.fields)


def open_table(uri: str, version: int | None = None, storage: Storage = LOCAL) -> DeltaTable:
    """A handle, errors mapped: no table 42P01, no such version 22023, a version cut off the log 55000, broken XX001."""
    path = storage.place(uri)
    options = storage.delta(path)
    _check_log_start(path, storage)
    with delta_errors():
        if version is None:
            return DeltaTable(path, storage_options=options)
        if _marker(uri, version, storage) is not None:
            return DeltaTable(path, version=version, storage_options=options)
        latest = DeltaTable(path, storage_options=options).version()
        if not 0 <= version <= latest:  # deltalake must not see it: it searches for huge versions without end
            raise InvalidParameterValue(
                f"version {version} of the table does not exist", detail=f"The latest version is {latest}."
            )
        try:
            return DeltaTable(path, version=version, storage_options=options)
        except DeltaError:
            raise ObjectNotInPrerequisiteState(
                f"version {version} of the table is no longer readable",
                detail="Its entries have been removed from the table's log.",
            ) from None


def has_log(path: str, storage: Storage = LOCAL) -> bool:
    """There is a Delta table: a log with something in it (a CREATE that failed may leave an empty folder)."""
    log = log_folder(path)
    with delta_errors():
        return any(_is_commit(item.name) or _is_checkpoint(item.name) for item in storage.files(log).list(log))


def check_location(path: str) -> None:
    """deltalake decodes percent signs of a location twice and ends up elsewhere: refuse them."""
    if "%" in path:
        raise FeatureNotSupported("a table location with a percent sign is not supported")


def log_folder(path: str) -> str:
    """Where the log of the table at a place is."""
    return path.rstrip("/") + "/_delta_log"


def commit_file(version: int) -> str:
    """The name of a version's entry in the log."""
    return f"{version:020d}.json"


def _check_log_start(path: str, storage: Storage) -> None:
    """deltalake opens a log whose first commits are gone without a checkpoint, and shows too few rows: refuse it."""
    check_location(path)
    log = log_folder(path)
    files = storage.files(log)
    with delta_errors():
        files.check_tree(log)
        if files.stat(log, [commit_file(0)])[0] is not None:
            return
        entries = False
        for item in files.list(log):
            if _is_checkpoint(item.name):
                return
            entries = entries or _is_commit(item.name)
    if not entries:
        raise UndefinedTable("there is no Delta table at the given location")
    raise DataCorrupted("the beginning of the table's log is missing")


def _is_commit(name: str) -> bool:
    return name.endswith(".json") and "/" not in name


def _is_checkpoint(name: str) -> bool:
    return ".checkpoint" in name and "/" not in name


def read_snapshot(table: DeltaTable, uri: str, storage: Storage = LOCAL, marker: Identity | None = None) -> Snapshot:
    """All of the handle's version, after the protocol gate; raises FeatureNotSupported. `marker`: as `_marker` has just
    told it, if it was asked.
    """
    with delta_errors():
        protocol, metadata = table.protocol(), table.metadata()
        fields = read_fields(table.schema().to_json())
        reader_features = tuple(protocol.reader_features or ())
        check_readable(protocol.min_reader_version, reader_features, fields)
        check_partition_types(fields, metadata.partition_columns)
        version = table.version()
        return Snapshot(
            uri=uri,
            version=version,
            table_id=str(metadata.id),
            fields=fields,
            partition_by=tuple(metadata.partition_columns),
            configuration=dict(metadata.configuration),
            min_reader=protocol.min_reader_version,
            min_writer=protocol.min_writer_version,
            reader_features=reader_features,
            writer_features=tuple(protocol.writer_features or ()),
            files=_oldest_first(pa.table(table.get_add_actions(flatten=True))),
            file_uris=frozenset(table.file_uris()),
            dead=_deleted_rows(table) if "deletionVectors" in reader_features else {},
            marker=marker or _marker(uri, version, storage),
            storage=storage,
        )


def _oldest_first(files: pa.Table) -> pa.Table:
    """The log tells the newest files first; a query without ORDER BY should give rows as they were inserted."""
    return files.sort_by([("modification_time", "ascending"), ("path", "ascending")])


class Snapshots:
    """Snapshots by location: one open handle a table, brought up to date at each `latest`. Safe for many threads."""

    def __init__(
        self,
        storage: Storage = LOCAL,
        *,
        handles_max: int = HANDLES_MAX,
        snapshots_max: int = SNAPSHOTS_MAX,
        files_max: int = CACHED_FILES_MAX,
    ) -> None:
        self.storage = storage
        self._handles: OrderedDict[str, _Handle] = OrderedDict()
        self._snapshots: OrderedDict[tuple[str, int], Snapshot] = OrderedDict()
        self._files = 0
        self._handles_max, self._snapshots_max, self._files_max = handles_max, snapshots_max, files_max
        self._lock = threading.Lock()

    def latest(self, uri: str) -> Snapshot:
        """The table's newest version: one look at the log's folder if nothing changed."""
        handle = self._handle(uri)
        with handle.lock:
            return self._keep(uri, handle.refresh(uri), handle.marker)

    def latest_version(self, uri: str) -> int:
        """As `latest`, but without reading the list of files."""
        handle = self._handle(uri)
        with handle.lock:
            return int(handle.refresh(uri).version())

    def at(self, location: TableLocation) -> Snapshot:
        """The snapshot of a version; the newest if the location names none."""
        if location.version is None:
            return self.latest(location.uri)
        cached = self._cached(location.uri, location.version)
        if cached is not None:
            return cached
        with self._lock:
            handle = self._handles.get(location.uri)
        if handle is not None and handle.lock.acquire(blocking=False):
            try:
                if handle.table is not None and handle.table.version() == location.version:
                    return self._keep(location.uri, handle.table)
            finally:
                handle.lock.release()
        return self._keep(location.uri, open_table(location.uri, location.version, self.storage))

    def lend(self, uri: str) -> DeltaTable:
        """The open handle at the newest version, for one writer alone; readers meanwhile open another."""
        handle = self._handle(uri)
        with handle.lock:
            table = handle.refresh(uri)
            handle.table = None
            return table

    def give_back(self, uri: str, table: DeltaTable) -> None:
        """After a successful write with `lend`'s handle; one that failed is dropped instead."""
        handle = self._handle(uri)
        with handle.lock:
            if handle.table is None:
                handle.keep(uri, table)

    def forget(self, uri: str) -> None:
        """Drop all that is kept of a table (it was dropped, or its handle failed)."""
        with self._lock:
            self._handles.pop(uri, None)
            for key in [key for key in self._snapshots if key[0] == uri]:
                self._files -= self._snapshots.pop(key).files.num_rows

    def _handle(self, uri: str) -> _Handle:
        with self._lock:
            handle = self._handles.get(uri)
            if handle is None:
                handle = self._handles[uri] = _Handle(threading.Lock(), self.storage)
            self._handles.move_to_end(uri)
            while len(self._handles) > self._handles_max:
                self._handles.popitem(last=False)
            return handle

    def _keep(self, uri: str, table: DeltaTable, marker: Identity | None = None) -> Snapshot:
        """`marker`: the version's, if it has just been looked at."""
        cached = self._cached(uri, table.version(), marker)
        if cached is not None:
            return cached
        snapshot = read_snapshot(table, uri, self.storage, marker)
        with self._lock:
            previous = self._snapshots.pop((uri, snapshot.version), None)
            self._files += snapshot.files.num_rows - (previous.files.num_rows if previous is not None else 0)
            self._snapshots[uri, snapshot.version] = snapshot
            while len(self._snapshots) > 1 and (
                len(self._snapshots) > self._snapshots_max or self._files > self._files_max
            ):
                self._files -= self._snapshots.popitem(last=False)[1].files.num_rows
        return snapshot

    def _cached(self, uri: str, version: int, marker: Identity | None = None) -> Snapshot | None:
        with self._lock:
            snapshot = self._snapshots.get((uri, version))
            if snapshot is not None:
                self._snapshots.move_to_end((uri, version))
        if snapshot is None or snapshot.marker != (marker or _marker(uri, version, self.storage)):
            return None
        return snapshot


class _Handle:
    """An open table that follows the log. The lock is held while the handle is used."""

    def __init__(self, lock: threading.Lock, storage: Storage) -> None:
        self.lock = lock
        self.table: DeltaTable | None = None
        self.marker: Identity | None = None
        self._storage = storage
        self._checkpoint: Identity | None = None
        self._checkpoint_known = False

    def refresh(self, uri: str) -> DeltaTable:
        """The handle at the newest version; a table made anew at its place is opened anew."""
        table, self.table = self.table, None
        if table is None:
            (checkpoint,) = self._look(uri, [_LAST_CHECKPOINT])
            return self._open(uri, checkpoint)
        names = [commit_file(table.version()), commit_file(table.version() + 1), _LAST_CHECKPOINT]
        present, next_one, checkpoint = self._look(uri, names)
        if present != self.marker:
            return self._open(uri, checkpoint)
        # No next commit: nothing is new. A log's clean-up may have removed it, but only after another checkpoint.
        if next_one is not None or not self._checkpoint_known or checkpoint != self._checkpoint:
            version = table.version()
            with delta_errors():
                log = log_folder(self._storage.place(uri))
                self._storage.files(log).check_tree(log)
                table.update_incremental()
            if table.version() != version:
                (present,) = self._look(uri, [commit_file(table.version())])
        self._set(table, present, checkpoint)
        return table

    def keep(self, uri: str, table: DeltaTable) -> None:
        """Take over a handle that was just written with: what its log's newest checkpoint is, is not known."""
        self.table = table
        (self.marker,) = self._look(uri, [commit_file(table.version())])
        self._checkpoint, self._checkpoint_known = None, False

    def _open(self, uri: str, checkpoint: Identity | None) -> DeltaTable:
        table = open_table(uri, None, self._storage)
        (present,) = self._look(uri, [commit_file(table.version())])
        self._set(table, present, checkpoint)
        return table

    def _set(self, table: DeltaTable, marker: Identity | None, checkpoint: Identity | None) -> None:
        """`checkpoint`: the log's newest as it was before the handle was brought up to date."""
        self.table, self.marker = table, marker
        self._checkpoint, self._checkpoint_known = checkpoint, True

    def _look(self, uri: str, names: list[str]) -> list[Identity | None]:
        return [_identity(found) for found in _look(uri, names, self._storage)]


_LAST_CHECKPOINT = "_last_checkpoint"


def _deleted_rows(table: DeltaTable) -> dict[str, npt.NDArray[np.int64]]:
    """Row numbers deleted, by file. The vector is a *keep* mask; rows past its end stay."""
    vectors = pa.table(table.deletion_vectors())
    dead: dict[str, npt.NDArray[np.int64]] = {}
    for batch in vectors.to_batches():
        for path, mask in zip(batch.column("filepath").to_pylist(), batch.column("selection_vector"), strict=True):
            keep = mask.values.to_numpy(zero_copy_only=False)
            dead[place(path)] = np.flatnonzero(~keep).astype(np.int64)
    return dead


def _marker(uri: str, version: int, storage: Storage) -> Identity | None:
    """Identity of a version's commit file; None once the log has been cleaned up to a checkpoint."""
    return _identity(_look(uri, [commit_file(version)], storage)[0])


def _look(uri: str, names: list[str], storage: Storage) -> list[FileInfo | None]:
    log = log_folder(storage.place(uri))
    with delta_errors():
        return storage.files(log).stat(log, names)


def _identity(found: FileInfo | None) -> Identity | None:
    return None if found is None else found.identity
