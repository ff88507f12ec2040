"""Statements and prepared statements of Flight SQL: from a text to an answer that waits to be read."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import flight

from catalog.errors import CharacterNotInRepertoire, FeatureNotSupported, ObjectNotInPrerequisiteState, SqlError
from catalog.types import TEXT, PgType
from engine.base import Description, Param
from gateway.calls import new_call_id
from gateway.execute import Services, prepare, settle
from gateway.flight.answers import Answer, run
from gateway.flight.parameters import bound_rows, natural_oids
from gateway.flight.schemas import parameter_schema, schema_of
from gateway.flight.sessions import FlightSession, PreparedStatement
from gateway.flight.watch import Watch
from gateway.outcome import as_sql_error, outcome_of, with_reason
from gateway.settings import Settings
from sql_extensions.call import Call, Outcome
from sql_extensions.kept import Answered
from sql_extensions.session import Prepared, Session
from sql_extensions.statement import Statement


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client: its session, and the gRPC call it hangs on."""

    session: FlightSession
    context: flight.ServerCallContext


class Statements:
    """Runs statements for requests. Blocking; every method raises SqlError."""

    def __init__(self, services: Services, watch: Watch) -> None:
        self._services, self._watch = services, watch

    def execute(self, request: Request, sql: str, transaction: bytes = b"") -> Answer:
        """Run a text of one statement."""
        with request.session.core(transaction).turn(request.context) as core:
            prepared = self._prepare(request, core, sql)
            return self._run(request, core, sql, prepared, ())

    @property
    def settings(self) -> Settings:
        """The server's."""
        return self._services.settings

    def catalog(self, request: Request, sql: str, values: Sequence[str]) -> Answer:
        """Run a query on PostgreSQL's catalog for a metadata command, as a statement of the session's; `values` are
        its parameters, all of type text."""
        params = tuple(Param(TEXT.oid, value.encode(), binary=True) for value in values)
        with request.session.core().turn(request.context) as core:
            return self._run(request, core, sql, self._prepare(request, core, sql), params)

    def carry_out(self, request: Request, statement: Statement, transaction: bytes = b"") -> Answer:
        """Run a statement that is no text of the client's."""
        with request.session.core(transaction).turn(request.context) as core:
            prepared = Prepared(statement, Description((), None), core.tenant.catalog.seq)
            return self._run(request, core, statement.sql, prepared, ())

    def describe(self, request: Request, sql: str, transaction: bytes = b"") -> pa.Schema:
        """The columns of a text's answer, without running it; bare numeric shows as string
        unless the session wants otherwise."""
        with request.session.core(transaction).turn(request.context) as core:
            return _result_schema(self._described(request, core, sql), core.settings.flight_numeric)

    def create(self, request: Request, sql: str, transaction: bytes) -> PreparedStatement:
        """Prepare a text under a new handle."""
        with request.session.core(transaction).turn(request.context) as core:
            prepared, numeric = self._described(request, core, sql), core.settings.flight_numeric
        statement = PreparedStatement(secrets.token_bytes(16), sql, prepared, transaction, numeric)
        request.session.add_prepared(statement)
        return statement

    def bind(
        self, request: Request, statement: PreparedStatement, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> None:
        """Keep these parameters, columns of `schema`, for the executions that follow."""
        inferred = statement.prepared.description.param_oids
        oids = natural_oids(schema, inferred)
        again = None
        if oids is not None:
            with request.session.core(statement.transaction).turn(request.context) as core:
                again = self._tried(core, statement.sql, oids)
        statement.bound = again
        zone = request.session.core(statement.transaction).session.settings.time_zone
        statement.rows = bound_rows(batches, inferred if again is None else again.description.param_oids, zone)

    def query(self, request: Request, statement: PreparedStatement) -> Answer:
        """Run a prepared statement with the parameters bound last."""
        if len(statement.rows) != 1:
            raise FeatureNotSupported(
                f"a query takes one row of parameters, {len(statement.rows)} are bound",
                hint="Run it once for each row, or join with the rows.",
            )
        with request.session.core(statement.transaction).turn(request.context) as core:
            prepared = self._current(request, core, statement)
            return self._run(request, core, statement.sql, prepared, statement.rows[0])

    def update(self, request: Request, statement: PreparedStatement) -> int:
        """Run a prepared statement for each row of parameters: all of it, or nothing. How many rows were changed."""
        with request.session.core(statement.transaction).turn(request.context) as core:
            prepared = self._current(request, core, statement)
            if len(statement.rows) == 1:
                return self._run(request, core, statement.sql, prepared, statement.rows[0]).drain()
            return self._atomically(request, core, lambda: self._each(request, core, statement, prepared))

    def _each(self, request: Request, core: Session, statement: PreparedStatement, prepared: Prepared) -> int:
        return sum(self._run(request, core, statement.sql, prepared, params).drain() for params in statement.rows)

    def _atomically(self, request: Request, core: Session, work: Callable[[], int]) -> int:
        """In one transaction: a block of its own, unless one is open (whose statements stand or fall together)."""
        if core.transaction.in_block:
            return work()
        self._say(request, core, "BEGIN")
        try:
            done = work()
        except BaseException:
            self._say(request, core, "ROLLBACK")
            raise
        self._say(request, core, "COMMIT")
        return done

    def once_more(self, request: Request, pinned: Answered) -> Answer:
        """The rows of a query that was answered before, from the versions it read then. Names and rights are checked as
        for any statement, now. Raises ObjectNotInPrerequisiteState (55000) if its columns are other ones now.
        """
        core = request.session.aside(pinned.settings)
        with ExitStack() as leaving, core.turn(request.context) as session:
            leaving.callback(session.close)
            oids = tuple(param.type_oid for param in pinned.params)
            prepared = self._described(request, session, pinned.sql, oids)
            if [(one.name, one.type) for one in prepared.description.fields or ()] != [
                (one.name, one.type) for one in pinned.fields
            ]:
                raise ObjectNotInPrerequisiteState("the columns of the query are other ones now")
            ends = leaving.pop_all()
            return self._run(request, session, pinned.sql, prepared, pinned.params, pinned, ends.close)

    def begin(self, request: Request) -> bytes:
        """A transaction's id."""
        handle, core = request.session.begin()
        with core.turn(request.context) as session:
            self._say(request, session, "BEGIN")
        return handle

    def end(self, request: Request, transaction: bytes, *, commit: bool) -> None:
        """COMMIT or ROLLBACK. A commit of a failed transaction rolls back and raises, as its changes are lost."""
        core = request.session.end(transaction)
        try:
            with core.turn(request.context) as session:
                tag = self._say(request, session, "COMMIT" if commit else "ROLLBACK")
        finally:
            core.close()
        if commit and tag != "COMMIT":
            raise SqlError("the transaction had failed and was rolled back", code="25P02")

    def savepoint(self, request: Request, transaction: bytes, sql: str) -> None:
        """SAVEPOINT and what ends one."""
        with request.session.core(transaction).turn(request.context) as core:
            self._say(request, core, sql)

    def _say(self, request: Request, core: Session, sql: str) -> str:
        answer = self._run(request, core, sql, self._prepare(request, core, sql), ())
        answer.settle(Outcome.DONE)
        return answer.tag

    def _prepare(self, request: Request, core: Session, sql: str, oids: Sequence[int] = ()) -> Prepared:
        """Only a failure is a call with an outcome: nothing has run yet."""
        call = self._call(core, sql)
        try:
            if "\0" in sql:  # PostgreSQL would read up to there
                raise CharacterNotInRepertoire('invalid byte sequence for encoding "UTF8": 0x00')
            with self._watch.client(request.context, call):
                prepared = prepare(call, core, oids)
        except Exception as error:
            known = with_reason(as_sql_error(error), call)
            core.transaction.fail()
            call.error = known
            settle(call, outcome_of(known, lost=False), self._services)
            raise known from error
        finally:
            self._watch.end(call)
        self._services.calls.remove(call)
        return prepared

    def _described(self, request: Request, core: Session, sql: str, oids: Sequence[int] = ()) -> Prepared:
        """Prepared, and not run now: the transaction it was prepared in ends, or a later run would have its now()."""
        prepared = self._prepare(request, core, sql, oids)
        if not core.transaction.in_block:
            core.transaction.end_implicit()
        return prepared

    def _current(self, request: Request, core: Session, statement: PreparedStatement) -> Prepared:
        """As of the catalog's state now. Raises FeatureNotSupported if its columns have changed."""
        before = statement.bound or statement.prepared
        if before.statement is None or before.catalog_seq == core.tenant.catalog.seq:
            return before
        again = self._prepare(request, core, statement.sql, before.description.param_oids if statement.bound else ())
        if again.description.fields != before.description.fields:
            raise FeatureNotSupported("cached plan must not change result type")
        if statement.bound is None:
            statement.prepared = again
        else:
            statement.bound = again
        return again

    def _tried(self, core: Session, sql: str, oids: tuple[int, ...]) -> Prepared | None:
        """A text prepared with these types of parameters; None, and nothing has happened, if PostgreSQL takes none."""
        call = self._call(core, sql)
        try:
            return prepare(call, core, oids)
        except SqlError:
            return None
        finally:
            self._watch.end(call)
            self._services.calls.remove(call)

    def _run(
        self,
        request: Request,
        core: Session,
        sql: str,
        prepared: Prepared,
        params: tuple[Param, ...],
        pinned: Answered | None = None,
        at_end: Callable[[], None] | None = None,
    ) -> Answer:
        call = self._call(core, sql)
        call.pinned = pinned
        if at_end is not None:
            call.at_end(at_end)
        call.statement, call.params, call.result_binary = prepared.statement, params, (True,)
        call.at_end(lambda: self._watch.end(call))
        if prepared.statement is None:
            settle(call, Outcome.DONE, self._services)
            return Answer.empty(call)
        with self._watch.client(request.context, call):
            return run(call, core, self._services)

    def _call(self, core: Session, sql: str) -> Call:
        call = Call(
            id=new_call_id(),
            principal=core.principal,
            pid=core.pid,
            sql=sql,
            timeout_s=core.settings.statement_timeout_s,
        )
        self._services.calls.add(call)
        self._watch.begin(call)
        return call


def dataset_schema(statement: PreparedStatement) -> pa.Schema:
    """The columns a prepared statement answers with."""
    return _result_schema(statement.bound or statement.prepared, statement.numeric)


def parameters_schema(statement: PreparedStatement) -> pa.Schema:
    """What a prepared statement is to be bound with."""
    return parameter_schema([PgType(oid) for oid in statement.prepared.description.param_oids])


def _result_schema(prepared: Prepared, numeric: str) -> pa.Schema:
    fields = prepared.description.fields
    return pa.schema([]) if fields is None else schema_of(fields, None, numeric)
