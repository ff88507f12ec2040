"""Bulk ingestion of Flight SQL: a client's Arrow batches into a table, as one statement and one commit.

The rows stay Arrow on their way: columns are matched by name and assigned by `assigning`, then staged and committed as
those of COPY. Nothing is kept of a stream that breaks, is canceled, or has a row the table cannot hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import flight

from catalog.errors import (
    CharacterNotInRepertoire,
    DuplicateColumn,
    DuplicateTable,
    FeatureNotSupported,
    InsufficientPrivilege,
    InvalidName,
    InvalidParameterValue,
    QueryCanceled,
    UndefinedTable,
)
from catalog.model import Column, Relation, RelationKind
from catalog.names import NAMEDATALEN, TableLocation, always_quote
from catalog.types import PgType, format_type
from engine.base import Action, Description, Result, Route, RouteReason
from engine.dialect.scanner import tokenize
from gateway.flight.answers import Answer
from gateway.flight.assigning import assignment, type_for
from gateway.flight.incoming import Incoming, malformed
from gateway.flight.layout import checked
from gateway.flight.logins import NAME
from gateway.flight.messages import sql
from gateway.flight.statements import Request, Statements
from gateway.pgwire.execution import style_of
from sql_extensions import copying, definition, dml, tables
from sql_extensions.context import Context
from sql_extensions.names import dotted, written
from sql_extensions.registry import StatementSpec, TransactionRule
from sql_extensions.shadowing import without_positions
from sql_extensions.statement import Statement

GONE_S = 0.02
"""A client that dies is told of a moment after its stream has ended."""
_ADBC = "ADBC Flight SQL Driver"
_Options = sql.CommandStatementIngest.TableDefinitionOptions


@dataclass(frozen=True, slots=True)
class Ingestion:
    """`create`: if there is no such table; `exists`: what to do if there is, one of Flight SQL's options."""

    table: tuple[str, ...]
    create: bool
    exists: int
    incoming: Incoming
    context: flight.ServerCallContext

    @property
    def schema(self) -> pa.Schema:
        return self.incoming.schema


def ingest(statements: Statements, request: Request, command: sql.CommandStatementIngest, incoming: Incoming) -> Answer:
    """Carry out the command; the answer has the count. Blocking; raises SqlError."""
    tree = _parsed(command, request, incoming)
    text = f"INGEST INTO {written(tree.table)}"
    statement = Statement(text, text, 0, tuple(tokenize(text)), _SPEC, tree)
    return statements.carry_out(request, statement, command.transaction_id or _adbc_transaction(request))


def _adbc_transaction(request: Request) -> bytes:
    """ADBC's driver does not name its connection's transaction in ingestion, which belongs to it all the same."""
    agent: str = request.context.get_middleware(NAME).agent
    return request.session.only_transaction() if agent.startswith(_ADBC) else b""


def _parsed(command: sql.CommandStatementIngest, request: Request, incoming: Incoming) -> Ingestion:
    options = command.table_definition_options
    database = request.session.principal.tenant
    if command.catalog and command.catalog != database:
        parts = (command.catalog, command.schema, command.table)
        raise FeatureNotSupported(f'cross-database references are not implemented: "{dotted(parts)}"')
    if command.temporary:
        raise FeatureNotSupported("temporary tables are not supported")
    if command.options:
        raise InvalidParameterValue(f'unrecognized option of ingestion "{min(command.options)}"')
    if not options.if_not_exist or not options.if_exists:
        raise InvalidParameterValue("table_definition_options must say what to do if the table exists, and if not")
    table = (command.schema, command.table) if command.schema else (command.table,)
    names = [*table, *incoming.schema.names]
    for name in names:
        if not name or len(name.encode()) >= NAMEDATALEN:
            raise InvalidName(f'"{name}" is no name: it has no bytes, or more than {NAMEDATALEN - 1}')
        if "\0" in name:
            raise CharacterNotInRepertoire('invalid byte sequence for encoding "UTF8": 0x00')
    if len(set(incoming.schema.names)) < len(incoming.schema.names):
        twice = next(name for name in incoming.schema.names if incoming.schema.names.count(name) > 1)
        raise DuplicateColumn(f'column "{twice}" specified more than once')
    return Ingestion(
        table,
        options.if_not_exist == _Options.TABLE_NOT_EXIST_OPTION_CREATE,
        options.if_exists,
        incoming,
        request.context,
    )


