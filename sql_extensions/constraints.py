"""NOT NULL and CHECK, which PostgreSQL's shells declare and the gateway enforces on every row it writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from catalog.errors import CheckViolation, NotNullViolation
from catalog.model import Relation, RelationKind
from catalog.names import always_quote
from engine.base import ArrowSource, Description
from sql_extensions import dml
from sql_extensions.context import Context

_CHECK = re.compile(r"CHECK \((.*)\)(?: NO INHERIT)?(?: NOT VALID)?\Z", re.DOTALL)


def checks_of(relation: Relation) -> list[tuple[str, str]]:
    """(name, condition) of the table's CHECK constraints."""
    return [
        (name, found.group(1))
        for name, definition in relation.constraints
        if (found := _CHECK.match(definition)) is not None
    ]


def checked(ctx: Context, relation: Relation, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows; reading them raises NotNullViolation (23502) or CheckViolation (23514) at the first bad one."""
    required = [index for index, column in enumerate(relation.columns) if not column.nullable]
    checks = checks_of(relation)
    if not required and not checks:
        return reader
    return pa.RecordBatchReader.from_batches(reader.schema, _checked(ctx, relation, reader, required, checks))


def check_existing(ctx: Context, old: Relation, new: Relation) -> None:
    """Hold constraints that `new` adds against the rows there are. Raises as PostgreSQL's ALTER TABLE."""
    if new.kind is not RelationKind.TABLE:
        return
    was_nullable = {column.name: column.nullable for column in old.columns}
    for column in new.columns:
        if not column.nullable and was_nullable.get(column.name, False):
            condition = f"{always_quote(column.name)} IS NULL"
            if _any(ctx, old, condition):
                raise NotNullViolation(f'column "{column.name}" of relation "{new.name.name}" contains null values')
    known = set(checks_of(old))
    for name, condition in checks_of(new):
        if (name, condition) not in known and _any(ctx, old, f"NOT ({condition})"):
            raise CheckViolation(f'check constraint "{name}" of relation "{new.name.name}" is violated by some row')


def _any(ctx: Context, relation: Relation, condition: str) -> bool:
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {relation.name} WHERE {condition} LIMIT 1) AS kadali_rows"
    return dml.count(ctx, sql, Description((), None)) > 0


def _checked(
    ctx: Context,
    relation: Relation,
    reader: pa.RecordBatchReader,
    required: list[int],
    checks: list[tuple[str, str]],
) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for index in required:
            if batch.column(index).null_count:
                column = relation.columns[index].name
                raise NotNullViolation(
                    f'null value in column "{column}" of relation "{relation.name.name}" violates not-null constraint'
                )
        if checks:
            _check(ctx, relation, pa.Table.from_batches([batch]), checks)
        yield batch


def _check(ctx: Context, relation: Relation, rows: pa.Table, checks: list[tuple[str, str]]) -> None:
    failing = ", ".join(f"count(*) FILTER (WHERE NOT ({condition})) AS c{i}" for i, (_, condition) in enumerate(checks))
    named = rows.rename_columns([column.name for column in relation.columns])
    answer = dml.rows_of(
        ctx, f"SELECT {failing} FROM {relation.name}", Description((), None), {relation.name: ArrowSource(named)}
    )
    counts = answer.reader.read_all()
    for (name, _), (count,) in zip(checks, counts.itercolumns(), strict=True):
        if count.as_py():
            raise CheckViolation(f'new row for relation "{relation.name.name}" violates check constraint "{name}"')
