"""Types over Flight: the same statement by both doors gives the same values and types; parameters and ingestion take
every Arrow type exactly, or not at all.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from adbc_driver_flightsql import dbapi

from catalog.errors import DatatypeMismatch
from catalog.model import Column
from catalog.types import JSON, PgType, format_type
from engine.delta.schema import parse_type
from gateway.flight.assigning import assignment
from gateway.pgwire.render.style import Style
from gateway.pgwire.render.table import renderer
from tests.flight.clients import adbc, answer, sqlstate
from tests.gateway_server import GatewayServer

SCHEMA = "flight_types"
KINDS = (
    "id int, b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric(12,3), t text, "
    "v varchar(10), c char(5), y bytea, d date, ts timestamp, tz timestamptz, u uuid, j json, jb jsonb, ia int[], "
    "ta text[], na numeric(8,2)[], da date[], ua uuid[], ba boolean[]"
)
ROWS = (
    "(1, true, -32768, 2147483647, -9223372036854775808, 'NaN', '-Infinity', -123456789.125, 'héllo', 'v', 'c', "
    "'\\x00ff', '0001-01-01', '1969-12-31 23:59:59.999999', '9999-12-31 00:00:00+14', "
    "'00000000-0000-0000-0000-000000000000', '{\"a\": [1,  2]}', '{\"b\": 1.50}', '{1,NULL,3}', '{\"a,b\",NULL,\"\"}', "
    "'{1.50,-0.01}', '{2026-01-02}', '{5b30857f-0bfa-48b5-ac0b-5c64e28078d1}', '{t,f,NULL}')",
    "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL, NULL, NULL, NULL)",
    "(3, false, 0, 0, 0, 0.1, 0.1, 0, '', '', '', '', '2026-02-28', '2026-02-28 12:00:00.5', '2026-02-28 12:00+01', "
    "'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null', 'null', '{}', '{}', '{}', '{}', '{}', '{}')",
)
STATEMENTS = (
    "SELECT * FROM kinds ORDER BY id",
    "SELECT sum(i4) AS a, avg(i4) AS b, sum(n) AS c, avg(n) AS d, sum(f8) AS e, count(*) AS f FROM kinds",
    "SELECT max(ts) AS a, min(d) AS b, array_agg(i4 ORDER BY id) AS c, string_agg(t, ',' ORDER BY id) AS e FROM kinds",
    "SELECT n * 2 AS a, n / 3 AS b, i8 + 1 AS c, d + 1 AS d, ts - ts AS e FROM kinds ORDER BY id LIMIT 2 OFFSET 1",
    "SELECT true AS a, 1::int2 AS b, 2 AS c, 3::int8 AS d, 1.5::float4 AS e, 'NaN'::float8 AS f, "
    "1.10 AS g, 'NaN'::numeric AS h",
    "SELECT 12.5::numeric(10,4) AS a, 1e30::numeric AS b, 'x' AS c, 'x'::char(3) AS d, "
    "'x'::varchar(3) AS e, 'x'::name AS f",
    "SELECT '\\xdead'::bytea AS a, '2026-01-02'::date AS b, '10:00:00.123456'::time AS c, '24:00'::time AS d",
    "SELECT '2026-01-02 03:04:05.678901'::timestamp AS a, '2026-01-02 03:04:05+02'::timestamptz AS b, "
    "'10:00+02'::timetz AS c",
    "SELECT '1 year 2 mons 3 days 04:05:06.789'::interval AS a, '-1 day'::interval AS b, NULL::interval AS c",
    "SELECT '[1, 2]'::json AS a, '{\"b\":1}'::jsonb AS b, "
    "gen.u AS c FROM (SELECT '5b30857f-0bfa-48b5-ac0b-5c64e28078d1'::uuid u) gen",
    "SELECT ARRAY[1,2,NULL] AS a, ARRAY['a','b'] AS b, '{}'::date[] AS c, ARRAY[1.5::numeric(4,2)] AS d, "
    "ARRAY[true] AS e",
    "SELECT '\"'::\"char\" AS a, 42::oid AS b, 'pg_class'::regclass::text AS c, NULL AS d, current_schema() AS e",
    "SELECT oid, relname, relkind, reltuples, relacl::text FROM pg_class WHERE relname = 'kinds'",
    "SHOW search_path",
    "DESCRIBE DETAIL kinds",
)


@pytest.fixture(scope="module")
def pgwire(gateway: GatewayServer) -> Iterator[psycopg.Connection[Any]]:
    with gateway.connect() as made:
        made.execute(f"CREATE SCHEMA {SCHEMA}")
        made.execute(f"SET search_path = {SCHEMA}")
        made.execute(f"CREATE TABLE kinds ({KINDS})")
        made.execute(f"INSERT INTO kinds VALUES {', '.join(ROWS)}")
        yield made


@pytest.fixture(scope="module")
def connection(gateway: GatewayServer, pgwire: psycopg.Connection[Any]) -> Iterator[dbapi.Connection]:
    with adbc(gateway) as made:
        answer(made, f"SET search_path = {SCHEMA}")
        yield made


def by_pgwire(pgwire: psycopg.Connection[Any], text: str) -> tuple[list[tuple[str, str]], list[list[bytes | None]]]:
    """(name, type) of the columns, and the columns as text."""
    with pgwire.cursor() as cursor:
        cursor.execute(text)
        found = cursor.pgresult
        assert found is not None
        columns = range(found.nfields)
        types = [PgType(found.ftype(i), found.fmod(i)) for i in columns]
        names = [(found.fname(i) or b"").decode() for i in columns]
        values = [[found.get_value(row, i) for row in range(found.ntuples)] for i in columns]
        return [(name, format_type(pg)) for name, pg in zip(names, types, strict=True)], values


def by_flight(connection: dbapi.Connection, text: str) -> tuple[list[tuple[str, str]], list[list[bytes | None]]]:
    table = answer(connection, text)
    types, values = [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        name = field.metadata[b"ARROW:FLIGHT:SQL:TYPE_NAME"].decode()
        types.append((field.name, name))
        pg = parse_type(name)
        assert pg is not None, name
        array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        values.append(renderer(pg, field.type, Style(), binary=False).cells(array))
    return types, values


@pytest.mark.parametrize("text", STATEMENTS)
def test_both_doors_say_the_same(connection: dbapi.Connection, pgwire: psycopg.Connection[Any], text: str) -> None:
    expected, got = by_pgwire(pgwire, text), by_flight(connection, text)
    assert got[0] == expected[0]
    assert got[1] == expected[1]


BERLIN = datetime.timezone(datetime.timedelta(hours=1))
PARAMETERS = (
    (pa.array([-128], pa.int8()), "smallint", -128),
    (pa.array([255], pa.uint8()), "smallint", 255),
    (pa.array([-32768], pa.int16()), "smallint", -32768),
    (pa.array([65535], pa.uint16()), "integer", 65535),
    (pa.array([2**31 - 1], pa.int32()), "integer", 2**31 - 1),
    (pa.array([2**32 - 1], pa.uint32()), "bigint", 2**32 - 1),
    (pa.array([-(2**63)], pa.int64()), "bigint", -(2**63)),
    (pa.array([2**64 - 1], pa.uint64()), "numeric", "18446744073709551615"),
    (pa.array([True]), "boolean", True),
    (pa.array([np.float16(1.5)], pa.float16()), "real", 1.5),
    (pa.array([0.1], pa.float32()), "real", float(np.float32(0.1))),
    (pa.array([0.1]), "double precision", 0.1),
    (pa.array([Decimal("1.50")], pa.decimal32(5, 2)), "numeric", "1.50"),
    (pa.array([Decimal("1.50")], pa.decimal64(15, 2)), "numeric", "1.50"),
    (pa.array([Decimal("-1.50")], pa.decimal128(38, 2)), "numeric", "-1.50"),
    (pa.array([Decimal("1" * 60)], pa.decimal256(70, 0)), "numeric", "1" * 60),
    (pa.array(["é"]), "text", "é"),
    (pa.array(["é"], pa.large_string()), "text", "é"),
    (pa.array(["é"], pa.string_view()), "text", "é"),
    (pa.array(["é"]).dictionary_encode(), "text", "é"),
    (pa.array([b"\x00\xff"]), "bytea", b"\x00\xff"),
    (pa.array([b"\x00\xff"], pa.large_binary()), "bytea", b"\x00\xff"),
    (pa.array([b"\x00\xff"], pa.binary_view()), "bytea", b"\x00\xff"),
    (pa.array([b"\x00\xff"], pa.binary(2)), "bytea", b"\x00\xff"),
    (pa.array([20000], pa.int32()).view(pa.date32()), "date", datetime.date(2024, 10, 4)),
    (pa.array([datetime.date(2024, 10, 4)], pa.date64()), "date", datetime.date(2024, 10, 4)),
    (pa.array([10], pa.time32("s")), "time without time zone", datetime.time(0, 0, 10)),
    (pa.array([10], pa.time32("ms")), "time without time zone", datetime.time(0, 0, 0, 10_000)),
    (pa.array([10], pa.time64("us")), "time without time zone", datetime.time(0, 0, 0, 10)),
    (pa.array([10_000], pa.time64("ns")), "time without time zone", datetime.time(0, 0, 0, 10)),
    (pa.array([10], pa.timestamp("s")), "timestamp without time zone", datetime.datetime(1970, 1, 1, 0, 0, 10)),
    (pa.array([10], pa.timestamp("ms")), "timestamp without time zone", datetime.datetime(1970, 1, 1, 0, 0, 0, 10_000)),
    (pa.array([10], pa.timestamp("us")), "timestamp without time zone", datetime.datetime(1970, 1, 1, 0, 0, 0, 10)),
    (pa.array([10_000], pa.timestamp("ns")), "timestamp without time zone", datetime.datetime(1970, 1, 1, 0, 0, 0, 10)),
    (
        pa.array([10], pa.timestamp("ms", "Europe/Berlin")),
        "timestamp with time zone",
        datetime.datetime(1970, 1, 1, 1, 0, 0, 10_000, BERLIN),
    ),
    (pa.array([90_061], pa.duration("s")), "interval", (0, 0, 90_061_000_000_000)),
    (pa.array([5_000], pa.duration("ns")), "interval", (0, 0, 5_000)),
    (pa.array([(14, -3, 5_000)], pa.month_day_nano_interval()), "interval", (14, -3, 5_000)),
    (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef"], pa.binary(16))),
        "uuid",
        uuid.UUID(bytes=b"0123456789abcdef"),
    ),
    (pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(['{"a": 1}'])), "json", '{"a": 1}'),
    (pa.array([[1, None]], pa.list_(pa.int32())), "integer[]", [1, None]),
    (pa.array([["a", None]], pa.large_list(pa.large_string())), "text[]", ["a", None]),
    (pa.array([[1, 2]], pa.list_(pa.int64(), 2)), "bigint[]", [1, 2]),
    (pa.array([[1, 2]], pa.list_view(pa.int64())), "bigint[]", [1, 2]),
    (pa.array([{"a": 1, "b": "x"}]), "json", '{"a":1,"b":"x"}'),
    (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())), "jsonb", '{"k": 1}'),
    (pa.nulls(1), "text", None),
)


@pytest.mark.parametrize(("array", "name", "value"), PARAMETERS, ids=lambda item: str(getattr(item, "type", "")))
def test_a_parameter_of_which_nothing_is_known_has_its_own_type(
    connection: dbapi.Connection, array: pa.Array, name: str, value: object
) -> None:
    table = answer(connection, "SELECT $1 AS v", pa.record_batch([array], names=["1"]))
    assert table.schema.field("v").metadata[b"ARROW:FLIGHT:SQL:TYPE_NAME"].decode() == name
    (got,) = table.column("v").to_pylist()
    assert (tuple(got) if name == "interval" else str(got) if name == "numeric" else got) == value


BAD_PARAMETERS = (
    ("SELECT $1 AS v", pa.array([1], pa.timestamp("ns")), "22008"),
    ("SELECT $1 AS v", pa.array([1], pa.time64("ns")), "22008"),
    ("SELECT $1 AS v", pa.array([1], pa.duration("ns")), "22008"),
    ("SELECT $1 AS v", pa.array([(0, 0, 1)], pa.month_day_nano_interval()), "22008"),
    ("SELECT $1 AS v", pa.array([86_400_005]).view(pa.date64()), "08P01"),
    ("SELECT $1 AS v", pa.array([2**60], pa.timestamp("s")), "22008"),
    ("SELECT $1::int8 + 1 AS v", pa.array([2**64 - 1], pa.uint64()), "22003"),
    ("SELECT $1::date AS v FROM kinds", pa.array([5], pa.timestamp("us")), "22008"),
    ("SELECT $1 AS v", pa.array(["a\0b"]), "22021"),
    ("SELECT id FROM kinds WHERE d = $1", pa.array([86_400_000_001], pa.timestamp("us")), "22008"),
    ("SELECT id FROM kinds WHERE i4 = $1", pa.array([2**40]), "22003"),
    ("SELECT id FROM kinds WHERE i4 = $1", pa.array(["x"]), "22P02"),
)


@pytest.mark.parametrize(("text", "array", "code"), BAD_PARAMETERS)
def test_what_cannot_be_held_is_refused(connection: dbapi.Connection, text: str, array: pa.Array, code: str) -> None:
    with pytest.raises(dbapi.Error) as caught:
        answer(connection, text, pa.record_batch([array], names=["1"]))
    assert sqlstate(caught.value) == code


def test_parameters_mean_the_same_under_every_setting(connection: dbapi.Connection) -> None:
    moment = pa.array([datetime.datetime(2026, 7, 1, 12, 0, tzinfo=datetime.UTC)], pa.timestamp("us", "UTC"))
    interval = pa.array([(14, -3, 5_000_000)], pa.month_day_nano_interval())
    for setting in ("DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'", "TimeZone = 'Asia/Tokyo'"):
        answer(connection, f"SET {setting}")
    batch = pa.record_batch([moment, moment, interval, pa.array([datetime.date(2026, 2, 3)])], names=list("abcd"))
    text = "SELECT $1::timestamptz AS a, $2::timestamp AS b, $3::interval AS c, $4::date AS d"
    [row] = answer(connection, text, batch).to_pylist()
    assert row["a"] == moment[0].as_py()
    assert row["b"] == datetime.datetime(2026, 7, 1, 21, 0), "local time of the session, as PostgreSQL casts it"
    assert tuple(row["c"]) == (14, -3, 5_000_000)
    assert row["d"] == datetime.date(2026, 2, 3)
    [row] = answer(connection, "SELECT count(*) AS n FROM kinds WHERE ts < $1", batch.select(["a"])).to_pylist()
    assert row["n"] == 2
    for setting in ("DateStyle", "IntervalStyle", "TimeZone"):
        answer(connection, f"RESET {setting}")


def test_a_text_stays_a_text_where_it_must(connection: dbapi.Connection) -> None:
    assert answer(connection, "SELECT id FROM kinds WHERE t = $1", pa.record_batch([["héllo"]], names=["1"])).num_rows
    assert not answer(connection, "SELECT id FROM kinds WHERE t = $1", pa.record_batch([[5]], names=["1"])).num_rows
    [row] = answer(connection, "SELECT $1::text AS v", pa.record_batch([[True]], names=["1"])).to_pylist()
    assert row == {"v": "true"}


def test_a_failed_guess_does_not_fail_the_transaction(gateway: GatewayServer) -> None:
    with adbc(gateway, autocommit=False) as connection:
        text = f"SELECT id FROM {SCHEMA}.kinds WHERE t = $1"
        assert not answer(connection, text, pa.record_batch([[5]], names=["1"])).num_rows
        assert answer(connection, "SELECT 1 AS one").num_rows == 1


def test_bare_numeric_as_the_session_wants_it(connection: dbapi.Connection) -> None:
    text = "SELECT sum(n) AS a, avg(n) AS b, array_agg(n::numeric) AS c FROM kinds WHERE id <> 2"
    for wanted, arrow in (("text", pa.string()), ("float8", pa.float64())):
        answer(connection, f"SET kadali.flight_numeric = {wanted}")
        table = answer(connection, text)
        assert table.schema.types == [arrow, arrow, pa.list_(arrow)]
        [row] = table.to_pylist()
        assert float(row["a"]) == -123456789.125
        assert answer(connection, "SELECT 1.50 AS v").to_pylist() == [{"v": "1.50" if wanted == "text" else 1.5}]
        assert answer(connection, "SELECT n FROM kinds WHERE id = 3").schema.types == [pa.decimal128(12, 3)]
    answer(connection, "RESET kadali.flight_numeric")
    with pytest.raises(dbapi.Error) as caught:
        answer(connection, "SET kadali.flight_numeric = int")
    assert sqlstate(caught.value) == "22023"


INGESTED = tuple(
    (array, name, value)
    for array, name, value in PARAMETERS
    if name not in ("time without time zone", "interval") and not pa.types.is_decimal256(array.type)
)


def test_ingestion_takes_every_type(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    arrays = [pa.concat_arrays([array, pa.nulls(1, array.type)]) for array, _, _ in INGESTED]
    encoded = pc.run_end_encode(pa.array(["x", "x"]))
    names = [f"c{index}" for index in range(len(arrays))]
    table = pa.table([*arrays, encoded], names=[*names, "ree"])
    with connection.cursor() as cursor:
        assert cursor.adbc_ingest("every", table, "create") == 2
    for text in ("SELECT * FROM every WHERE c0 IS NOT NULL", "SELECT * FROM every WHERE c0 IS NULL"):
        expected, got = by_pgwire(pgwire, text), by_flight(connection, text)
        assert got == expected
    [row] = answer(connection, "SELECT * FROM every WHERE c0 IS NOT NULL").to_pylist()
    for name, (_, pg, value) in zip(names, INGESTED, strict=True):
        if pg.startswith("json"):
            assert json.loads(row[name]) == json.loads(str(value))
        else:
            assert (str(row[name]) if pg == "numeric" else row[name]) == value, pg
    assert row["ree"] == "x"


ASSIGNED = (
    ("smallint", pa.array([32768]), "22003"),
    ("bigint", pa.array([2**63], pa.uint64()), "22003"),
    ("bigint", pa.array([1.5]), "22003"),
    ("integer", pa.array([7.0]), 7),
    ("real", pa.array([0.1]), "22003"),
    ("real", pa.array([0.5]), 0.5),
    ("double precision", pa.array([2**53 + 1]), "22003"),
    ("double precision", pa.array([2**53]), 2.0**53),
    ("numeric(10,2)", pa.array([float("inf")]), "22003"),
    ("boolean", pa.array([1]), "42804"),
    ("integer", pa.array([True]), "42804"),
    ("integer", pa.array(["1"]), "42804"),
    ("date", pa.array([86_400_000_000], pa.timestamp("us")), datetime.date(1970, 1, 2)),
    ("date", pa.array([1], pa.timestamp("us")), "22008"),
    ("date", pa.array([-2_440_589], pa.int32()).view(pa.date32()), "22008"),
    ("timestamp", pa.array([1], pa.timestamp("ns")), "22008"),
    ("timestamp", pa.array([1], pa.date32()), datetime.datetime(1970, 1, 2)),
    ("timestamptz", pa.array([0], pa.timestamp("s")), datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)),
    ("uuid", pa.array(["5B30857F-0bfa-48b5-ac0b-5c64e28078d1"]), uuid.UUID("5b30857f-0bfa-48b5-ac0b-5c64e28078d1")),
    ("uuid", pa.array(["x"]), "22P02"),
    ("json", pa.array(["{"]), "22P02"),
    ("json", pa.array([[1, 2]]), [1, 2]),
    ("bytea", pa.array(["x"]), "42804"),
    ("text", pa.array([datetime.date(2026, 1, 2)]), "2026-01-02"),
    ("text", pa.array([True]), "true"),
    ("int[]", pa.array([[2**40]]), "22003"),
    ("int[]", pa.array([[1]], pa.list_(pa.int64())), [1]),
    (
        "uuid[]",
        pa.array([["5b30857f-0bfa-48b5-ac0b-5c64e28078d1"]]),
        [uuid.UUID("5b30857f-0bfa-48b5-ac0b-5c64e28078d1")],
    ),
    ("char(3)", pa.array(["a"]), "a  "),
)


def test_assignment_is_exact_or_refused(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    columns = ", ".join(f"c{index} {pg}" for index, (pg, _, _) in enumerate(ASSIGNED))
    pgwire.execute(f"CREATE TABLE assigned ({columns})")
    wrong = []
    for index, (pg, array, expected) in enumerate(ASSIGNED):
        got: object
        try:
            with connection.cursor() as cursor:
                cursor.adbc_ingest("assigned", pa.table({f"c{index}": array}), "append")
            [(got,)] = pgwire.execute(f"SELECT c{index} FROM assigned WHERE c{index} IS NOT NULL".encode()).fetchall()
        except dbapi.Error as error:
            got = sqlstate(error)
        if got != expected:
            wrong.append((pg, array.type, got, expected))
    assert not wrong


def test_nested_columns_that_others_have_made() -> None:
    """They show as json, and take what fits their own type."""
    stored = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))])
    column = Column("s", JSON)
    array = pa.array([{"a": 1, "b": ["x"]}, None], pa.struct([("a", pa.int32()), ("b", pa.list_(pa.large_string()))]))
    target, convert = assignment(array.type, column, Style(), stored)
    assert target == stored and convert(array).to_pylist() == array.to_pylist() and convert(array).type == stored
    with pytest.raises(DatatypeMismatch):
        assignment(pa.string(), column, Style(), stored)
    with pytest.raises(DatatypeMismatch):
        assignment(pa.struct([("a", pa.list_(pa.int32()))]), column, Style(), stored)
    with pytest.raises(DatatypeMismatch):
        assignment(pa.struct([("a", pa.int64()), ("more", pa.int64())]), column, Style(), stored)
