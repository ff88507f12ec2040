"""The Delta table that a source's table goes to: made from the source's columns, and brought to them when they change.

What changes is decided by `evolution`; rows are `write`'s and `changes`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, TableFeatures, write_deltalake

from catalog.errors import DuplicateTable, FeatureNotSupported, SerializationFailure
from catalog.model import Column
from catalog.names import always_quote
from catalog.types import TIMESTAMPTZ
from engine.connectors.model import SourceTable
from engine.delta.errors import delta_errors
from engine.delta.rows import storage_schema
from engine.delta.schema import GENERATION_KEY, IDENTITY_KEY, DeltaField, read_fields
from engine.delta.snapshot import has_log, open_table
from engine.delta.spilled import Spill, batches_of
from engine.delta.staging import StagingFolder, clean
from engine.delta.table import CommitInfo, check_table_writable, create
from engine.storage.storage import LOCAL, Storage
from engine.sync.evolution import SOURCE_KEY, Evolution, OnSchemaChange, arrow_schema, fields_of, plan

ATTEMPTS = 5
"""How often a step is tried when another writer commits in between."""
STAGING_PREFIX = "sync"
SOFT_DELETE_COLUMN = "_deleted_at"
"""What DELETES SOFT calls its column unless it is told: timestamptz, NULL in rows that the source has."""


class Deletes(Enum):
    """What becomes of a row that the source has deleted."""

    APPLY = "apply"
    SOFT = "soft"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Target:
    """One table of a sync, and the rules for it. `relation`: its name, for messages; `staging_dir`: a folder of this
    machine for rows that have to wait.

    `soft_column` belongs to Deletes.SOFT: when the source deleted the row.
    """

    uri: str
    relation: str
    commit: CommitInfo
    staging_dir: Path
    storage: Storage = LOCAL
    partition_by: tuple[str, ...] = ()
    on_schema_change: OnSchemaChange = OnSchemaChange.EVOLVE
    deletes: Deletes = Deletes.APPLY
    soft_column: str = SOFT_DELETE_COLUMN

    @property
    def added(self) -> tuple[Column, ...]:
        """Columns that the sync has of its own."""
        return (Column(self.soft_column, TIMESTAMPTZ),) if self.deletes is Deletes.SOFT else ()


def prepare(target: Target, source: SourceTable) -> Evolution:
    """Make the table if there is none, else bring its columns to the source's, in a commit of its own.

    NOT NULL columns and partitions are only made with the table. Raises DatatypeMismatch (42804) for what the rule
    forbids or no type can hold, DuplicateColumn, FeatureNotSupported. May be repeated at will.
    """
    if not has_log(target.storage.place(target.uri), target.storage):
        try:
            _create(target, source)
            return Evolution()
        except DuplicateTable:
            pass  # made by another in the meantime: as if it had been there
    for attempt in range(1, ATTEMPTS + 1):
        table = open_writable(target)
        evolution = planned(target, source, table)
        try:
            _evolve(target, table, evolution)
            return evolution
        except SerializationFailure:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def open_writable(target: Target) -> DeltaTable:
    """The newest version. Raises FeatureNotSupported for a table that cannot be written here or is computed in part."""
    table = open_table(target.uri, None, target.storage)
    with delta_errors():
        fields = read_fields(table.schema().to_json())
        check_table_writable(table, fields)
        target.storage.files(target.storage.place(target.uri)).check([target.storage.place(target.uri)])
    for field in fields:
        if GENERATION_KEY in field.metadata or IDENTITY_KEY in field.metadata:
            raise FeatureNotSupported(f'column "{field.name}" of the target is computed: no sync can write it')
    return table


def fields_in(table: DeltaTable) -> tuple[DeltaField, ...]:
    """The columns of an open table."""
    with delta_errors():
        return read_fields(table.schema().to_json())


def planned(target: Target, source: SourceTable, table: DeltaTable) -> Evolution:
    """How the open table's columns would change. Raises as `prepare`."""
    return plan(fields_in(table), source, target.added, target.on_schema_change, target.relation)


