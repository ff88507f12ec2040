"""Assignment: rows brought to a table's columns and types by PostgreSQL's own rules, as a query in its dialect.

Values are cast by generated CASTs (an unknown literal takes the column's type, as in INSERT itself), so that whichever
engine computes them, the shadow for plain VALUES or the embedded engine for queries on tables, does it as PostgreSQL.
The length of varchar(n) and char(n) is not part of the CAST: it would cut silently where an assignment must fail; the
staged write checks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from catalog.errors import FeatureNotSupported, SqlSyntaxError, UndefinedColumn
from catalog.model import Column, Relation
from catalog.names import always_quote
from catalog.types import BPCHAR, PgType, char_length, element, format_type
from engine.base import Description
from sql_extensions import dml
from sql_extensions.context import Context

if TYPE_CHECKING:
    from sql_extensions.set_list import Assignments


def cast_type(pg: PgType) -> str:
    """The type to CAST to for assignment to a column of type `pg`. As text, char(n) keeps all characters to count."""
    inner = element(pg)
    if inner is not None:
        return f"{cast_type(inner)}[]"
    if pg.oid == BPCHAR.oid:
        return "text"
    return format_type(PgType(pg.oid) if char_length(pg) is not None else pg)


def cast(expression: str, pg: PgType) -> str:
    return f"CAST(({expression}) AS {cast_type(pg)})"


def default_of(column: Column) -> str:
    return cast(column.default or "NULL", column.type)


def value_of(column: Column, text: str | None) -> str:
    """What a column gets of an expression as written; None: DEFAULT."""
    return default_of(column) if text is None else cast(text, column.type)


@dataclass(frozen=True, slots=True)
class NewRows:
    """What an INSERT adds, as written. `rows` and `query` both None: one row of defaults. `names`: its column list.
    `overriding_user`: values for identity columns do not count.
    """

    prefix: str = ""
    names: tuple[str, ...] | None = None
    rows: Sequence[Sequence[str | None]] | None = None
    query: str | None = None
    overriding_user: bool = False


def own_values(relation: Relation, assignments: Assignments) -> Assignments:
    """Without generated columns, which can only be set to DEFAULT. Raises FeatureNotSupported for identity columns."""
    by_name = {column.name: column for column in relation.columns}
    for name, _ in assignments:
        if name in by_name and by_name[name].identity is not None:
            raise FeatureNotSupported(f'identity column "{name}" cannot be changed')
    return tuple((name, text) for name, text in assignments if name not in by_name or not by_name[name].generated)


def rows_to_insert(ctx: Context, relation: Relation, new: NewRows, description: Description) -> pa.RecordBatchReader:
    """A reader with all columns of `relation`, in order."""
    return dml.rows_of(ctx, rows_sql(ctx, relation, relation, new, description), description).reader


def rows_sql(ctx: Context, relation: Relation, shown: Relation, new: NewRows, description: Description) -> str:
    """The query for the rows, with the columns of `shown`: `relation` with all of its columns, or some."""
    given = _named(relation, new.names)
    if new.query is not None:
        described = dml.describe_query(ctx, new.prefix + new.query, description)
        return completed(shown, _from_query(shown, given[: len(described)], new.prefix, new.query))
    rows = new.rows if new.rows is not None else [[]]
    return completed(shown, _from_values(shown, given, new.prefix, rows, explicit=new.names is not None))


def completed(relation: Relation, sql: str, extra: Sequence[str] = ()) -> str:
    """The query for all columns of the relation (and `extra` ones), with generated columns computed from the others."""
    if all(column.generated is None for column in relation.columns):
        return sql
    names = [
        always_quote(column.name)
        if column.generated is None
        else f"{cast(column.generated, column.type)} AS {always_quote(column.name)}"
        for column in relation.columns
    ]
    listed = ", ".join([*names, *map(always_quote, extra)])
    return f"SELECT {listed} FROM ({sql}) AS {always_quote(relation.name.name)}"


def given_names(ctx: Context, relation: Relation, new: NewRows, description: Description) -> list[str]:
    """The columns for which the statement gives values. Raises FeatureNotSupported for identity columns that only some
    rows give.
    """
    given = _named(relation, new.names)
    numbered = {column.name for column in given if column.identity is not None}
    if new.query is not None:
        names = [c.name for c in given[: len(dml.describe_query(ctx, new.prefix + new.query, description))]]
    else:
        rows = new.rows or ()
        told = [[at < len(row) and row[at] is not None for row in rows] for at in range(len(given))]
        names = [column.name for column, there in zip(given, told, strict=True) if any(there)]
        if not new.overriding_user:
            for column, there in zip(given, told, strict=True):
                if column.name in numbered and any(there) and not all(there):
                    raise FeatureNotSupported(
                        f'DEFAULT beside values for identity column "{column.name}" is not supported',
                        hint="Use two INSERTs.",
                    )
    return [name for name in names if not (new.overriding_user and name in numbered)]


def texts_by_column(
    relation: Relation, names: tuple[str, ...] | None, texts: Sequence[str | None] | None
) -> dict[str, str | None]:
    """What one row of VALUES gives, by column (`texts` None: nothing). Raises SqlSyntaxError if the numbers differ."""
    if texts is None:
        return {}
    given = [column.name for column in relation.columns] if names is None else list(names)
    return _paired(given, texts, explicit=names is not None)


def _paired(given: list[str], texts: Sequence[str | None], *, explicit: bool) -> dict[str, str | None]:
    if len(texts) > len(given):
        raise SqlSyntaxError("INSERT has more expressions than target columns")
    if explicit and len(texts) < len(given):
        raise SqlSyntaxError("INSERT has more target columns than expressions")
    return dict(zip(given, texts, strict=False))


def _named(relation: Relation, names: tuple[str, ...] | None) -> list[Column]:
    if names is None:
        return list(relation.columns)
    by_name = {column.name: column for column in relation.columns}
    for name in names:
        if name not in by_name:
            raise UndefinedColumn(f'column "{name}" of relation "{relation.name.name}" does not exist')
    return [by_name[name] for name in names]


def _from_values(
    relation: Relation, given: list[Column], prefix: str, rows: Sequence[Sequence[str | None]], *, explicit: bool
) -> str:
    names, tuples = [column.name for column in given], []
    for row in rows:
        texts = _paired(names, row, explicit=explicit)
        tuples.append("(" + ", ".join(value_of(column, texts.get(column.name)) for column in relation.columns) + ")")
    listed = ", ".join(always_quote(column.name) for column in relation.columns)
    return f"{prefix}SELECT * FROM (VALUES {', '.join(tuples)}) AS kadali_rows({listed})"


def _from_query(relation: Relation, given: list[Column], prefix: str, query: str) -> str:
    by_name = {column.name: f"kadali_c{index}" for index, column in enumerate(given)}
    columns = ", ".join(
        f"{cast(by_name[column.name], column.type) if column.name in by_name else default_of(column)} AS "
        f"{always_quote(column.name)}"
        for column in relation.columns
    )
    return f"{prefix}SELECT {columns} FROM ({query}) AS kadali_rows({', '.join(by_name.values())})"
