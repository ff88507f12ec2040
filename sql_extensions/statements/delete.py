"""Remove rows from a table.

    DELETE FROM sales.orders WHERE status = 'cancelled' RETURNING id
    DELETE FROM sales.orders o USING sales.customers c WHERE c.id = o.customer_id AND c.closed

Conditions on the table's own columns and literals rewrite only the files that may hold such rows; any other condition
rewrites the table's content, in one commit. Files no longer part of the table stay for time travel until VACUUM.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from catalog.model import Relation
from catalog.names import always_quote
from engine import dialect
from engine.base import Action, Description, Result
from sql_extensions import clauses, dml, native_by_value, native_rows, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.marking import refuse_volatile
from sql_extensions.registry import TransactionRule

HEADS = (("DELETE", "FROM"),)
SYNTAX = """[ WITH query_name AS ( ... ) [, ...] ]
DELETE FROM table [ [ AS ] alias ] [ USING from_item [, ...] ] [ WHERE condition ]
    [ RETURNING { * | expression [ AS name ] } [, ...] ]"""
ACTION = Action.WRITE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class Delete:
    """`table_at` is the position of the name; `prefix` is the WITH list. Clauses are the text as written."""

    prefix: str
    table: tuple[str, ...]
    table_at: int
    alias: str | None
    using: str | None
    where: str | None
    returning: str | None


def parse(c: Cursor) -> Delete:
    prefix = dml.take_prefix(c, "DELETE")
    if prefix:
        c.expect("FROM")
    table_at, table, alias = dml.target_name(c, "USING", "WHERE", "RETURNING")
    parts = clauses.cut(c.rest(), ("USING", "WHERE", "RETURNING"))
    if parts[""]:
        dml.syntax_error(c.sql, parts[""][0])
    for word in ("USING", "WHERE"):
        refuse_volatile(parts.get(word, ()), "DELETE")
    texts = {word: clauses.text(c.sql, part) for word, part in parts.items()}
    if (texts.get("WHERE") or "").upper().startswith("CURRENT OF"):
        raise FeatureNotSupported("WHERE CURRENT OF is not supported")
    if texts.get("USING") and texts.get("RETURNING"):
        raise FeatureNotSupported("DELETE ... USING ... RETURNING is not supported")
    return Delete(prefix, table, table_at, alias, texts.get("USING"), texts.get("WHERE"), texts.get("RETURNING"))


EXAMPLES: dict[str, object] = {
    "DELETE FROM t WHERE a = 1": Delete("", ("t",), 13, None, None, "a = 1", None),
    "DELETE FROM s.t x USING u WHERE x.a = u.a": Delete("", ("s", "t"), 13, "x", "u", "x.a = u.a", None),
    "DELETE FROM": "42601 at 12",
}


def describe(stmt: Delete, ctx: Context) -> Description:
    return dml.describe(ctx)


def run(stmt: Delete, ctx: Context) -> Result:
    description = dml.describe(ctx)
    target = dml.target(ctx, stmt.table, stmt.table_at, "delete from")
    if stmt.using is None and stmt.returning is None and not stmt.prefix:
        done = native_rows.delete(ctx, target, stmt.alias, stmt.where, description)
        if done is not None:
            return Result(f"DELETE {done}")
    source = f"{target.name}{tables.alias_text(stmt.alias)}"
    condition = _condition(stmt)
    if stmt.returning is None:
        rest = f"FROM {source} WHERE {condition}"
        done = native_by_value.delete(ctx, target, stmt.alias, (f"{stmt.prefix}SELECT", rest), description)
        if done is not None:
            return Result(f"DELETE {done}")
    rows = None
    if stmt.returning is not None:
        gone = dml.rows_of(
            ctx, f"{stmt.prefix}SELECT {stmt.returning} FROM {source} WHERE {condition}", description
        ).reader.read_all()
        rows = dml.table_rows(description, gone)
    count = dml.count(ctx, f"{stmt.prefix}SELECT count(*) FROM {source} WHERE {condition}", description)
    if count and not (stmt.using is None and not stmt.prefix and _delete_simple(ctx, target, stmt)):
        _keep_rest(ctx, target, stmt, description)
    return Result(f"DELETE {count}", rows)


def _condition(stmt: Delete) -> str:
    condition = stmt.where or "true"
    return condition if stmt.using is None else f"EXISTS (SELECT 1 FROM {stmt.using} WHERE {condition})"


def _keep_rest(ctx: Context, target: Relation, stmt: Delete, description: Description) -> None:
    """Stage the rows that stay as the table's new content."""
    own = always_quote(stmt.alias or target.name.name)
    columns = ", ".join(f"{own}.{always_quote(column.name)}" for column in target.columns)
    source = f"{target.name}{tables.alias_text(stmt.alias)}"
    kept = f"{stmt.prefix}SELECT {columns} FROM {source} WHERE ({_condition(stmt)}) IS NOT TRUE"
    dml.replace(ctx, target, dml.rows_of(ctx, kept, description).reader)


def _delete_simple(ctx: Context, target: Relation, stmt: Delete) -> bool:
    """Stage the DELETE as a predicate of Delta's; False if the condition is not simple or rows are staged already."""
    columns = {column.name: column.type for column in target.columns}
    predicate: str | None = "true"
    if stmt.where is not None:
        predicate = dialect.simple_predicate(stmt.where, columns, stmt.alias or target.name.name)
    transaction, location = ctx.session.transaction, tables.location_of(target)
    if predicate is None or not transaction.delta.delete_where(target.name, location, predicate):
        return False
    transaction.deferred[target.name] = lambda: _delete_now(ctx, target, stmt)
    return True


def _delete_now(ctx: Context, target: Relation, stmt: Delete) -> None:
    """The transaction goes on with the table: what is left of it is computed after all."""
    ctx.session.transaction.delta.forget(target.name)
    _keep_rest(ctx, target, stmt, dml.describe(ctx))
