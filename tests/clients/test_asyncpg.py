"""asyncpg: binary both ways, prepared statements, introspection, COPY, pool, time-outs; compared with PostgreSQL."""

# ruff: noqa: E501
from __future__ import annotations

import asyncio
import datetime as dt
import io
import uuid
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.clients.every_type import COLUMNS, create_table
from tests.clients.sides import Pair, Side
from tests.clients.test_psycopg import LONG

Talk = Callable[["asyncpg.Connection[Any]"], Awaitable[Any]]


def ask(pair: Pair, talk: Talk) -> tuple[Any, Any]:
    async def one(side: Side) -> Any:
        connection = await asyncpg.connect(**side.keywords())
        try:
            return await talk(connection)
        finally:
            await connection.close()

    return pair.ask(lambda side: asyncio.run(one(side)))


def same(pair: Pair, talk: Talk) -> Any:
    ours, theirs = ask(pair, talk)
    assert ours == theirs
    return ours


async def outcome(awaited: Awaitable[Any]) -> Any:
    try:
        return await awaited
    except asyncpg.PostgresError as error:
        return error.sqlstate, error.message, error.position


UTC = dt.UTC
ROWS: list[tuple[Any, ...]] = [
    (
        1, True, -32768, -(2**31), -(2**63), 1.5, 0.1, Decimal("123456789012345.67890"), Decimal("999999999"), "té", "ten chars!", "ab",
        b"\x00\xff", dt.date(1, 1, 2), dt.datetime(2024, 2, 29, 1, 2, 3, 4), dt.datetime(2024, 2, 29, tzinfo=UTC), uuid.UUID(int=5),
        '{"a": 1.50}', '{"a": 1.50}', [1, None], ["a", None, ""], [Decimal("1.50"), None], [dt.datetime(2000, 1, 1, tzinfo=UTC)],
        [True, None], [dt.date(2024, 2, 29)], [uuid.UUID(int=1)], [0.5, None], [b"x", None],
    ),
    (2, *[None] * len(COLUMNS)),
    (
        3, False, 1, 1, 1, float("inf"), float("-inf"), Decimal("-0.00001"), Decimal("0"), "", "", "", b"", dt.date(9999, 12, 30),
        dt.datetime(9999, 12, 30, 23, 59, 59, 999999), dt.datetime(1970, 1, 1, tzinfo=UTC), uuid.UUID(int=2**128 - 1), "[]", "[]",
        [], [], [], [], [], [], [], [], [],
    ),
]  # fmt: skip


def test_every_type_as_parameter_and_result(pair: Pair, schema: str) -> None:
    pair.run(create_table(f"{schema}.every"))
    places = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 2))

    async def talk(connection: asyncpg.Connection[Any]) -> Any:
        await connection.executemany(f"INSERT INTO {schema}.every VALUES ({places})", ROWS)
        rows = await connection.fetch(f"SELECT * FROM {schema}.every ORDER BY number")
        told: list[Any] = [dict(row) for row in rows]
        for index, column in enumerate(COLUMNS, 1):
            if column not in ("js", "jb"):
                sql = f"SELECT number FROM {schema}.every WHERE {column} = $1 ORDER BY 1"
                told.append((column, [tuple(row) for row in await connection.fetch(sql, ROWS[0][index])]))
        return told

    same(pair, talk)


def test_prepared_statements_know_their_types(pair: Pair) -> None:
    questions = (
        "SELECT id, amount, tags, extra, token, at FROM shop.orders WHERE id = $1 AND note = ANY($2::text[])",
        "SELECT $1::int + 1 AS n, $2::numeric(10,2), $3::text[], now()",
        "INSERT INTO shop.orders (id, amount, day) VALUES ($1, $2, $3)",
        "UPDATE shop.orders SET amount = amount + $1 WHERE id = $2 RETURNING *",
        "DELETE FROM shop.orders WHERE at < $1",
        "SELECT count(*) FROM shop.numbers LIMIT $1 OFFSET $2",
    )

    async def talk(connection: asyncpg.Connection[Any]) -> Any:
        told = []
        for sql in questions:
            statement = await connection.prepare(sql)
            told.append([tuple(kind) for kind in statement.get_parameters()])
            told.append([(item.name, tuple(item.type)) for item in statement.get_attributes()])
        statement = await connection.prepare("SELECT n FROM shop.numbers WHERE n % $1 = 0 ORDER BY n")
        told.append([row["n"] for row in await statement.fetch(1000)])
        told.append(await statement.fetchval(4999))
        told.append(await statement.fetchrow(6000))
        told.append(statement.get_statusmsg())
        return told

    same(pair, talk)


def test_cursors_need_portals(pair: Pair) -> None:
    async def talk(connection: asyncpg.Connection[Any]) -> Any:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rows = [row[0] async for row in connection.cursor("SELECT n FROM shop.numbers ORDER BY n", prefetch=700)]
            cursor = await connection.cursor("SELECT n FROM shop.numbers ORDER BY n DESC")
            first = await cursor.fetch(3)
            return rows, first, await cursor.fetchrow(), await cursor.fetch(2)

    same(pair, talk)


