"""Change rows of a table.

    UPDATE sales.orders SET status = 'shipped', shipped_at = now() WHERE id = 17 RETURNING *
    UPDATE sales.orders o SET region = c.region FROM sales.customers c WHERE c.id = o.customer_id

As in PostgreSQL; if FROM finds several partners for a row, one of them is used. The new content is one Delta commit at
the end of the transaction; the old files stay for time travel until VACUUM.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from catalog.errors import FeatureNotSupported
from catalog.model import Relation
from catalog.names import always_quote
from catalog.types import BPCHAR
from engine.base import Action, Description, Result
from sql_extensions import assignment, clauses, dml, native_by_value, native_rows, set_list, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.marking import MarkedRows, refuse_volatile
from sql_extensions.registry import TransactionRule
from sql_extensions.set_list import Assignments

HEADS = (("UPDATE",),)
SYNTAX = """[ WITH query_name AS ( ... ) [, ...] ]
UPDATE table [ [ AS ] alias ]
    SET { column = { expression | DEFAULT } | ( column [, ...] ) = ( { expression | DEFAULT } [, ...] ) } [, ...]
    [ FROM from_item [, ...] ] [ WHERE condition ]
    [ RETURNING { * | expression [ AS name ] } [, ...] ]"""
ACTION = Action.WRITE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class Update:
    """Clauses are the text as written; `prefix` is the WITH list, `table_at` the position of the name."""

    prefix: str
    table: tuple[str, ...]
    table_at: int
    alias: str | None
    assignments: Assignments
    from_items: str | None
    where: str | None
    returning: str | None


def parse(c: Cursor) -> Update:
    prefix = dml.take_prefix(c, "UPDATE")
    table_at, table, alias = dml.target_name(c, "SET")
    c.expect("SET")
    if c.at_end():
        c.fail("a column")
    parts = clauses.cut(c.rest(), ("FROM", "WHERE", "RETURNING"))
    assignments = set_list.parse(c.sql, parts[""], "UPDATE")
    for word in ("FROM", "WHERE"):
        refuse_volatile(parts.get(word, ()), "UPDATE")
    texts = {word: clauses.text(c.sql, part) for word, part in parts.items() if word}
    return Update(
        prefix,
        table,
        table_at,
        alias,
        assignments,
        texts.get("FROM"),
        texts.get("WHERE"),
        texts.get("RETURNING"),
    )


EXAMPLES: dict[str, object] = {
    "UPDATE t SET a = 1, b = DEFAULT WHERE c": Update("", ("t",), 8, None, (("a", "1"), ("b", None)), None, "c", None),
    "UPDATE s.t AS x SET (a, b) = (1, 2)": Update("", ("s", "t"), 8, "x", (("a", "1"), ("b", "2")), None, None, None),
    "UPDATE t WHERE a": "42601 at 10",
}


def describe(stmt: Update, ctx: Context) -> Description:
    return dml.describe(ctx)


def run(stmt: Update, ctx: Context) -> Result:
    description = dml.describe(ctx)
    target = dml.target(ctx, stmt.table, stmt.table_at, "update")
    stmt = replace(stmt, assignments=assignment.own_values(target, stmt.assignments))
    if not stmt.assignments:
        raise FeatureNotSupported("an UPDATE of nothing but generated columns is not supported")
    if stmt.from_items is None and stmt.returning is None and not stmt.prefix:
        done = native_rows.update(ctx, target, stmt.alias, stmt.assignments, stmt.where, description)
        if done is not None:
            return Result(f"UPDATE {done}")
    shape = _shape(stmt, target)
    if stmt.returning is None:
        assigned = [name for name, _ in stmt.assignments]
        new = (f"{stmt.prefix}SELECT", shape.content, f"FROM {shape.source} WHERE {shape.matched}")
        done = native_by_value.update(ctx, target, stmt.alias, assigned, new, description)
        if done is not None:
            return Result(f"UPDATE {done}")
    hits = dml.count(ctx, f"{stmt.prefix}SELECT count(*) FROM {shape.source} WHERE {shape.matched}", description)
    if not hits and stmt.returning is None:
        return Result("UPDATE 0")
    content = f"{stmt.prefix}SELECT {shape.content}, {shape.matched} AS {_MARK} FROM {shape.source}"
    if not hits:
        content += " WHERE false"
    content = assignment.completed(target, content, [_MARK])
    marked = MarkedRows(dml.rows_of(ctx, content, description).reader, keep=stmt.returning is not None)
    if hits:
        dml.replace(ctx, target, marked.all_rows())
    rows = None
    if stmt.returning is not None:
        rows = dml.returned(ctx, target, stmt.alias, stmt.returning, marked.marked(), description)
    return Result(f"UPDATE {marked.count}", rows)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Parts of the queries that compute an UPDATE: FROM, the condition that a row is changed, the new content."""

    source: str
    matched: str
    content: str


def _shape(stmt: Update, target: Relation) -> _Shape:
    types = {column.name: column for column in target.columns}
    values = {name: assignment.value_of(types[name], text) for name, text in stmt.assignments}
    source = f"{target.name}{tables.alias_text(stmt.alias)}"
    matched = f"(({stmt.where or 'true'}) IS TRUE)"
    if stmt.from_items is not None:
        listed = ", ".join(f"{value} AS {_MARK}{index}" for index, value in enumerate(values.values()))
        source += (
            f" LEFT JOIN LATERAL (SELECT true AS {_MARK}_hit, {listed} FROM {stmt.from_items} "
            f"WHERE {stmt.where or 'true'} LIMIT 1) AS {_MARK} ON true"
        )
        matched = f"({_MARK}.{_MARK}_hit IS TRUE)"
        values = {name: f"{_MARK}.{_MARK}{index}" for index, name in enumerate(values)}
    own = always_quote(stmt.alias or target.name.name)
    content = []
    for column in target.columns:
        name = always_quote(column.name)
        old, new = f"{own}.{name}", values.get(column.name)
        kept = assignment.cast(old, column.type) if column.type.oid == BPCHAR.oid else old
        value = kept if new is None else f"CASE WHEN {matched} THEN {new} ELSE {kept} END"
        content.append(f"{value} AS {name}")
    return _Shape(source, matched, ", ".join(content))


_MARK = "kadali_new"
