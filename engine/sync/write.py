"""Rows of a source written to a target: as its whole content, added to it, or merged by key; each in one commit, which
also takes the sync's step. Memory is bounded whatever the number of rows. Changes of a log are `changes`'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

import pyarrow as pa
from deltalake import DeltaTable, WriterProperties, write_deltalake

from catalog.errors import DatatypeMismatch, FeatureNotSupported, NotNullViolation, SerializationFailure, SqlError
from engine.connectors.model import SourceTable
from engine.delta.errors import delta_errors
from engine.delta.features import check_file_paths, check_partition_values
from engine.delta.rows import RowCaster, storage_schema
from engine.delta.schema import DeltaField
from engine.delta.snapshot import has_log
from engine.delta.written import ROW_GROUP_BYTES, ROW_GROUP_ROWS
from engine.sync.evolution import Evolution, OnSchemaChange, arrow_schema, fields_of
from engine.sync.position import Step, commit_alone, is_done, properties
from engine.sync.target import ATTEMPTS, Target, add_missing_feature, fields_in, open_writable, planned, prepare


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step has made of a target. `taken` False: the step, or a later one, had been taken before, and nothing
    was done. `version`: the table's.
    """

    version: int
    taken: bool = True
    rows_written: int = 0
    rows_deleted: int = 0
    evolution: Evolution = field(default_factory=Evolution)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that one write has written and deleted."""

    written: int = 0
    deleted: int = 0


def replace_rows(target: Target, source: SourceTable, reader: pa.RecordBatchReader, step: Step) -> Outcome:
    """Make the rows the table's whole content and, if it may evolve, the source's columns its columns.

    The step need not be later than the last one: a snapshot may begin a sync anew. Raises SerializationFailure (40001)
    if another writer came in between: read again.
    """
    evolution = prepare_if_missing(target, source)
    table = open_writable(target)
    check_rewritable(table)
    fields, evolves = fields_in(table), False
    if target.on_schema_change is OnSchemaChange.EVOLVE:
        fields, evolution, evolves = _replaced(table, target, source)
    rows = TargetRows(target, table, fields, reader.schema)
    schema = arrow_schema(fields) if evolves else rows.schema
    _write(table, target, rows.of(reader, schema), schema, step, mode="overwrite", evolves=evolves)
    if evolves:
        add_missing_feature(table, target.commit)
    return Outcome(int(table.version()), rows_written=rows.count, evolution=evolution)


def append_rows(target: Target, source: SourceTable, reader: pa.RecordBatchReader, step: Step) -> Outcome:
    """Add the rows. Raises SerializationFailure (40001) if another writer changed the table's columns meanwhile."""
    if (done := already(target, step)) is not None:
        return done
    evolution = prepare(target, source)
    table = open_writable(target)
    rows = TargetRows(target, table, fields_in(table), reader.schema)
    try:
        _write(table, target, rows.of(reader, rows.schema), rows.schema, step, mode="append")
    except SerializationFailure:
        if (done := already(target, step)) is not None:
            return done
        raise
    if not is_done(table, step):
        commit_alone(table, target.commit, step)
    return Outcome(int(table.version()), rows_written=rows.count, evolution=evolution)


def already(target: Target, step: Step) -> Outcome | None:
    """If the target has the step, or a later one."""
    if not has_log(target.storage.place(target.uri), target.storage):
        return None
    table = open_writable(target)
    return Outcome(int(table.version()), taken=False) if is_done(table, step) else None


def take(target: Target, step: Step, evolution: Evolution, write: Callable[[DeltaTable], Counts]) -> Outcome:
    """Take the step with what `write` does to an open table, in one commit at most; again if another writer came
    in between. Raises SerializationFailure (40001) after several of those.
    """
    for attempt in range(1, ATTEMPTS + 1):
        table = open_writable(target)
        if is_done(table, step):
            return Outcome(int(table.version()), taken=False)
        try:
            counts = write(table)
            if not is_done(table, step):
                commit_alone(table, target.commit, step)
            return Outcome(
                int(table.version()), rows_written=counts.written, rows_deleted=counts.deleted, evolution=evolution
            )
        except SerializationFailure:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def overwrite(table: DeltaTable, target: Target, batches: Iterator[pa.RecordBatch], step: Step) -> None:
    """Rows as the table has them become its whole content."""
    check_rewritable(table)
    schema = storage_schema(fields_in(table))
    _write(table, target, batches, schema, step, mode="overwrite")


def append(table: DeltaTable, target: Target, batches: Iterator[pa.RecordBatch], step: Step) -> None:
    """Rows as the table has them are added."""
    _write(table, target, batches, storage_schema(fields_in(table)), step, mode="append")


