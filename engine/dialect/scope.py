"""Names in reach of an expression: relations of a FROM clause, their columns, and the query levels around."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from catalog.errors import SqlSyntaxError, UndefinedColumn, UndefinedTable
from catalog.types import BPCHAR, NUMERIC, PgType, char_length, element, precision_scale
from engine.dialect import numbers
from engine.dialect.syntax import Syntax
from engine.dialect.value import Value, refuse

_SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
"""Every table of PostgreSQL has them; what is in Delta has no such things."""
_COLUMN = re.compile(r"r[0-9]+\.(?:c[0-9]+|`(?:[^`]|``)*`)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation: the name users write and the Value that reads it under the relation's alias."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Relation:
    """A FROM item. `alias` is the name users write (None: only its columns can be named)."""

    alias: str | None
    columns: tuple[Column, ...]
    scalar: bool = False
    """Whether the alias by itself stands for its only column (a function in FROM)."""


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a translated query: `sql` is its name there, `scale` that of a hidden column with its scales."""

    name: str
    sql: str
    value: Value
    scale: str | None = None


@dataclass(frozen=True, slots=True)
class CommonTable:
    """A query named in WITH, under its name in the text."""

    sql_name: str
    columns: Sequence[OutputColumn]


@dataclass(slots=True)
class Scope:
    """One query level. `merged` are USING columns, which hide their parts; `ctes` are named queries."""

    parent: Scope | None
    ctes: Mapping[str, CommonTable]
    relations: list[Relation] = field(default_factory=list)
    merged: dict[str, Value] = field(default_factory=dict)
    hidden: list[Value] = field(default_factory=list)
    """Columns that USING has merged: `*` leaves them out."""
    windows: dict[str, exp.Window] = field(default_factory=dict)

    def is_hidden(self, v: Value) -> bool:
        return any(v is h for h in self.hidden)

    def column(self, name: str, table: str | None) -> Value:
        """The Value of a column. Raises UndefinedColumn, UndefinedTable, 42702."""
        scope: Scope | None = self
        while scope is not None:
            found = scope._local(name, table)
            if found is not None:
                return found
            scope = scope.parent
        if table is None and self._names_relation(name):
            raise refuse("a whole row as a value")
        if name in _SYSTEM_COLUMNS:
            raise refuse(f"system column {name}")
        if table is not None:
            raise UndefinedTable(f'missing FROM-clause entry for table "{table}"')
        raise UndefinedColumn(f'column "{name}" does not exist')

    def _local(self, name: str, table: str | None) -> Value | None:
        if table is None and name in self.merged:
            return self.merged[name]
        found: list[Value] = []
        for relation in self.relations:
            if table is not None and relation.alias != table:
                continue
            found += [c.value for c in relation.columns if c.name == name]
            if table is not None and not found:
                if name in _SYSTEM_COLUMNS:
                    raise refuse(f"system column {name}")
                raise UndefinedColumn(f"column {table}.{name} does not exist")
        if not found and table is None:
            found = [r.columns[0].value for r in self.relations if r.alias == name and r.scalar]
        if len(found) > 1:
            raise SqlSyntaxError(f'column reference "{name}" is ambiguous', code="42702")
        return found[0] if found else None

    def _names_relation(self, name: str) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if any(r.alias == name for r in scope.relations):
                return True
            scope = scope.parent
        return False

    def relation(self, alias: str) -> Relation:
        scope: Scope | None = self
        while scope is not None:
            for relation in scope.relations:
                if relation.alias == alias:
                    return relation
            scope = scope.parent
        raise UndefinedTable(f'missing FROM-clause entry for table "{alias}"')


def table_relation(syntax: Syntax, alias: str, sql_alias: str, columns: Sequence[tuple[str, PgType]]) -> Relation:
    """A base table under `sql_alias`. Columns of types that the engine lacks are refused when they are read."""
    folded = [name.lower() for name, _ in columns]
    if len(set(folded)) != len(folded):
        raise refuse("a table with column names that differ in case only")
    return Relation(
        alias, tuple(Column(name, _read(syntax, f"{sql_alias}.{syntax.quote(name)}", pg)) for name, pg in columns)
    )


def _read(syntax: Syntax, sql: str, pg: PgType) -> Value:
    if pg.oid == NUMERIC.oid:
        shape = numbers.column_shape(pg)
        return Value(sql, pg, shape=shape) if shape else Value("", pg)
    if pg.oid == BPCHAR.oid:
        return Value(syntax.unpadded(sql), pg, width=char_length(pg))
    inner = element(pg)
    if inner is not None and inner.oid == NUMERIC.oid:
        return Value(sql, pg, shape=precision_scale(inner) or (numbers.PRECISION_MAX, 18))
    return Value(sql, pg)


def check_readable(syntax: Syntax, v: Value, name: str) -> Value:
    """Refuse a column whose type the engine lacks."""
    if not v.sql and v.row is None:
        raise refuse(f'column "{name}"')
    syntax.type_name(v.type, v.shape)
    return v


def is_column(v: Value) -> bool:
    """Whether it is a column as it stands: a query's by its generated name, or a table's by its name in backticks."""
    return _COLUMN.fullmatch(v.sql) is not None


def subquery_relation(alias: str | None, sql_alias: str, columns: Sequence[OutputColumn]) -> Relation:
    """The columns of a translated query as seen from outside."""
    found = []
    for column in columns:
        scale = f"{sql_alias}.{column.scale}" if column.scale else None
        found.append(Column(column.name, outer(column.value, f"{sql_alias}.{column.sql}", scale)))
    return Relation(alias, tuple(found))


def outer(v: Value, sql: str, scale_sql: str | None) -> Value:
    """A column of a subquery, whose expression was `v`."""
    return replace(
        v,
        sql=sql,
        scale_sql=scale_sql,
        text=None,
        constant=None,
        literal=None,
        is_null=False,
        srf=False,
        raw=None,
        checks=(),
        inner=None,
    )