def read_rows(table: DeltaTable, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """All rows of the open version, whatever its features, a batch at a time."""
    whole = storage_schema(fields_in(table))
    schema = pa.schema([whole.field(name) for name in columns])
    names = ", ".join(always_quote(name) for name in columns)
    with delta_errors():
        found = QueryBuilder().register("t", table).execute(f"SELECT {names} FROM t")
        for batch in pa.RecordBatchReader.from_stream(found):  # texts come as views
            arrays = [column.cast(item.type) for column, item in zip(batch.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


@contextmanager
def staged(target: Target, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[Iterator[pa.RecordBatch]]:
    """The batches, all read before the first of them is given: deltalake cannot read while it is asking for rows."""
    folder = StagingFolder(target.staging_dir, STAGING_PREFIX)
    spill = Spill(lambda: str(folder.path / "rows.arrow"))
    try:
        for batch in batches:
            spill.write([batch], schema)
        yield chain.from_iterable(batches_of(path) for path in spill.close())
    except BaseException:
        spill.discard()
        raise
    finally:
        folder.close()


def clean_staging(staging_dir: Path) -> list[Path]:
    """At start-up: remove what syncs of crashed processes left; returns the folders removed."""
    return clean(staging_dir, STAGING_PREFIX)


def add_missing_feature(table: DeltaTable, commit: CommitInfo) -> None:
    """Spark writes no table with NOT NULL whose features are named, but not that one."""
    named = table.protocol().writer_features
    if named and "invariants" not in named and any(not field.nullable for field in fields_in(table)):
        with delta_errors():
            table.alter.add_feature(
                [TableFeatures.Invariants], allow_protocol_versions_increase=True, commit_properties=commit.properties()
            )


def _create(target: Target, source: SourceTable) -> None:
    columns = [Column(column.name, column.type, column.nullable) for column in source.columns]
    notes = {item.name: {SOURCE_KEY: str(item.metadata[SOURCE_KEY])} for item in fields_of(source)}
    create(
        target.uri,
        [*columns, *target.added],
        target.partition_by,
        commit=target.commit,
        storage=target.storage,
        notes=notes,
    )


def _evolve(target: Target, table: DeltaTable, evolution: Evolution) -> None:
    if not evolution.changes:
        return
    if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        raise FeatureNotSupported("columns of a target with column mapping cannot be changed here")
    properties = target.commit.properties()
    if evolution.rewritten:
        _rewrite(target, table, evolution)
    elif evolution.grown:
        schema = arrow_schema(evolution.fields)
        with delta_errors():
            nothing = pa.RecordBatchReader.from_batches(schema, [])
            write_deltalake(table, nothing, mode="append", schema_mode="merge", commit_properties=properties)
    for name, noted in evolution.retold.items():
        with delta_errors():
            table.alter.set_column_metadata(name, dict(noted), commit_properties=properties)
    add_missing_feature(table, target.commit)


def _rewrite(target: Target, table: DeltaTable, evolution: Evolution) -> None:
    """All rows anew under the new columns, in one commit: Delta cannot rename or widen what is in its files."""
    schema = arrow_schema(evolution.fields)
    origins = [evolution.origins.get(field.name) for field in evolution.fields]
    old = [name for name in origins if name is not None]
    renamed: Mapping[str | None, str] = {
        origin: field.name for origin, field in zip(origins, evolution.fields, strict=True) if origin is not None
    }
    partitions = [renamed.get(name, name) for name in table.metadata().partition_columns]

    def moved(batch: pa.RecordBatch) -> pa.RecordBatch:
        given = iter(batch.columns)
        columns = [
            pa.nulls(batch.num_rows, field.type) if origin is None else next(given).cast(field.type)
            for origin, field in zip(origins, schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    with staged(target, schema, map(moved, read_rows(table, old))) as rows, delta_errors():
        write_deltalake(
            table,
            pa.RecordBatchReader.from_batches(schema, rows),
            mode="overwrite",
            schema_mode="overwrite",
            partition_by=partitions or None,
            commit_properties=target.commit.properties(),
        )