def test_introspection_of_composites_arrays_and_enums(pair: Pair) -> None:
    """Types asyncpg does not know make it ask pg_type with a recursive query."""

    async def talk(connection: asyncpg.Connection[Any]) -> Any:
        told = []
        for sql in (
            "SELECT c, ARRAY[c, NULL] FROM pg_catalog.pg_cast c WHERE c.castsource = 20 AND c.casttarget IN (21, 23) ORDER BY c.oid",
            "SELECT '[1,4)'::int4range, '{[1,2)}'::int4multirange, ROW(1, 'x'), '1'::information_schema.cardinal_number",
            "SELECT typname, typarray FROM pg_type WHERE oid = $1",
        ):
            told.append([tuple(row) for row in await connection.fetch(sql, *([23] if "$1" in sql else []))])
        return told

    same(pair, talk)


def test_transactions(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a int)")

    async def talk(connection: asyncpg.Connection[Any]) -> Any:
        told = []
        async with connection.transaction():
            await connection.execute(f"INSERT INTO {schema}.t VALUES (1)")
            with pytest.raises(asyncpg.DivisionByZeroError):
                async with connection.transaction():
                    await connection.execute(f"INSERT INTO {schema}.t VALUES (2)")
                    await connection.fetchval("SELECT 1/0")
            told.append(await connection.fetch(f"SELECT a FROM {schema}.t"))
        transaction = connection.transaction()
        await transaction.start()
        told.append(await connection.execute(f"DELETE FROM {schema}.t"))
        await transaction.rollback()
        told.append(await connection.fetchval(f"SELECT count(*) FROM {schema}.t"))
        told.append(await outcome(connection.fetch(f"SELECT b FROM {schema}.t")))
        told.append(connection.is_in_transaction())
        return told

    same(pair, talk)


@pytest.mark.parametrize("kind", ["text", "csv", "binary"])
def test_copies(pair: Pair, schema: str, kind: str) -> None:
    pair.run(create_table(f"{schema}.every"), f"CREATE TABLE {schema}.t (n int, label text)")

    async def talk(connection: asyncpg.Connection[Any]) -> Any:
        told: list[Any] = []
        told.append(
            await connection.copy_records_to_table(
                "every", schema_name=schema, records=ROWS, columns=["number", *COLUMNS]
            )
        )
        out = io.BytesIO()
        told.append(
            await connection.copy_from_query(
                "SELECT n, 'n' || n FROM shop.numbers WHERE n < $1 ORDER BY n", 50, output=out, format=kind
            )
        )
        out.seek(0)
        told.append(await connection.copy_to_table("t", schema_name=schema, source=out, format=kind))
        whole = io.BytesIO()
        told.append(await connection.copy_from_table("every", schema_name=schema, output=whole, format=kind))
        told += [out.getvalue(), len(whole.getvalue())]
        told.append(await connection.fetch(f"SELECT * FROM {schema}.t ORDER BY n"))
        return told

    same(pair, talk)


def test_a_pool_cleans_its_connections(pair: Pair) -> None:
    async def one(side: Side) -> Any:
        told = []
        async with asyncpg.create_pool(min_size=1, max_size=1, **side.keywords()) as pool:
            async with pool.acquire() as connection:
                await connection.execute("SET TimeZone = 'Asia/Tokyo'")
                await connection.execute("SET search_path TO shop")
                told.append(await connection.fetchval("SHOW TimeZone"))
            for _ in range(3):
                async with pool.acquire() as connection:
                    told.append(await connection.fetchval("SHOW TimeZone"))
                    told.append(await connection.fetchval("SHOW search_path"))
                    told.append(await connection.fetchval("SELECT count(*) FROM shop.numbers"))
        return told

    ours, theirs = pair.ask(lambda side: asyncio.run(one(side)))
    assert ours == theirs


def test_a_time_out_cancels_and_the_connection_goes_on(kadali: Side) -> None:
    async def one() -> Any:
        connection = await asyncpg.connect(**kadali.keywords())
        try:
            with pytest.raises(TimeoutError):
                await connection.fetch(LONG, timeout=0.5)
            return await connection.fetchval("SELECT max(n) FROM shop.numbers", timeout=30)
        finally:
            await connection.close()

    assert asyncio.run(one()) == 5000


def test_errors_and_settings(pair: Pair) -> None:
    async def talk(connection: asyncpg.Connection[Any]) -> Any:
        told: list[Any] = []
        for sql in (
            "SELECT nothing",
            "SELECT * FROM shop.nothing",
            "SELEC 1",
            "SELECT 1; SELECT 2",
            "SELECT amount + tags FROM shop.orders",
        ):
            told.append(await outcome(connection.fetch(sql)))
        with pytest.raises(asyncpg.DataError):
            await connection.fetch("SELECT n FROM shop.numbers WHERE n = $1", "not a number")
        told.append(str(connection.get_server_version()))
        settings = connection.get_settings()
        told += [
            settings.TimeZone,
            settings.client_encoding,
            settings.integer_datetimes,
            settings.standard_conforming_strings,
        ]
        told.append(await connection.execute("SELECT 1; SELECT 2 AS a; SELECT count(*) FROM shop.numbers"))
        return told

    same(pair, talk)
