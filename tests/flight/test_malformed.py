"""Bytes that are no commands: each is answered with an error that has a SQLSTATE, and the server goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import psycopg
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from adbc_driver_flightsql import dbapi
from google.protobuf.any_pb2 import Any as Box
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.flight import messages as m
from gateway.flight.actions import ACTIONS
from gateway.flight.messages import base, sql
from tests.flight.clients import Bare, adbc, answer, flight_sqlstate, sqlstate
from tests.gateway_server import GatewayServer

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COMMANDS = [
    sql.CommandStatementQuery(query="SELECT 1"),
    sql.CommandStatementUpdate(query="SELECT 1"),
    sql.CommandPreparedStatementQuery(prepared_statement_handle=b"x" * 16),
    sql.CommandPreparedStatementUpdate(prepared_statement_handle=b"x" * 16),
    sql.CommandStatementIngest(table="nothing", schema="nowhere"),
    sql.TicketStatementQuery(statement_handle=b"y" * 16),
    sql.CommandGetTables(db_schema_filter_pattern="a", table_types=["VIEW"], include_schema=True),
    sql.CommandGetDbSchemas(catalog="acme"),
    sql.CommandGetSqlInfo(info=[1, 2, 3]),
    sql.CommandGetXdbcTypeInfo(data_type=4),
    sql.CommandGetImportedKeys(table="t"),
    sql.CommandGetCrossReference(pk_table="t", fk_table="u"),
    sql.ActionCreatePreparedStatementRequest(query="SELECT 1", transaction_id=b"z"),
    sql.ActionEndTransactionRequest(transaction_id=b"z", action=cast("Any", 77)),
    sql.ActionBeginSavepointRequest(transaction_id=b"z", name="s"),
    sql.ActionCreatePreparedSubstraitPlanRequest(),
    sql.CommandStatementSubstraitPlan(),
]
URLS = [f"type.googleapis.com/{command.DESCRIPTOR.full_name}" for command in COMMANDS]
PACKED = [m.pack(command) for command in COMMANDS]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A command that has lost its end, or some bytes of which are others."""
    whole = bytearray(draw(st.sampled_from(PACKED)))
    for place in draw(st.lists(st.integers(0, len(whole) - 1), max_size=3)):
        whole[place] = draw(st.integers(0, 255))
    return bytes(whole[: draw(st.integers(0, len(whole)))] if draw(st.booleans()) else whole)


def boxed(url: str, value: bytes) -> bytes:
    return Box(type_url=url, value=value).SerializeToString()


GARBAGE = st.one_of(
    st.binary(max_size=300),
    damaged(),
    st.builds(boxed, st.sampled_from(URLS), st.binary(max_size=100)),
    st.builds(boxed, st.text(max_size=50), st.binary(max_size=20)),
)


def clean(work: Callable[[], Any], *, of_schema: bool = False) -> None:
    """`work` succeeds, or fails with an error made for clients. Those of GetSchema have words only."""
    try:
        work()
    except pa.ArrowException as error:
        if of_schema:
            assert "[SQLSTATE " in str(error)
            assert not re.search(r"SQLSTATE XX|Traceback|\.py", str(error)), error
            return
        assert isinstance(error, flight.FlightError)
        assert flight_sqlstate(error) != "XX000", error
        assert "Traceback" not in str(error)


def put(client: Bare, command: bytes, schema: pa.Schema) -> bytes:
    writer, reader = client.client.do_put(flight.FlightDescriptor.for_command(command), schema, client.options)
    with writer:
        writer.done_writing()
        answer = reader.read()
    return b"" if answer is None else answer.to_pybytes()


def alive(client: Bare) -> bool:
    return bool(client.read(client.query("SELECT 1 AS one")).to_pylist() == [{"one": 1}])


@FEW
@given(GARBAGE)
def test_as_a_descriptor(bare: Bare, data: bytes) -> None:
    descriptor = flight.FlightDescriptor.for_command(data)
    clean(lambda: bare.client.get_flight_info(descriptor, bare.options))
    clean(lambda: bare.client.get_schema(descriptor, bare.options), of_schema=True)


@FEW
@given(GARBAGE)
def test_as_a_ticket(bare: Bare, data: bytes) -> None:
    clean(lambda: bare.client.do_get(flight.Ticket(data), bare.options).read_all())


@FEW
@given(GARBAGE)
def test_as_a_put(bare: Bare, data: bytes) -> None:
    clean(lambda: put(bare, data, pa.schema([pa.field("a", pa.int32())])))


