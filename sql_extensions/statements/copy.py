"""Move rows in bulk: COPY TO STDOUT and COPY FROM STDIN, in text, csv and binary.

    COPY sales.orders TO STDOUT WITH (FORMAT csv, HEADER)
    COPY (SELECT id, amount FROM sales.orders WHERE amount > 100) TO STDOUT (FORMAT binary)
    COPY sales.orders (id, amount) FROM STDIN

As in PostgreSQL; psql's \\copy, pgjdbc's CopyManager and psycopg's copy use it. COPY (...) takes every statement that
returns rows, SHOW and DESCRIBE HISTORY too. COPY FROM is one Delta commit, when its transaction commits. Files and
programs of the server are out of reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from catalog.errors import InsufficientPrivilege, SqlSyntaxError, WrongObjectType
from catalog.model import RelationKind
from catalog.names import always_quote
from engine.base import Action, Description, Result, Route, RouteReason
from engine.values.copy_options import CopyOptions
from sql_extensions import clauses, copying, dml, nested, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor, OptionValue
from sql_extensions.registry import TransactionRule
from sql_extensions.statement import Statement, recognise, recognise_tokens

HEADS = (("COPY",),)
SYNTAX = """COPY table [ ( column [, ...] ) ] FROM STDIN [ [ WITH ] ( option [, ...] ) ]
COPY { table [ ( column [, ...] ) ] | ( statement ) } TO STDOUT [ [ WITH ] ( option [, ...] ) ]
    option: FORMAT { text | csv | binary } | DELIMITER 'c' | NULL 'text' | HEADER [ boolean | MATCH ] | QUOTE 'c'
          | ESCAPE 'c' | FORCE_QUOTE { ( column [, ...] ) | * } | FORCE_NOT_NULL ( column [, ...] )
          | FORCE_NULL ( column [, ...] ) | ENCODING 'name'"""
ACTION = Action.WRITE
TRANSACTION = TransactionRule.TRANSACTIONAL
Option = tuple[str, OptionValue | tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Copy:
    """`statement` (of COPY (...)) or `table`. `options` as written: (lower-case name, value; None if none is given)."""

    statement: Statement | None
    table: tuple[str, ...]
    table_at: int
    columns: tuple[str, ...]
    to_client: bool
    options: tuple[Option, ...]


def parse(c: Cursor) -> Copy:
    statement: Statement | None = None
    table: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    leading: list[Option] = [("format", "binary")] if c.take("BINARY") else []
    table_at = c.here()
    if c.at("("):
        tokens = c.tokens()
        opening = next(index for index, token in enumerate(tokens) if token.text == "(")
        close = clauses.matching(tokens, opening)
        if close is None or close == opening + 1:
            c.take("(")
            c.fail("a statement")
        statement = recognise_tokens(c.sql, tokens[opening + 1 : close])
        c.upto(close + 1)
    else:
        table = c.qualified_name()
        if c.at("("):
            columns = c.in_parentheses(lambda: c.comma_list(c.name))
    to_client = c.one_of("FROM", "TO") == "TO"
    if statement is not None and not to_client:
        raise SqlSyntaxError('syntax error at or near "FROM"', position=c.here())
    if not c.take("STDIN") and not c.take("STDOUT"):
        _refuse_file(c, to_client)
    return Copy(statement, table, table_at, columns, to_client, (*leading, *_options(c)))


def _refuse_file(c: Cursor, to_client: bool) -> NoReturn:
    """Files and programs of the server are for nobody; as PostgreSQL tells a user without such rights."""
    what, role = ("to a file", "pg_write_server_files") if to_client else ("from a file", "pg_read_server_files")
    if c.at("PROGRAM"):
        what, role = "to or from an external program", "pg_execute_server_program"
    raise InsufficientPrivilege(
        f"permission denied to COPY {what}",
        detail=f'Only roles with privileges of the "{role}" role may COPY {what}.',
        hint="Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.",
        position=c.here(),
    )


EXAMPLES: dict[str, object] = {
    "COPY t (a) FROM STDIN WITH (FORMAT csv, HEADER)": Copy(
        None, ("t",), 6, ("a",), False, (("format", "csv"), ("header", None))
    ),
    "COPY t TO STDOUT DELIMITER '|' CSV": Copy(None, ("t",), 6, (), True, (("delimiter", "|"), ("format", "csv"))),
    "COPY t FROM '/etc/passwd'": "42501 at 13",
    "COPY t TO PROGRAM 'id'": "42501 at 11",
}


def describe(stmt: Copy, ctx: Context) -> Description:
    if stmt.statement is not None:
        return Description(nested.describe_statement(stmt.statement, ctx).param_oids, None)
    return Description((), None)


def run(stmt: Copy, ctx: Context) -> Result:
    ctx.call.route = Route("embedded", RouteReason.DELTA_READ if stmt.to_client else RouteReason.DELTA_WRITE)
    if stmt.to_client:
        return _to_client(stmt, ctx)
    target = dml.target(ctx, stmt.table, None, "copy to")
    columns = copying.named_columns(target, stmt.columns)
    copying.check_insert_rights(target, columns, ctx)
    options = CopyOptions.of(stmt.options, [column.name for column in columns], to_client=False)
    return Result("COPY ", copy_in=copying.CopySink(ctx, target, columns, options))


def _to_client(stmt: Copy, ctx: Context) -> Result:
    statement = stmt.statement
    if statement is None:
        relation = tables.find(stmt.table, ctx.session.tenant.catalog.snapshot(), ctx.session.settings.search_path)
        if relation is not None and relation.kind is RelationKind.VIEW:
            raise WrongObjectType(
                f'cannot copy from view "{relation.name.name}"', hint="Try the COPY (SELECT ...) TO variant."
            )
        names: Sequence[str] = stmt.columns
        if relation is not None and any(column.generated is not None for column in relation.columns):
            names = [column.name for column in copying.named_columns(relation, stmt.columns)]
        listed = ", ".join(map(always_quote, names)) or "*"
        name = ".".join(map(always_quote, stmt.table))
        statement = recognise(f"SELECT {listed} FROM {name}")[0]
    result = nested.run_statement(statement, ctx)
    if result.rows is None:
        raise SqlSyntaxError("COPY query must have a RETURNING clause" if _writes(statement) else "COPY needs rows")
    options = CopyOptions.of(stmt.options, [field.name for field in result.rows.fields], to_client=True)
    return Result("COPY ", result.rows, result.notices, copy_out=options)


def _writes(statement: Statement) -> bool:
    return statement.action is Action.WRITE


def _options(c: Cursor) -> Sequence[Option]:
    c.take("WITH")
    if c.at("("):
        return c.in_parentheses(lambda: c.comma_list(lambda: _option(c)))
    return _legacy_options(c)


def _option(c: Cursor) -> Option:
    name = c.name().lower()
    if c.at(",") or c.at(")"):
        return name, None
    if c.take("*"):
        return name, ("*",)
    if c.at("("):
        return name, c.in_parentheses(lambda: c.comma_list(c.name))
    return name, c.option_value()


def _legacy_options(c: Cursor) -> list[Option]:
    """The spellings of PostgreSQL before 9.0, which clients still send."""
    found: list[Option] = []
    while not c.at_end():
        if c.take("BINARY"):
            found.append(("format", "binary"))
        elif c.take("CSV"):
            found.append(("format", "csv"))
        elif c.take("HEADER"):
            found.append(("header", None))
        elif c.take("FORCE", "QUOTE"):
            found.append(("force_quote", ("*",) if c.take("*") else c.comma_list(c.name)))
        elif c.take("FORCE", "NOT", "NULL"):
            found.append(("force_not_null", c.comma_list(c.name)))
        elif c.take("FORCE", "NULL"):
            found.append(("force_null", c.comma_list(c.name)))
        else:
            name = c.one_of("DELIMITER", "DELIMITERS", "NULL", "QUOTE", "ESCAPE", "ENCODING").lower()
            c.take("AS")
            found.append((name.removesuffix("s"), c.string()))
    return found
