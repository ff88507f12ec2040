"""NOT NULL and CHECK, which PostgreSQL's shells declare and the gateway enforces on every row it writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import CheckViolation, FeatureNotSupported, InsufficientPrivilege, NotNullViolation, Subject
from catalog.model import Column, Relation, RelationKind
from catalog.names import always_quote
from catalog.types import BOOL
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
    """The first bad row is told; of one row, a missing value before a broken condition."""
    for batch in reader:
        nulls = [
            (pc.index(pc.is_null(batch.column(i)), True).as_py(), i) for i in required if batch.column(i).null_count
        ]
        row, index = min(nulls, default=(batch.num_rows, 0))
        if checks:
            _check(ctx, relation, batch.slice(0, row), checks)
        if nulls:
            name, column = relation.name, relation.columns[index].name
            raise NotNullViolation(
                f'null value in column "{column}" of relation "{name.name}" violates not-null constraint',
                detail=_failing_row(ctx, relation, batch.slice(row, 1)),
                subject=Subject(name.schema, name.name, column=column),
            )
        yield batch


def _check(ctx: Context, relation: Relation, batch: pa.RecordBatch, checks: list[tuple[str, str]]) -> None:
    broken = _broken(ctx, relation, batch, checks)
    if broken is None:
        return
    while batch.num_rows > 1:  # the first row that fails is told
        half = batch.num_rows // 2
        first = _broken(ctx, relation, batch.slice(0, half), checks)
        batch, broken = (batch.slice(half), broken) if first is None else (batch.slice(0, half), first)
    broken = _broken(ctx, relation, batch, checks) or broken
    name = relation.name
    raise CheckViolation(
        f'new row for relation "{name.name}" violates check constraint "{broken}"',
        detail=_failing_row(ctx, relation, batch),
        subject=Subject(name.schema, name.name, constraint=broken),
    )


def _broken(ctx: Context, relation: Relation, batch: pa.RecordBatch, checks: list[tuple[str, str]]) -> str | None:
    """The first constraint, by name, that some row breaks."""
    failing = ", ".join(f"count(*) FILTER (WHERE NOT ({condition})) AS c{i}" for i, (_, condition) in enumerate(checks))
    counts = _ask(ctx, relation, batch, failing)
    names = [name for (name, _), (count,) in zip(checks, counts.itercolumns(), strict=True) if count.as_py()]
    return min(names, default=None)


def _failing_row(ctx: Context, relation: Relation, row: pa.RecordBatch) -> str | None:
    """PostgreSQL's DETAIL, for a user who may read the table; None where a value has no text form here."""
    listed = ", ".join(_text(column) for column in relation.columns)
    try:
        ctx.session.shadow.check_rights(f"SELECT * FROM {relation.name}", ())
        texts = _ask(ctx, relation, row, listed)
    except (InsufficientPrivilege, FeatureNotSupported):
        return None
    values = ("null" if text.as_py() is None else _shortened(text.as_py()) for (text,) in texts.itercolumns())
    return f"Failing row contains ({', '.join(values)})."


def _text(column: Column) -> str:
    """A value as it is shown to a client."""
    name = always_quote(column.name)
    return f"CASE {name} WHEN true THEN 't' WHEN false THEN 'f' END" if column.type == BOOL else f"{name}::text"


def _shortened(text: str) -> str:
    """As PostgreSQL shows values in messages: at most 64 bytes of them."""
    data = text.encode()
    return text if len(data) <= _SHOWN_BYTES_MAX else data[:_SHOWN_BYTES_MAX].decode(errors="ignore") + "..."


_SHOWN_BYTES_MAX = 64


def _ask(ctx: Context, relation: Relation, rows: pa.RecordBatch, select_list: str) -> pa.Table:
    """A query on `rows` as if they were all the table has."""
    named = pa.Table.from_batches([rows]).rename_columns([column.name for column in relation.columns])
    sql = f"SELECT {select_list} FROM {relation.name}"
    with ctx.call.part():
        answer = dml.rows_of(ctx, sql, Description((), None), {relation.name: ArrowSource(named)})
        return answer.reader.read_all()
