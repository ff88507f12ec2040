"""Delete the data files that a Delta table no longer needs.

    VACUUM sales.orders
    VACUUM sales.orders, sales.customers RETAIN 240 HOURS DRY RUN
    VACUUM (RETAIN '10 days', DRY_RUN) sales.orders

Removes files that no version within the retention uses; older versions can then no longer be read (`VERSION AS OF`).
The retention is the table's own (`delta.deletedFileRetentionDuration`), 168 hours unless set. A shorter one is refused
(22023) unless FORCE is given. FULL, the default, also takes files of the table's folder that no commit names, once they
are 24 hours old (a write under way may still commit younger ones); LITE goes by the log alone. Only the table's owner
and administrators may vacuum it; `'/path'` is for administrators.

`VACUUM table` and everything in the first spelling answer with one row for each table: table, files_deleted, bytes,
retain_from_version, oldest_time_travel_left; with DRY RUN one row for each file: table, path, bytes. PostgreSQL's own
spellings (`VACUUM FULL VERBOSE ANALYZE t`, `VACUUM (ANALYZE)`) return no rows: their figures come as INFO messages.
Without a table they stand for all tables of the database; those of other owners are skipped with a WARNING.

As a function: `SELECT * FROM kadali.vacuum('sales.orders', retain => '240 hours', dry_run => true)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from catalog.errors import InvalidParameterValue, SqlSyntaxError
from engine.base import Action, Description, Notice, Result
from engine.dialect.scanner import TokenKind
from sql_extensions import maintenance, maintenance_shapes, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor, duration
from sql_extensions.maintenance_shapes import VacuumOptions
from sql_extensions.names import Name
from sql_extensions.registry import TransactionRule, fields_of

HEADS = (("VACUUM",),)
SYNTAX = """VACUUM { table [, ...] | '/path' } [ FULL | LITE ] [ RETAIN n { HOURS | DAYS } ] [ DRY RUN ] [ FORCE ]
VACUUM ( { FULL | LITE | RETAIN 'interval' | DRY_RUN | VERBOSE | ANALYZE | FORCE } [, ...] )
    [ table [ ( column [, ...] ) ] [, ...] ]
VACUUM [ FULL ] [ FREEZE ] [ VERBOSE ] [ ANALYZE ] [ table [ ( column [, ...] ) ] [, ...] ]"""
ACTION = Action.MAINTAIN
TRANSACTION = TransactionRule.IMMEDIATE
RETAIN_HOURS_MAX = 100 * 366 * 24


@dataclass(frozen=True, slots=True)
class Vacuum:
    """`tables` empty: all of the database. `rows`: whether the answer has rows, or only INFO messages."""

    tables: tuple[Name, ...] = ()
    path: str | None = None
    options: VacuumOptions = field(default_factory=VacuumOptions)
    rows: bool = True
    analyze: bool = False


def parse(c: Cursor) -> Vacuum:
    if c.at("("):
        stmt = _listed_options(c)
        return replace(stmt, tables=_tables_with_columns(c), rows=False)
    token = c.peek()
    if token is not None and token.kind is TokenKind.STRING:
        return _delta_clauses(c, Vacuum(path=c.string()))
    postgres, words = Vacuum(rows=False), 0
    while c.at("FULL") or c.at("ANALYZE") or c.at("ANALYSE") or c.at("VERBOSE") or c.at("FREEZE"):
        word, words = c.next().word, words + 1
        if word == "FULL":
            postgres = replace(postgres, options=replace(postgres.options, full=True))
        elif word.startswith("ANALY"):
            postgres = replace(postgres, analyze=True)
    if words or c.at_end():
        return replace(postgres, tables=_tables_with_columns(c))
    names = c.comma_list(lambda: tables.take_name(c))
    return _delta_clauses(c, Vacuum(names))


def _tables_with_columns(c: Cursor) -> tuple[Name, ...]:
    def one() -> Name:
        name = tables.take_name(c)
        if c.at("("):
            c.in_parentheses(lambda: c.comma_list(c.name))
        return name

    return () if c.at_end() else c.comma_list(one)


def _delta_clauses(c: Cursor, stmt: Vacuum) -> Vacuum:
    """The clauses behind the table, in their order (rule R12)."""
    options = stmt.options
    if c.take("FULL"):
        options = replace(options, full=True)
    elif c.take("LITE"):
        options = replace(options, lite=True)
    if c.take("RETAIN"):
        position, amount = c.here(), c.integer()
        hours = amount * 24 if c.one_of("HOURS", "DAYS", "HOUR", "DAY").startswith("DAY") else amount
        if hours > RETAIN_HOURS_MAX:
            raise InvalidParameterValue("the retention is out of range", position=position)
        options = replace(options, retain=timedelta(hours=hours))
    if c.take("DRY", "RUN"):
        options = replace(options, dry_run=True)
    if c.take("FORCE"):
        options = replace(options, force=True)
    maintenance.take_wait(c)
    if not c.at_end():
        c.fail("[ FULL | LITE ] [ RETAIN n { HOURS | DAYS } ] [ DRY RUN ] [ FORCE ] in this order, or the end")
    return replace(stmt, options=options)


_OPTIONS_WITHOUT_EFFECT = frozenset(
    """VERBOSE FREEZE DISABLE_PAGE_SKIPPING SKIP_LOCKED INDEX_CLEANUP PROCESS_TOAST PROCESS_MAIN TRUNCATE PARALLEL
    SKIP_DATABASE_STATS ONLY_DATABASE_STATS BUFFER_USAGE_LIMIT""".split()
)
"""PostgreSQL's options that mean nothing for Delta tables; accepted, since tools send them."""


