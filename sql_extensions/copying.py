"""COPY FROM STDIN into a table: bytes in, staged rows out, memory bounded."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from catalog.errors import FeatureNotSupported, InvalidColumnReference, UndefinedColumn
from catalog.model import Column, Relation
from catalog.names import always_quote
from catalog.types import storage_type
from engine.base import ArrowSource, Description
from engine.spark.relations import SENT_BYTES_MAX
from engine.values.copy_in import CopyInDecoder
from engine.values.copy_options import CopyOptions
from sql_extensions import assignment, dml, native
from sql_extensions.context import Context
from sql_extensions.shadowing import without_positions

STAGE_BYTES = 32 * 1024 * 1024
"""Decoded rows are handed to the transaction in portions of this size."""


class CopySink:
    """Takes the client's stream for one COPY; used from one thread at a time."""

    def __init__(self, context: Context, target: Relation, columns: Sequence[Column], options: CopyOptions) -> None:
        self.columns = len(columns)
        self.binary = options.format == "binary"
        self._context, self._target = context, target
        self._decoder = CopyInDecoder(
            target.name.name, [(column.name, column.type) for column in columns], options, context.session.settings
        )
        self._names = [column.name for column in columns]
        self._numbered = dml.is_numbered(target)
        if self._numbered and not native.may_insert(context):
            raise dml.only_on_a_cluster(target)
        self._completion = Completion(context, target, self._names)
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0
        self._rows = 0

    def write(self, data: bytes) -> None:
        """Decode and keep. Raises SqlError with the line in its context; nothing of the COPY is kept then."""
        self._context.call.check_canceled()
        self._take(self._decoder.feed(data))

    def finish(self) -> int:
        """The stream has ended: how many rows it had. They are staged, and committed with the transaction."""
        self._take(self._decoder.finish())
        if self._numbered:
            return self._insert()
        self._stage()
        return self._rows

    def abort(self, _reason: str) -> None:
        """Nothing is kept: what was staged goes with the transaction, which fails."""
        self._waiting.clear()

    def _take(self, batches: Sequence[pa.RecordBatch]) -> None:
        self._waiting.extend(batch for batch in batches if batch.num_rows)
        self._bytes += sum(batch.nbytes for batch in batches)
        if self._numbered and self._bytes > SENT_BYTES_MAX:
            raise FeatureNotSupported(
                f"COPY into a table with an identity column takes no more than {SENT_BYTES_MAX >> 20} MB",
                hint="COPY into a table without it, then INSERT ... SELECT.",
            )
        if self._bytes >= STAGE_BYTES and not self._numbered:
            self._stage()

    def _stage(self) -> None:
        if not self._waiting:
            return
        complete = [self._completion(batch) for batch in self._waiting]
        self._waiting, self._bytes = [], 0
        reader = pa.RecordBatchReader.from_batches(complete[0].schema, iter(complete))
        self._rows += dml.append(self._context, self._target, reader)

    def _insert(self) -> int:
        """All rows, as one statement of Spark's, which numbers them."""
        if not self._waiting:
            return 0
        written = native.written_columns(self._context, self._target, self._names)
        shown = [column.name for column in written.columns]
        complete = [self._completion(batch).select(shown) for batch in self._waiting]
        reader = pa.RecordBatchReader.from_batches(complete[0].schema, iter(complete))
        done = native.insert_rows(self._context, written, reader)
        if done is None:
            raise dml.only_on_a_cluster(self._target)
        return done.inserted


class Completion:
    """Rows of some columns of a table as rows of all of them."""

    def __init__(self, context: Context, target: Relation, names: Sequence[str]) -> None:
        """`names`: the columns that batches have, in their order."""
        given = {name: index for index, name in enumerate(names)}
        self._context, self._target, self._columns = context, target, target.columns
        self._places = [given.get(column.name) for column in target.columns]

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """With the columns the client did not send: their defaults, computed for each row."""
        with self._context.call.part():
            return self._complete(batch)

    def _complete(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        defaults = self._defaults(batch.num_rows) if None in self._places else None
        arrays, names = [], [column.name for column in self._columns]
        for place, name in zip(self._places, names, strict=True):
            if place is not None:
                arrays.append(batch.column(place))
            elif defaults is not None:
                arrays.append(defaults.column(name).combine_chunks())
        return self._completed(pa.RecordBatch.from_arrays(arrays, names))

    def _completed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """With generated columns computed."""
        if all(column.generated is None for column in self._columns):
            return batch
        sql = assignment.completed(self._target, f"SELECT * FROM {self._target.name}")
        source = {self._target.name: ArrowSource(pa.Table.from_batches([batch]))}
        rows = dml.rows_of(self._context, sql, Description((), None), source).reader.read_all()
        return pa.RecordBatch.from_arrays([column.combine_chunks() for column in rows.columns], schema=rows.schema)

    def _defaults(self, count: int) -> pa.Table:
        absent = [column for column, place in zip(self._columns, self._places, strict=True) if place is None]
        if all(column.default is None for column in absent):
            return pa.table({column.name: pa.nulls(count, storage_type(column.type)) for column in absent})
        listed = ", ".join(f"{assignment.default_of(column)} AS {always_quote(column.name)}" for column in absent)
        sql = f"SELECT {listed} FROM generate_series(1, {count})"
        return dml.rows_of(self._context, sql, Description((), None)).reader.read_all()


def named_columns(target: Relation, names: Sequence[str]) -> list[Column]:
    """The columns a COPY names, or all but generated ones. Raises UndefinedColumn, InvalidColumnReference."""
    if not names:
        return [column for column in target.columns if column.generated is None]
    by_name = {column.name: column for column in target.columns}
    for name in names:
        if name not in by_name:
            raise UndefinedColumn(f'column "{name}" of relation "{target.name.name}" does not exist')
        if by_name[name].generated is not None:
            raise InvalidColumnReference(
                f'column "{name}" is a generated column', detail="Generated columns cannot be used in COPY."
            )
    return [by_name[name] for name in names]


def check_insert_rights(target: Relation, columns: Sequence[Column], context: Context) -> None:
    """What INSERT into these columns needs; PostgreSQL decides. Raises InsufficientPrivilege."""
    listed = ", ".join(always_quote(column.name) for column in columns)
    nulls = ", ".join("NULL" for _ in columns)
    with without_positions():
        context.session.shadow.check_rights(
            f"INSERT INTO {target.name} ({listed}) OVERRIDING SYSTEM VALUE VALUES ({nulls})"
        )
