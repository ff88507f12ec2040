"""What INSERT, UPDATE and DELETE share: the target, its rights, nested queries, RETURNING, the staged write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import pyarrow as pa
from sqlglot import exp

from catalog.errors import FeatureNotSupported, ReadOnlySqlTransaction, SqlSyntaxError, UndefinedTable, WrongObjectType
from catalog.model import Relation, RelationKind
from engine import dialect
from engine.base import ArrowRows, ArrowSource, Description, Field, Route, RouteReason, Rows
from engine.delta import added
from engine.dialect.scanner import Token, TokenKind
from sql_extensions import assignment, clauses, constraints, native, query, tables
from sql_extensions.compute import USE_CLUSTER_HINT
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.statement import recognise


@dataclass(frozen=True, slots=True)
class Body:
    """An INSERT's rows or query: its tokens, where ON CONFLICT stands (position), and the RETURNING list."""

    tokens: Sequence[Token]
    conflict: int | None
    returning: str | None


def take_prefix(c: Cursor, verb: str) -> str:
    """Pass over a WITH list and the verb; the WITH list's text, with a blank behind it, or ""."""
    tokens = c.tokens()
    if tokens[0].word == verb:
        return ""
    index = clauses.find(tokens, verb)
    if index is None:
        c.fail(verb)
    prefix = clauses.text(c.sql, c.upto(index))
    c.expect(verb)
    return prefix + " "


def body(c: Cursor) -> Body:
    """The rest of an INSERT, cut at ON CONFLICT and RETURNING."""
    tokens = c.rest()
    end, conflict, listed = len(tokens), None, None
    for index, token in clauses.top_level(tokens):
        following = tokens[index + 1].word if index + 1 < len(tokens) else ""
        if token.word == "ON" and following == "CONFLICT" and conflict is None:
            conflict, end = token.start + 1, min(end, index)
        elif token.word == "RETURNING" and listed is None:
            listed, end = clauses.text(c.sql, tokens[index + 1 :]), min(end, index)
    return Body(tokens[:end], conflict, listed)


def target_name(c: Cursor, *clause_words: str) -> tuple[int, tuple[str, ...], str | None]:
    """[ ONLY ] name [ * ] [ [ AS ] alias ]: (position, name, alias); an alias is no clause word."""
    c.take("ONLY")
    position = c.here()
    name = c.qualified_name()
    c.take("*")
    alias = None
    following = c.peek()
    if c.take("AS") or (
        following is not None
        and following.kind in (TokenKind.WORD, TokenKind.QUOTED)
        and following.word not in clause_words
    ):
        alias = c.identifier()
    return position, name, alias


def syntax_error(sql: str, token: Token | None) -> NoReturn:
    if token is None:
        raise SqlSyntaxError("syntax error at end of input", position=len(sql) + 1)
    near = sql[token.start : token.end]
    raise SqlSyntaxError(f'syntax error at or near "{near}"', position=token.start + 1)


def describe(ctx: Context) -> Description:
    """As PostgreSQL describes the whole statement on the shells; checks names, types and rights."""
    return query.describe_statement(ctx, ctx.call.known_oids)


def target(ctx: Context, name: tuple[str, ...], position: int | None, doing: str) -> Relation:
    """The table to write. Raises for views, catalog relations, read-only transactions and time travel (25006)."""
    session = ctx.session
    relation = tables.resolve(name, session, position)
    if relation.kind is not RelationKind.TABLE or relation.location is None:
        raise WrongObjectType(f'cannot {doing} view "{relation.name.name}"', code="55000")
    if relation.pending is not None and relation.pending != session.transaction.id:
        raise UndefinedTable(f'relation "{relation.name.name}" does not exist', position=position)
    verb = (ctx.statement.spec.heads[0][0] if ctx.statement.spec else "write").upper()
    if session.settings.transaction_read_only:
        raise ReadOnlySqlTransaction(f"cannot execute {verb} in a read-only transaction")
    tables.refuse_time_travel(session)
    session.transaction.settle_deferred(relation.name)
    ctx.call.route = Route("embedded", RouteReason.DELTA_WRITE)
    return relation


def nested(ctx: Context, sql: str) -> Context:
    """A context for a query that is part of this statement; `$n` keep their numbers."""
    return Context(ctx.call, ctx.session, recognise(sql)[0])


def rows_of(ctx: Context, sql: str, description: Description, sources: query.Overrides | None = None) -> ArrowRows:
    """The rows of a generated query as Arrow. Its errors carry no position: the text is not the user's.

    Only for statements whose rights have been checked as a whole (`describe`): an UPDATE without WHERE needs no right
    to read, and neither do constraints.
    """
    generated = Context(ctx.call, ctx.session, recognise(sql)[0], rights_checked=True)
    with query.without_positions():
        return query.run_arrow(generated, description.param_oids, sources or {})