def _listed_options(c: Cursor) -> Vacuum:
    """( option [ value ] [, ...] ): an unknown one is 42601, as in PostgreSQL."""
    stmt = Vacuum()
    seen: set[str] = set()
    c.expect("(")
    while True:
        token = c.next()
        word = {"ANALYSE": "ANALYZE"}.get(token.word, token.word)
        if word in seen:
            raise SqlSyntaxError("conflicting or redundant options", position=token.start + 1)
        seen.add(word)
        options = stmt.options
        if word == "RETAIN":
            options = replace(options, retain=duration(c.string()))
        elif word == "FULL":
            options = replace(options, full=_switch(c))
        elif word == "LITE":
            options = replace(options, lite=_switch(c))
        elif word == "DRY_RUN":
            options = replace(options, dry_run=_switch(c))
        elif word == "FORCE":
            options = replace(options, force=_switch(c))
        elif word == "ANALYZE":
            stmt = replace(stmt, analyze=_switch(c))
        elif word in _OPTIONS_WITHOUT_EFFECT:
            if not (c.at(",") or c.at(")")):
                c.option_value()
        else:
            raise SqlSyntaxError(f'unrecognized VACUUM option "{token.text}"', position=token.start + 1)
        stmt = replace(stmt, options=options)
        if not c.take(","):
            break
    c.expect(")")
    return stmt


def _switch(c: Cursor) -> bool:
    """An option's Boolean value: true if it has none."""
    if c.at(",") or c.at(")"):
        return True
    position = c.here()
    value = c.option_value()
    text = str(value).lower()
    if text in ("true", "on", "1"):
        return True
    if text in ("false", "off", "0"):
        return False
    raise SqlSyntaxError("this VACUUM option requires a Boolean value", position=position)


def _days(days: int) -> VacuumOptions:
    return VacuumOptions(retain=timedelta(days=days))


EXAMPLES: dict[str, object] = {
    "VACUUM": Vacuum(rows=False),
    "VACUUM sales.orders": Vacuum((Name(("sales", "orders")),)),
    "VACUUM t, u RETAIN 240 HOURS DRY RUN": Vacuum(
        (Name(("t",)), Name(("u",))), options=VacuumOptions(retain=timedelta(days=10), dry_run=True)
    ),
    "VACUUM t LITE RETAIN 1 DAYS FORCE": Vacuum(
        (Name(("t",)),), options=VacuumOptions(lite=True, retain=timedelta(days=1), force=True)
    ),
    "VACUUM '/data/orders' FULL": Vacuum(path="/data/orders", options=VacuumOptions(full=True)),
    "VACUUM lite": Vacuum((Name(("lite",)),)),
    "VACUUM FULL VERBOSE ANALYZE t (a, b)": Vacuum(
        (Name(("t",)),), options=VacuumOptions(full=True), rows=False, analyze=True
    ),
    "VACUUM ANALYZE": Vacuum(rows=False, analyze=True),
    "VACUUM (RETAIN '10 days', DRY_RUN) t": Vacuum(
        (Name(("t",)),), options=VacuumOptions(retain=timedelta(days=10), dry_run=True), rows=False
    ),
    "VACUUM (FULL false, PARALLEL 2, ANALYZE)": Vacuum(rows=False, analyze=True),
    "VACUUM (NOPE) t": "42601 at 9",
    "VACUUM (FULL, FULL) t": "42601 at 15",
    "VACUUM t RETAIN x HOURS": "42601 at 17",
    "VACUUM t RETAIN 99999999999 DAYS": "22023 at 17",
    "VACUUM t DRY RUN LITE": "42601 at 18",
    "VACUUM t RETAIN 1 WEEKS": "42601 at 19",
    "VACUUM FULL '/path'": "42601 at 13",
}


def describe(stmt: Vacuum, ctx: Context) -> Description:
    if not stmt.rows:
        return Description((), None)
    return Description(
        (), fields_of(maintenance_shapes.VACUUM_FILES if stmt.options.dry_run else maintenance_shapes.VACUUM_COLUMNS)
    )


def run(stmt: Vacuum, ctx: Context) -> Result:
    targets = maintenance.vacuum_targets(ctx, stmt.tables, stmt.path)
    if stmt.rows:
        return maintenance.rows_result("VACUUM", maintenance.vacuum(ctx, targets, stmt.options))
    for row in maintenance.vacuum(ctx, targets, stmt.options).to_pylist():
        if stmt.options.dry_run:
            text = f"{row['table']}: would delete {row['path']} ({row['bytes']} bytes)"
        else:
            text = f"{row['table']}: {row['files_deleted']} files deleted ({row['bytes']} bytes)"
        ctx.call.notice(Notice("INFO", text))
    return Result("VACUUM")