def _run(stmt: Ingestion, ctx: Context) -> Result:
    ctx.call.route = Route("embedded", RouteReason.DELTA_WRITE)
    found = tables.find(stmt.table, ctx.session.tenant.catalog.snapshot(), ctx.session.settings.search_path)
    replaces = False
    if found is None:
        if not stmt.create:
            raise UndefinedTable(f'relation "{dotted(stmt.table)}" does not exist')
        _create(stmt, ctx)
    elif stmt.exists == _Options.TABLE_EXISTS_OPTION_FAIL:
        raise DuplicateTable(f'relation "{found.name.name}" already exists')
    elif stmt.exists == _Options.TABLE_EXISTS_OPTION_REPLACE:
        replaces = _would_come_out_the_same(stmt, found)
        if replaces:
            tables.require_owner(found, ctx.session)
        else:
            with without_positions():
                definition.define(ctx, f"DROP TABLE {found.name}", "DROP TABLE")
            _create(stmt, ctx)
    target = dml.target(ctx, stmt.table, None, "insert into")
    columns = copying.named_columns(target, stmt.schema.names)
    copying.check_insert_rights(target, columns, ctx)
    rows = _rows(stmt, ctx, target, columns)
    count = dml.write_at_once(ctx, target, rows, replaces=replaces)
    ctx.call.rows = count
    return Result(f"INGEST {count}")


def _create(stmt: Ingestion, ctx: Context) -> None:
    """A table with the columns of the stream. Raises as CREATE TABLE."""
    listed = ", ".join(f"{always_quote(name)} {format_type(pg)}" for name, pg in _columns(stmt))
    name = ".".join(map(always_quote, stmt.table))
    with without_positions():
        definition.define(ctx, f"CREATE TABLE {name} ({listed})", "CREATE TABLE")


def _columns(stmt: Ingestion) -> list[tuple[str, PgType]]:
    return [(field.name, type_for(field.type)) for field in stmt.schema]


def _would_come_out_the_same(stmt: Ingestion, found: Relation) -> bool:
    """Whether dropping and creating the table would give it as it is: its rows are replaced then, in one commit, and
    its history, rights and views stay.
    """
    return (
        found.kind is RelationKind.TABLE
        and not found.constraints
        and all(_is_plain(column) for column in found.columns)
        and [(column.name, column.type) for column in found.columns] == _columns(stmt)
    )


def _is_plain(column: Column) -> bool:
    return column.nullable and column.default is None and column.generated is None and column.identity is None


def _rows(stmt: Ingestion, ctx: Context, target: Relation, columns: list[Column]) -> pa.RecordBatchReader:
    """The stream as rows for all columns of the table, while it comes in."""
    style = style_of(ctx.session.settings)
    location = TableLocation(tables.location_of(target))
    stored = {field.name: field.arrow for field in ctx.session.tenant.engine.snapshots.at(location).fields}
    plans = [
        assignment(field.type, column, style, stored.get(column.name))
        for field, column in zip(stmt.schema, columns, strict=True)
    ]
    complete = copying.Completion(ctx, target, [column.name for column in columns])
    shape = pa.schema([(column.name, arrow) for column, (arrow, _) in zip(columns, plans, strict=True)])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in _received(stmt, ctx):
            ctx.call.bytes += batch.nbytes
            arrays = [convert(array) for array, (_, convert) in zip(batch.columns, plans, strict=True)]
            yield complete(pa.RecordBatch.from_arrays(arrays, schema=shape))

    schema = complete(pa.RecordBatch.from_pylist([], shape)).schema
    return pa.RecordBatchReader.from_batches(schema, batches())


def _received(stmt: Ingestion, ctx: Context) -> Iterator[pa.RecordBatch]:
    """What the client sends, to its end. Raises QueryCanceled if that end is the client's own."""
    while True:
        try:
            batch = stmt.incoming.read(ctx.call)
        except StopIteration:
            break
        except (pa.ArrowException, OSError) as error:
            ctx.call.check_canceled()
            if stmt.context.is_cancelled():
                raise QueryCanceled("canceling statement due to user request") from error
            raise malformed(error) from error
        ctx.call.check_canceled()
        if batch is not None and batch.num_rows:
            yield checked(batch)
    for pause in (0.0, GONE_S):
        ctx.call.over.wait(pause)
        if stmt.context.is_cancelled():
            raise QueryCanceled("canceling statement due to user request")
    ctx.call.check_canceled()


def _describe(stmt: Ingestion, ctx: Context) -> Description:
    return Description((), None)


def _no_text(_cursor: object) -> Ingestion:
    raise InsufficientPrivilege("INGEST is a command of Flight SQL, not a statement")


_SPEC = StatementSpec(
    heads=(("INGEST",),),
    syntax="",
    action=Action.WRITE,
    parse=_no_text,
    run=_run,
    describe=_describe,
    transaction=TransactionRule.TRANSACTIONAL,
    in_failed=False,
    doc="CommandStatementIngest of Flight SQL.",
    examples={},
)
