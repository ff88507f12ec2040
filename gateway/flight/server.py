"""Flight's methods: each looks a message of Flight SQL up in a table of handlers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from pyarrow import flight

from catalog.errors import ConnectionFailure, FeatureNotSupported
from gateway.flight import messages as m
from gateway.flight.actions import ACTIONS, Actions
from gateway.flight.answers import Answer
from gateway.flight.errors import answering, answering_schema
from gateway.flight.incoming import Incoming, batches
from gateway.flight.ingest import ingest
from gateway.flight.logins import NAME
from gateway.flight.messages import sql
from gateway.flight.metadata import METADATA
from gateway.flight.sessions import PreparedStatement
from gateway.flight.statements import Request, Statements, dataset_schema
from gateway.flight.streams import Batches, Streams, in_messages
from gateway.flight.watch import Watch
from sql_extensions.call import Outcome
from sql_extensions.kept import KeptQueries

log = logging.getLogger(__name__)
Message = Any


class FlightServer(flight.FlightServerBase):  # type: ignore[misc]
    """Called by gRPC's threads. Listens from its making on; `options` are FlightServerBase's."""

    def __init__(
        self,
        statements: Statements,
        streams: Streams,
        watch: Watch,
        actions: Actions,
        kept: KeptQueries,
        **options: Any,
    ) -> None:
        self._statements, self._streams, self._watch, self._actions = statements, streams, watch, actions
        self._kept = kept
        self._answers: dict[type, Callable[[Request, Message], Answer]] = {
            sql.CommandStatementQuery: self._query,
            sql.CommandPreparedStatementQuery: self._prepared_query,
        }
        self._puts: dict[type, Callable[[Request, Message, Any, Any], None]] = {
            sql.CommandStatementUpdate: self._update,
            sql.CommandPreparedStatementUpdate: self._prepared_update,
            sql.CommandPreparedStatementQuery: self._bind,
            sql.CommandStatementIngest: self._ingest,
        }
        super().__init__(**options)

    def get_flight_info(
        self, context: flight.ServerCallContext, descriptor: flight.FlightDescriptor
    ) -> flight.FlightInfo:
        """Runs the command; its rows wait to be read by DoGet."""
        with answering():
            request, command = _request(context), m.unpack(descriptor.command or b"")
            metadata = METADATA.get(type(command))
            if metadata is not None:
                endpoint = flight.FlightEndpoint(flight.Ticket(descriptor.command), [])
                return flight.FlightInfo(metadata.schema(command), descriptor, [endpoint], -1, -1)
            answer = self._known(self._answers, command)(request, command)
            return self._info(request, descriptor, answer)

    def get_schema(self, context: flight.ServerCallContext, descriptor: flight.FlightDescriptor) -> flight.SchemaResult:
        """The columns of a command's answer, without running it."""
        with answering_schema():
            request, command = _request(context), m.unpack(descriptor.command or b"")
            metadata = METADATA.get(type(command))
            if metadata is not None:
                return flight.SchemaResult(metadata.schema(command))
            if isinstance(command, sql.CommandStatementQuery):
                schema = self._statements.describe(request, command.query, command.transaction_id)
                return flight.SchemaResult(schema)
            if isinstance(command, sql.CommandPreparedStatementQuery):
                statement = request.session.prepared(command.prepared_statement_handle)
                return flight.SchemaResult(dataset_schema(statement))
            raise _unsupported(command)

    def do_get(self, context: flight.ServerCallContext, ticket: flight.Ticket) -> flight.FlightDataStream:
        """The rows of a ticket."""
        with answering():
            request, command = _request(context), m.unpack(ticket.ticket)
            metadata = METADATA.get(type(command))
            if metadata is not None:
                batches = metadata.batches(request, command, self._statements)
                return flight.GeneratorStream(metadata.schema(command), in_messages(batches))
            if not isinstance(command, sql.TicketStatementQuery):
                raise _unsupported(command)
            handle = command.statement_handle
            kept = self._kept.by_handle(handle, request.session.principal)
            if kept is not None:
                handle = self._waiting(self._statements.once_more(request, kept.answered), request)
            answer = self._streams.claim(handle, request.session)
            rows = Batches(handle, answer, self._streams, self._watch, context)
            return flight.GeneratorStream(answer.schema, in_messages(rows))

    def do_put(
        self,
        context: flight.ServerCallContext,
        descriptor: flight.FlightDescriptor,
        reader: flight.MetadataRecordBatchReader,
        writer: flight.FlightMetadataWriter,
    ) -> None:
        """Updates, parameters, bulk ingestion."""
        with answering():
            request, command = _request(context), m.unpack(descriptor.command or b"")
            self._known(self._puts, command)(request, command, reader, writer)

    def do_action(self, context: flight.ServerCallContext, action: flight.Action) -> Iterator[flight.Result]:
        """Prepared statements, transactions, cancelling, session options."""
        with answering():
            return iter([flight.Result(data) for data in self._actions.run(_request(context), action)])

    def list_actions(self, context: flight.ServerCallContext) -> list[flight.ActionType]:
        with answering():
            return [flight.ActionType(name, text) for name, text in ACTIONS.items()]

    def list_flights(self, context: flight.ServerCallContext, criteria: bytes) -> Iterator[flight.FlightInfo]:
        """None: tables are listed by CommandGetTables."""
        return iter(())

    def _query(self, request: Request, command: sql.CommandStatementQuery) -> Answer:
        return self._statements.execute(request, command.query, command.transaction_id)

    def _prepared_query(self, request: Request, command: sql.CommandPreparedStatementQuery) -> Answer:
        return self._statements.query(request, request.session.prepared(command.prepared_statement_handle))

    def _update(self, request: Request, command: sql.CommandStatementUpdate, reader: Any, writer: Any) -> None:
        _counted(writer, self._statements.execute(request, command.query, command.transaction_id).drain())

    def _prepared_update(
        self, request: Request, command: sql.CommandPreparedStatementUpdate, reader: Any, writer: Any
    ) -> None:
        statement = request.session.prepared(command.prepared_statement_handle)
        self._take_parameters(request, statement, reader)
        _counted(writer, self._statements.update(request, statement))

    def _bind(self, request: Request, command: sql.CommandPreparedStatementQuery, reader: Any, writer: Any) -> None:
        statement = request.session.prepared(command.prepared_statement_handle)
        self._take_parameters(request, statement, reader)
        result = sql.DoPutPreparedStatementResult(prepared_statement_handle=statement.handle)
        _say(writer, result)

    def _ingest(self, request: Request, command: sql.CommandStatementIngest, reader: Any, writer: Any) -> None:
        with Incoming(reader) as incoming:
            answer = ingest(self._statements, request, command, incoming)
            answer.settle(Outcome.DONE)
        _counted(writer, answer.count or 0)

    def _take_parameters(self, request: Request, statement: PreparedStatement, reader: Any) -> None:
        if len(reader.schema):
            self._statements.bind(request, statement, reader.schema, batches(reader))

    def _info(self, request: Request, descriptor: flight.FlightDescriptor, answer: Answer) -> flight.FlightInfo:
        handle = self._waiting(answer, request)
        ticket = flight.Ticket(m.pack(sql.TicketStatementQuery(statement_handle=handle)))
        endpoint = flight.FlightEndpoint(ticket, [])  # with an expiry, clients would take it for readable twice
        count = -1 if answer.count is None else answer.count
        return flight.FlightInfo(answer.schema, descriptor, [endpoint], count, -1, app_metadata=_told(answer))

    def _waiting(self, answer: Answer, request: Request) -> bytes:
        try:
            return self._streams.add(answer, request.session)
        except BaseException:
            answer.settle(Outcome.FAILED)
            raise

    def _known(self, table: dict[type, Callable[..., Any]], command: Message) -> Callable[..., Any]:
        found = table.get(type(command))
        if found is None:
            raise _unsupported(command)
        return found


def _told(answer: Answer) -> bytes:
    """What the PostgreSQL door says in other messages: the query's id, the command tag, notices. As JSON."""
    notices = [
        {"severity": one.severity, "message": one.message, "sqlstate": one.sqlstate, "detail": one.detail}
        for one in answer.notices
    ]
    return json.dumps({"query_id": answer.call.id, "tag": answer.tag, "notices": notices}).encode()


def _counted(writer: Any, rows: int) -> None:
    _say(writer, sql.DoPutUpdateResult(record_count=rows))


def _say(writer: Any, message: Message) -> None:
    """Raises ConnectionFailure (08006) if the client has gone."""
    try:
        writer.write(pa.py_buffer(message.SerializeToString()))
    except OSError as error:
        raise ConnectionFailure("the client has gone") from error


def _request(context: flight.ServerCallContext) -> Request:
    return Request(context.get_middleware(NAME).session, context)


def _unsupported(command: Message) -> FeatureNotSupported:
    return FeatureNotSupported(f"{command.DESCRIPTOR.name} is not supported here")