class TargetRows:
    """Casts a source's batches to a target's columns: those that the target lacks are left out, others are NULL.

    `relaxed`: NULL is let pass in NOT NULL columns (rows that only name a key).
    """

    def __init__(
        self,
        target: Target,
        table: DeltaTable,
        fields: Sequence[DeltaField],
        incoming: pa.Schema,
        *,
        relaxed: bool = False,
    ) -> None:
        by_name = {item.name: item for item in fields}
        taken = [name for name in incoming.names if name in by_name]
        missing = [item.name for item in fields if not item.nullable and item.name not in taken]
        if missing and not relaxed:
            raise NotNullViolation(
                f'null value in column "{missing[0]}" of relation "{target.relation}" violates not-null constraint',
                detail="The source has no such column.",
            )
        given = [replace(by_name[name], nullable=relaxed or by_name[name].nullable) for name in taken]
        self._taken, self._places = taken, {name: at for at, name in enumerate(taken)}
        partitions = table.metadata().partition_columns
        self._caster = RowCaster(target.relation, given, partitions, pa.schema([incoming.field(n) for n in taken]))
        whole = [replace(item, nullable=relaxed or item.nullable) for item in fields]
        self.schema = storage_schema(whole)
        self.count = 0
        """Rows cast so far."""

    def __call__(self, batch: pa.RecordBatch, schema: pa.Schema | None = None) -> pa.RecordBatch:
        wanted, cast = schema or self.schema, self.given(batch)
        columns = [
            cast.column(self._places[item.name]) if item.name in self._places else pa.nulls(batch.num_rows, item.type)
            for item in wanted
        ]
        return pa.RecordBatch.from_arrays(columns, schema=wanted)

    def given(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Without the columns that only the target has."""
        self.count += batch.num_rows
        return self._caster(batch.select(self._taken))

    def none(self) -> pa.Table:
        """No rows, with the columns of `given`."""
        return self._caster.schema.empty_table()

    def of(self, reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """All of the reader's rows, as they come."""
        return (self(batch, schema) for batch in reader if batch.num_rows)


def prepare_if_missing(target: Target, source: SourceTable) -> Evolution:
    """For rows that replace all others: what is there evolves with them, unless the rule keeps it."""
    there = has_log(target.storage.place(target.uri), target.storage)
    if there and target.on_schema_change is OnSchemaChange.EVOLVE:
        return Evolution()
    return prepare(target, source)


def _replaced(table: DeltaTable, target: Target, source: SourceTable) -> tuple[tuple[DeltaField, ...], Evolution, bool]:
    """The columns of a table whose rows are all replaced: the source's, with the comments that are there."""
    before = {item.name: item for item in fields_in(table)}
    fields = tuple(
        replace(item, metadata={**_comment(before.get(item.name)), **item.metadata})
        for item in fields_of(source, target.added)
    )
    if arrow_schema(fields).equals(arrow_schema(tuple(before.values())), check_metadata=True):
        return fields, Evolution(), False
    metadata = table.metadata()
    if metadata.configuration.get("delta.columnMapping.mode", "none") != "none":
        raise FeatureNotSupported("columns of a target with column mapping cannot be changed here")
    names = {item.name for item in fields}
    lost = [name for name in metadata.partition_columns if name not in names]
    if lost:
        raise DatatypeMismatch(
            f'columns of "{target.relation}" cannot be those of the source',
            detail=f'It is partitioned by column "{lost[0]}", which is not in the source.',
        )
    try:
        sentences = planned(target, source, table).changes
    except DatatypeMismatch as error:  # what no type can hold of both is no matter where all rows are new
        sentences = tuple((error.detail or error.message).splitlines())
    return fields, Evolution(sentences, fields, rewritten=True), True


def _comment(item: DeltaField | None) -> dict[str, str]:
    return {"comment": str(item.metadata["comment"])} if item is not None and "comment" in item.metadata else {}


def _write(
    table: DeltaTable,
    target: Target,
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema,
    step: Step,
    *,
    mode: Literal["overwrite", "append"],
    evolves: bool = False,
) -> None:
    """Through the given handle: what others commit meanwhile is seen as a conflict, not lost."""
    met: list[SqlError] = []
    try:
        with delta_errors():
            first = next(batches, None)
            row_bytes = first.nbytes / first.num_rows if first is not None else 1.0
            group = min(ROW_GROUP_ROWS, max(1, int(ROW_GROUP_BYTES / max(row_bytes, 1.0))))
            rows = _noting(chain([] if first is None else [first], batches), met)
            write_deltalake(
                table,
                pa.RecordBatchReader.from_batches(schema, rows),
                mode=mode,
                schema_mode="overwrite" if evolves else None,
                writer_properties=WriterProperties(max_row_group_size=group),
                commit_properties=properties(target.commit, step),
            )
    except SqlError as error:
        if met:
            raise met[0] from error
        raise


def _noting(batches: Iterator[pa.RecordBatch], met: list[SqlError]) -> Iterator[pa.RecordBatch]:
    """The batches; what went wrong while they were read is noted, since deltalake passes on nothing but its text."""
    try:
        yield from batches
    except SqlError as error:
        met.append(error)
        raise


def check_rewritable(table: DeltaTable) -> None:
    """Raises FeatureNotSupported where files that are to be taken away are named in a way that deltalake gets wrong."""
    with delta_errors():
        files = pa.table(table.get_add_actions(flatten=True))
        check_file_paths(files)
        check_partition_values(fields_in(table), table.metadata().partition_columns, files)
