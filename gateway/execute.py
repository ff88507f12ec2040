"""The data path of one statement, top to bottom, shared by all doors. Blocking: runs in a worker thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from catalog.errors import ActiveSqlTransaction, SqlError, SqlSyntaxError
from engine.base import Action, Description, Notice, Result, Route, RouteReason
from gateway.calls import CallRegister
from gateway.settings import Settings
from sql_extensions import query
from sql_extensions.call import Call, Outcome
from sql_extensions.context import Context
from sql_extensions.redaction import conceal
from sql_extensions.registry import StatementSpec, TransactionRule
from sql_extensions.session import Prepared, Session
from sql_extensions.statement import recognise

log = logging.getLogger(__name__)

Guard = Callable[[Call, Session], None]
"""May refuse a call by raising an SqlError."""
Observer = Callable[[Call, Outcome], None]
"""Told once how a call ended; cannot change anything."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a call needs, built once in build.py."""

    settings: Settings
    workers: Executor
    calls: CallRegister
    guards: tuple[Guard, ...]
    starters: tuple[Callable[[Call], None], ...]
    """Told of a call right before it runs: what has no end in the history was lost."""
    observers: tuple[Observer, ...]


def prepare(call: Call, session: Session, param_oids: Sequence[int] = (), *, from_sql: bool = False) -> Prepared:
    """Recognise and describe `call.sql` without running it; sets `call.statement`.

    Raises SqlError; 42601 for several statements. Empty text gives a Prepared without statement.
    """
    call.param_oids = tuple(param_oids)
    statements = recognise(call.sql)
    if len(statements) > 1:
        raise SqlSyntaxError("cannot insert multiple commands into a prepared statement")
    seq = session.tenant.catalog.seq
    if not statements:
        return Prepared(None, Description((), None), seq, from_sql)
    call.statement = statements[0]
    spec = call.statement.spec
    if spec is None or not spec.in_failed:
        session.transaction.check_usable()
    session.transaction.touch()
    context = Context(call, session, call.statement)
    description = query.describe(context, param_oids) if spec is None else spec.describe(call.statement.tree, context)
    return Prepared(call.statement, description, seq, from_sql)


def execute(call: Call, session: Session, services: Services) -> Result:
    """Run `call.statement` up to its first rows. Raises SqlError; the caller then calls `transaction.fail()`.

    Rows still to be read come in `Result.rows`; notices of the whole way in `Result.notices`.
    """
    statement = call.statement
    if statement is None:
        raise TypeError("a call to execute needs a recognised statement")
    spec = statement.spec
    if spec is None or not spec.in_failed:
        session.transaction.check_usable()
    session.transaction.touch()
    for starter in services.starters:
        starter(call)
    for guard in services.guards:
        guard(call, session)
    call.check_canceled()
    if spec is None or spec.action is not Action.SESSION:
        session.transaction.queried = True
    context = Context(call, session, statement)
    try:
        if spec is None:
            result = query.run(context)
        else:
            call.route = Route("gateway", RouteReason.STATEMENT)
            _apply_transaction_rule(spec, context)
            result = spec.run(statement.tree, context)
    except SqlError as error:
        conceal(error, call.sql)
        raise
    result.notices[:0] = call.notices
    call.notices.clear()
    return result


def settle(call: Call, outcome: Outcome, services: Services) -> None:
    """The call is over: what it held is free, every observer is told, once. One that fails is logged, stops nothing."""
    call.ended = time.monotonic()
    for action in call.take_ends():
        action()
    services.calls.remove(call)
    for observer in services.observers:
        try:
            observer(call, outcome)
        except Exception:
            log.exception("observer failed")
    call.over.set()


def _apply_transaction_rule(spec: StatementSpec, context: Context) -> None:
    """Rule R7: actions that cannot be undone run at once in a block that has written nothing, else are refused."""
    transaction = context.session.transaction
    if spec.transaction is not TransactionRule.IMMEDIATE or not transaction.in_block:
        return
    name = " ".join(spec.heads[0])
    if transaction.has_written:
        raise ActiveSqlTransaction(f"{name} cannot run inside a transaction block that has written")
    context.call.notice(Notice("WARNING", f"{name} was executed immediately, not undone by ROLLBACK", "01000"))