def describe_query(ctx: Context, sql: str, description: Description) -> tuple[Field, ...]:
    """The columns of a part of the statement that is a query by itself."""
    with query.without_positions():
        return query.describe(nested(ctx, sql), description.param_oids).fields or ()


def count(ctx: Context, sql: str, description: Description) -> int:
    """The single number a generated query answers."""
    (number,) = rows_of(ctx, sql, description).reader.read_all().column(0).to_pylist()
    return int(number)


def table_rows(description: Description, rows: pa.Table) -> ArrowRows:
    """Materialised rows as the answer described."""
    return ArrowRows(description.fields or (), rows.to_reader())


def insert(
    ctx: Context, relation: Relation, new: assignment.NewRows, description: Description, *, created: bool = False
) -> int:
    """Add rows: on the cluster, if the statement goes to one and stands alone, else staged here; how many.

    `created`: the statement has made the table itself.
    """
    if native.may_insert(ctx, created=created):
        done = _insert_natively(ctx, relation, new, description)
        if done is not None:
            return done.inserted
    return append(ctx, relation, assignment.rows_to_insert(ctx, relation, new, description))


def is_numbered(relation: Relation) -> bool:
    """Whether Spark makes values of its rows: they are known once they are written."""
    return any(column.identity is not None for column in relation.columns)


def insert_numbered(
    ctx: Context, relation: Relation, new: assignment.NewRows, listed: str, description: Description
) -> pa.Table:
    """Add rows to a table of which `is_numbered` holds: as they were written, for RETURNING `listed`.

    Their commit stands when they are read: what might fail then is refused before.
    """
    if not native.may_insert(ctx):
        raise only_on_a_cluster(relation)
    shown = dialect.parse(f"SELECT {listed}").expressions
    if not all(isinstance(item.unalias(), exp.Column | exp.Star) for item in shown):
        raise FeatureNotSupported(
            f'RETURNING takes columns only from table "{relation.name.name}", which has an identity column',
            hint="Compute with what is returned, or SELECT afterwards.",
        )
    snapshots, uri = ctx.session.tenant.engine.snapshots, tables.location_of(relation)
    added.check_readable(snapshots.latest(uri))
    done = _insert_natively(ctx, relation, new, description)
    if done is None:
        raise only_on_a_cluster(relation)
    return added.rows(snapshots, uri, done.version)


def _insert_natively(
    ctx: Context, relation: Relation, new: assignment.NewRows, description: Description
) -> native.Outcome | None:
    return native.insert(
        ctx,
        relation,
        assignment.given_names(ctx, relation, new, description),
        lambda shown: assignment.rows_sql(ctx, relation, shown, new, description),
        description,
    )


def append(ctx: Context, relation: Relation, reader: pa.RecordBatchReader) -> int:
    """Stage rows; how many. Raises FeatureNotSupported for a table whose rows Spark numbers."""
    _refuse_identity(relation)
    delta = ctx.session.transaction.delta
    rows = constraints.checked(ctx, relation, reader)
    return delta.append(relation.name, tables.location_of(relation), rows.schema, rows)


def write_at_once(ctx: Context, relation: Relation, reader: pa.RecordBatchReader, *, replaces: bool = False) -> int:
    """As `append` or `replace`, for the only write of a statement, which reads nothing of the table; quicker if the
    statement stands alone."""
    transaction = ctx.session.transaction
    if not transaction.alone or transaction.in_any_block:
        return replace(ctx, relation, reader) if replaces else append(ctx, relation, reader)
    _refuse_identity(relation)
    rows, location = constraints.checked(ctx, relation, reader), tables.location_of(relation)
    return transaction.delta.write_at_once(relation.name, location, rows.schema, rows, replaces=replaces)


def _refuse_identity(relation: Relation) -> None:
    if is_numbered(relation):
        raise only_on_a_cluster(relation)


def only_on_a_cluster(relation: Relation) -> FeatureNotSupported:
    """The error of a write that Spark alone can make."""
    return FeatureNotSupported(
        f'rows are added to table "{relation.name.name}", which has an identity column, only on a cluster, by '
        "INSERT, COPY or MERGE, outside transaction blocks",
        hint=USE_CLUSTER_HINT,
    )


def replace(ctx: Context, relation: Relation, reader: pa.RecordBatchReader) -> int:
    """Stage a new content for the whole table; its number of rows."""
    delta = ctx.session.transaction.delta
    return delta.replace(relation.name, tables.location_of(relation), constraints.checked(ctx, relation, reader))


def returned(
    ctx: Context, relation: Relation, alias: str | None, listed: str, rows: pa.Table, description: Description
) -> Rows:
    """RETURNING, computed over the rows written."""
    sql = f"SELECT {listed} FROM {relation.name}{tables.alias_text(alias)}"
    answer = rows_of(ctx, sql, description, {relation.name: ArrowSource(rows)})
    return ArrowRows(description.fields or answer.fields, answer.reader)
