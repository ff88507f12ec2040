"""One logged-in client: a method for each message of the protocol, over the blocking core. No sockets here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from catalog.errors import (
    FeatureNotSupported,
    ProtocolViolation,
    SqlError,
    from_sqlstate,
)
from engine.base import Param
from gateway.calls import Call, Outcome, new_call_id
from gateway.execute import Services, prepare, settle
from gateway.outcome import as_sql_error, outcome_of, with_reason
from gateway.pgwire import messages as m
from gateway.pgwire import replies
from gateway.pgwire.connection import Phase
from gateway.pgwire.execution import Execution, spread
from gateway.pgwire.link import ConnectionLost, Link
from gateway.pgwire.portals import (
    ParsedStatement,
    Portal,
    PortalNames,
    StatementNames,
    bind_params,
    check_result_formats,
)
from gateway.pgwire.rows import row_description
from gateway.pgwire.runner import Runner
from sql_extensions.session import Prepared, Session
from sql_extensions.statement import Statement, recognise

T = TypeVar("T")

SHORT_CHARACTERS = 1000
"""Texts up to this length are recognised on the event loop: quicker than a worker thread's turn."""
_SIMPLE = frozenset("QFS")


class WireSession:
    """`core` is the session as statements see it; its blocking parts run in worker threads, one at a time."""

    def __init__(self, link: Link, core: Session, services: Services) -> None:
        self.core = core
        self._link, self._services = link, services
        self._statements = StatementNames(core)
        self._portals = PortalNames(core)
        self._runner = Runner(link)
        self._cycle_error: SqlError | None = None
        """Of a commit that was done ahead of its Sync."""
        core.transaction.at_end(self._transaction_ended)
        self._handlers: dict[type, Callable[..., Awaitable[None]]] = {
            m.Query: self._query,
            m.Parse: self._parse,
            m.Bind: self._bind,
            m.Describe: self._describe,
            m.Execute: self._execute,
            m.Close: self._close,
            m.Sync: self._sync,
            m.Flush: self._flush,
            m.Terminate: self._terminate,
            m.FunctionCall: self._function_call,
            m.Malformed: self._malformed,
        }

    async def handle(self, event: m.Message | m.StartupMessage) -> None:
        """Serve one message. Raises ConnectionLost, or SqlError if the session cannot go on."""
        try:
            await self._handlers[type(event)](event)
        except ConnectionLost:
            raise
        except Exception as error:  # noqa: BLE001 - the session's edge: everything becomes an ErrorResponse
            await self._failed(event, as_sql_error(error))

    async def close(self) -> None:
        """The client is gone: end what is open, roll back."""
        await self._link.run(self._close_core)

    async def ready(self) -> None:
        """Tell what settings have changed, and that the next cycle may begin."""
        state = self.core.transaction.state.value
        for name, value in self.core.settings.take_reports():
            self._link.send(replies.parameter_status(name, value))
        self._link.send(replies.ready_for_query(state))
        self._link.flush()
        self._arm_idle()

    # One method per message

    async def _query(self, event: m.Query) -> None:
        self._statements.drop("")
        await self._end_portals([self._portals.drop("")])
        statements = await self._recognise(event.sql)
        if not statements:
            self._link.send(replies.EMPTY_QUERY)
        transaction = self.core.transaction
        transaction.several, transaction.alone = len(statements) > 1, len(statements) == 1
        try:
            for at, statement in enumerate(statements, 1):
                call = self._new_call(statement.sql, statement)
                finish = partial(self._commit, call) if at == len(statements) else None
                execution = Execution(call, self.core, self._services, describe=True, finish=finish)
                await self._runner.carry_out(execution, partial(execution.start, 0))
        finally:
            transaction.several = transaction.alone = False
        await self.ready()

    async def _parse(self, event: m.Parse) -> None:
        if not event.name:
            self._statements.drop("")
        prepared = await self._prepare(event.sql, event.param_oids)
        self._statements.add(event.name, ParsedStatement(prepared, event.sql, event.param_oids))
        self._link.send(replies.PARSE_COMPLETE)

    async def _bind(self, event: m.Bind) -> None:
        parsed = self._statements.find(event.statement)
        params = bind_params(event, parsed, self.core.settings.time_zone)
        self._check_usable(parsed)
        self._portals.check_free(event.portal)
        parsed = await self._current(event.statement, parsed)
        check_result_formats(event.result_formats, parsed.prepared.description.fields)
        old = self._portals.add(Portal(event.portal, parsed, params, event.result_formats))
        await self._end_portals([old])
        self._link.send(replies.BIND_COMPLETE)

    async def _describe(self, event: m.Describe) -> None:
        formats: tuple[int, ...] = ()
        if event.kind == "S":
            parsed = self._statements.find(event.name)
            self._check_describable(parsed)
            parsed = await self._current(event.name, parsed)
            self._link.send(replies.parameter_description(parsed.prepared.description.param_oids))
        elif (cursor := self.core.cursors.get(event.name)) is not None:  # cursors of SQL are portals too
            self.core.transaction.check_usable()
            self._link.send(row_description(cursor.fields, spread((), len(cursor.fields))))
            return
        else:
            portal = self._portals.find(event.name)
            parsed, formats = portal.parsed, portal.formats
            self._check_describable(parsed)
        fields = parsed.prepared.description.fields
        if fields is None:
            self._link.send(replies.NO_DATA)
        else:
            self._link.send(row_description(fields, spread(formats, len(fields))))

    async def _execute(self, event: m.Execute) -> None:
        portal = self._portals.find(event.portal)
        statement = portal.parsed.prepared.statement
        if statement is None:
            self._link.send(replies.EMPTY_QUERY)
            return
        self._check_usable(portal.parsed)
        limit = max(event.max_rows, 0)
        then = self._end_early if self._link.connection.sync_follows() else None
        if portal.execution is not None:
            await self._runner.carry_out(portal.execution, partial(portal.execution.resume, limit), then)
            return
        call = self._new_call(statement.sql, statement, portal.params, portal.formats)
        portal.execution = Execution(call, self.core, self._services, formats=portal.formats, described=portal.fields)
        self.core.transaction.alone = then is not None
        try:
            await self._runner.carry_out(portal.execution, partial(portal.execution.start, limit), then)
        finally:
            self.core.transaction.alone = False

    async def _close(self, event: m.Close) -> None:
        if event.kind == "S":
            self._statements.drop(event.name)
        else:
            await self._end_portals([self._portals.drop(event.name)])
            if (cursor := self.core.cursors.pop(event.name, None)) is not None:
                await self._run(cursor.close)
        self._link.send(replies.CLOSE_COMPLETE)

    async def _sync(self, _event: m.Sync) -> None:
        transaction = self.core.transaction
        error, self._cycle_error = self._cycle_error, None
        if error is not None:
            raise error
        if not transaction.in_block and (transaction.started_at is not None or len(self._portals)):
            await self._run(self._end_cycle)
        self._statements.prune()
        await self.ready()

    async def _flush(self, _event: m.Flush) -> None:
        self._link.flush()

    async def _terminate(self, _event: m.Terminate) -> None:
        raise ConnectionLost

    async def _function_call(self, _event: m.FunctionCall) -> None:
        raise FeatureNotSupported("function call messages are not supported")

    async def _malformed(self, event: m.Malformed) -> None:
        raise event.error

    # Statements

    async def _recognise(self, sql: str) -> tuple[Statement, ...]:
        """The statements of a simple query; a text that cannot be read goes into the history too."""
        try:
            if len(sql) <= SHORT_CHARACTERS:
                return recognise(sql)
            return await self._run(partial(recognise, sql))
        except SqlError as error:
            await self._settle_failed(self._new_call(sql), error)
            raise

    async def _prepare(self, sql: str, param_oids: tuple[int, ...]) -> Prepared:
        """Describe without running. Only a failure is a call with an outcome: nothing has run yet."""
        call = self._new_call(sql)
        self._link.begin(call)
        try:
            prepared = await self._run(partial(prepare, call, self.core, param_oids))
        except SqlError as error:
            told = with_reason(error, call)
            await self._settle_failed(call, told)
            raise told from error
        finally:
            self._link.end()
        self._services.calls.remove(call)
        return prepared

    async def _current(self, name: str, parsed: ParsedStatement) -> ParsedStatement:
        """The statement as of the catalog's state now. Raises FeatureNotSupported if its columns have changed."""
        prepared = parsed.prepared
        if prepared.statement is None or prepared.catalog_seq == self.core.tenant.catalog.seq:
            return parsed
        again = await self._prepare(parsed.sql, parsed.param_oids)
        if again.description.fields != prepared.description.fields:
            raise FeatureNotSupported("cached plan must not change result type")
        parsed = ParsedStatement(again, parsed.sql, parsed.param_oids)
        self._statements.replace(name, parsed)
        return parsed

    # Errors, ends

    async def _failed(self, event: m.Message | m.StartupMessage, error: SqlError) -> None:
        """Answer an error: the transaction is lost; the extended protocol skips to Sync."""
        link = self._link
        if link.ending is not None:
            raise link.ending
        await self._run(self.core.transaction.fail)
        link.send(replies.error_response(error))
        if link.connection.phase is Phase.BROKEN:
            raise ProtocolViolation("terminating connection because protocol synchronization was lost")
        code = event.code if isinstance(event, m.Malformed) else ""
        if isinstance(event, m.Query | m.FunctionCall | m.Sync) or code in _SIMPLE:
            await self.ready()
        else:
            link.connection.failed()
            link.flush()

    async def _settle_failed(self, call: Call, error: SqlError) -> None:
        call.error = error
        await self._run(partial(settle, call, outcome_of(error, lost=self._link.lost), self._services))

    async def _end_portals(self, portals: list[Portal | None]) -> None:
        """Close portals; those that have not come to their end are done all the same: the client wanted no more."""
        open_ones = [portal.execution for portal in portals if portal is not None and portal.execution is not None]
        unsettled = [execution for execution in open_ones if not execution.settled]
        if unsettled:
            await self._run(lambda: _settle_all(unsettled, Outcome.DONE))

    def _commit(self, call: Call) -> None:
        """The end of a simple query: commit, unless the client has said to stop."""
        transaction = self.core.transaction
        if transaction.started_at is not None and not transaction.in_block:
            call.check_canceled()
        transaction.end_implicit()

    def _end_early(self) -> None:
        """Sync is next: spare it a turn of its own. Runs in a worker thread."""
        if not self.core.transaction.in_block:
            try:
                self._end_cycle()
            except SqlError as error:
                self._cycle_error = error

    def _end_cycle(self) -> None:
        self.core.transaction.end_implicit()
        self._transaction_ended(committed=True)

    def _transaction_ended(self, committed: bool) -> None:
        """Portals live as long as their transaction. Runs in a worker thread."""
        self._settle_portals(Outcome.DONE)

    def _close_core(self) -> None:
        self._settle_portals(Outcome.ABANDONED)
        self.core.close()

    def _settle_portals(self, outcome: Outcome) -> None:
        left = [portal.execution for portal in self._portals.take_all() if portal.execution is not None]
        _settle_all([execution for execution in left if execution is not self._runner.running], outcome)

    def _check_usable(self, parsed: ParsedStatement) -> None:
        """Raises InFailedSqlTransaction (25P02) unless the statement ends the transaction."""
        statement = parsed.prepared.statement
        if statement is None or statement.spec is None or not statement.spec.in_failed:
            self.core.transaction.check_usable()

    def _check_describable(self, parsed: ParsedStatement) -> None:
        """In a failed transaction only what returns no rows can be described."""
        if parsed.prepared.description.fields is not None:
            self.core.transaction.check_usable()

    def _new_call(
        self,
        sql: str,
        statement: Statement | None = None,
        params: tuple[Param, ...] = (),
        formats: tuple[int, ...] = (),
    ) -> Call:
        call = Call(
            id=new_call_id(),
            principal=self.core.principal,
            pid=self.core.pid,
            sql=sql,
            statement=statement,
            params=params,
            result_binary=tuple(code == 1 for code in formats),
            timeout_s=self.core.settings.statement_timeout_s,
        )
        self._services.calls.add(call)
        return call

    def _arm_idle(self) -> None:
        settings = self.core.settings
        if self.core.transaction.in_block:
            timeout = settings.idle_in_transaction_timeout_s
            message, code = "terminating connection due to idle-in-transaction timeout", "25P03"
        else:
            timeout = settings.idle_session_timeout_s
            message, code = "terminating connection due to idle-session timeout", "57P05"
        if timeout:
            self._link.arm_idle(timeout, from_sqlstate(code, message))

    def _run(self, job: Callable[[], T]) -> Awaitable[T]:
        return self._link.run(job)


def _settle_all(executions: list[Execution], outcome: Outcome) -> None:
    for execution in executions:
        execution.settle(outcome)