@FEW
@given(st.sampled_from([name for name in ACTIONS if name != "CloseSession"]), GARBAGE)
def test_as_an_action(bare: Bare, name: str, data: bytes) -> None:
    clean(lambda: bare.act(name, data))


@pytest.mark.parametrize("name", ["CancelFlightInfo", "RenewFlightEndpoint", "SetSessionOptions", "GetSessionOptions"])
def test_flights_own_messages(bare: Bare, name: str) -> None:
    info = base.FlightInfo(endpoint=[base.FlightEndpoint(ticket=base.Ticket(ticket=b"\xff\xff"))])
    for body in (b"\xff", info.SerializeToString(), base.CancelFlightInfoRequest(info=info).SerializeToString()):
        clean(partial(bare.act, name, body))
    assert alive(bare)


def test_a_huge_command(bare: Bare) -> None:
    huge = boxed(URLS[0], b"\x0a" + b"\xff" * (m.MESSAGE_BYTES_MAX + 1))
    for work in (
        lambda: bare.client.get_flight_info(flight.FlightDescriptor.for_command(huge), bare.options),
        lambda: bare.client.do_get(flight.Ticket(huge), bare.options).read_all(),
        lambda: bare.act("CreatePreparedStatement", huge),
        lambda: bare.act("SetSessionOptions", huge),
        lambda: put(bare, huge, pa.schema([])),
    ):
        with pytest.raises(flight.FlightError) as caught:
            work()
        assert flight_sqlstate(caught.value) == "08P01"
    assert alive(bare)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "08P01"),
        (boxed("type.googleapis.com/google.protobuf.Timestamp", b""), "08P01"),
        (boxed(URLS[0], b"\x0a\x05ab"), "08P01"),
        (m.pack(sql.CommandStatementSubstraitPlan()), "0A000"),
        (m.pack(sql.ActionClosePreparedStatementRequest()), "0A000"),
    ],
    ids=["empty", "another message", "cut", "substrait", "an action's"],
)
def test_what_is_no_command(bare: Bare, data: bytes, code: str) -> None:
    with pytest.raises(flight.FlightError) as caught:
        bare.client.get_flight_info(flight.FlightDescriptor.for_command(data), bare.options)
    assert flight_sqlstate(caught.value) == code
    with pytest.raises(flight.FlightError):
        bare.client.get_flight_info(flight.FlightDescriptor.for_path("a", "b"), bare.options)
    assert alive(bare)


def test_a_filter_that_no_text_can_be(bare: Bare) -> None:
    with pytest.raises(flight.FlightError) as caught:
        bare.read(bare.info(sql.CommandGetTables(table_name_filter_pattern="a\0b")))
    assert flight_sqlstate(caught.value).startswith("22")
    assert alive(bare)


@pytest.mark.parametrize("text", ["SELECT 1 --\0", "SELECT \0", "SELECT 'a\0b' AS x", 'CREATE TABLE "a\0b" (x int)'])
def test_zero_bytes_are_refused_in_statements(bare: Bare, text: str) -> None:
    """PostgreSQL, which reads up to there, would take the rest for a statement."""
    for command in (sql.CommandStatementQuery(query=text), sql.CommandStatementUpdate(query=text)):
        with pytest.raises(flight.FlightError) as caught:
            if isinstance(command, sql.CommandStatementQuery):
                bare.query(text)
            else:
                writer, reader = bare.client.do_put(
                    flight.FlightDescriptor.for_command(m.pack(command)), pa.schema([]), bare.options
                )
                reader.read()
                writer.close()
        assert flight_sqlstate(caught.value) == "22021"


@pytest.mark.parametrize("where", ["", " FROM pg_catalog.pg_class LIMIT 1", " FROM kadali.queries LIMIT 1"])
@pytest.mark.parametrize("kind", ["text", "varchar", "name", "json"])
def test_zero_bytes_are_refused_in_parameters(gateway: GatewayServer, where: str, kind: str) -> None:
    """Whoever answers, over both doors."""
    text = f"SELECT $1::{kind} AS x{where}"
    with adbc(gateway) as connection, pytest.raises(dbapi.Error) as refused:
        answer(connection, text, pa.record_batch({"x": ["a\0b"]}))
    assert sqlstate(refused.value) == "22021"
    with gateway.connect() as made:
        found = made.pgconn.exec_params(text.encode(), [b"a\0b"], [0], [1])
    assert found.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"22021"
