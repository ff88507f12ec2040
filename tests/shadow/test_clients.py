"""Catalog questions of SQLAlchemy, asyncpg and others, as an administrator and as an unprivileged role."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

from catalog.shadow.instance import ShadowInstance


@pytest.fixture(params=["ada", "bob"])
def inspector(shop: ShadowInstance, request: pytest.FixtureRequest) -> Iterator[sqlalchemy.Inspector]:
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(shop.conninfo(request.param)), poolclass=NullPool
    )
    with engine.connect() as connection:
        yield sqlalchemy.inspect(connection)


def test_inspector_names(inspector: sqlalchemy.Inspector) -> None:
    assert {"sales", "kadali", "public", "information_schema"} <= set(inspector.get_schema_names())
    assert set(inspector.get_table_names("sales")) == {"orders", "customers", 'Odd "Name"'}
    assert set(inspector.get_view_names("sales")) == {"revenue", "spark_view"}
    assert inspector.get_sequence_names("sales") == []
    assert inspector.has_table("orders", "sales")
    assert "SELECT c.name" in inspector.get_view_definition("revenue", "sales")


def test_inspector_columns(inspector: sqlalchemy.Inspector) -> None:
    columns = {column["name"]: column for column in inspector.get_columns("orders", "sales")}
    assert list(columns)[:4] == ["id", "amount", "customer_id", "tags"]
    assert str(columns["amount"]["type"]) == "NUMERIC(18, 2)"
    assert str(columns["note"]["type"]) == "VARCHAR(40)"
    assert columns["note"]["default"] == "'none'::character varying"
    assert (columns["id"]["nullable"], columns["amount"]["nullable"]) == (False, True)
    assert columns["id"]["comment"] == "the key"
    assert [column["name"] for column in inspector.get_columns('Odd "Name"', "sales")] == ["select", "Größe"]
    assert [column["name"] for column in inspector.get_columns("revenue", "sales")] == ["name", "total"]


def test_inspector_constraints(inspector: sqlalchemy.Inspector) -> None:
    assert inspector.get_pk_constraint("orders", "sales")["constrained_columns"] == ["id"]
    (key,) = inspector.get_foreign_keys("orders", "sales")
    assert (key["constrained_columns"], key["referred_schema"], key["referred_table"], key["referred_columns"]) == (
        ["customer_id"],
        "sales",
        "customers",
        ["id"],
    )
    assert [item["column_names"] for item in inspector.get_unique_constraints("orders", "sales")] == [["token"]]
    assert [item["sqltext"] for item in inspector.get_check_constraints("orders", "sales")] == ["amount >= 0::numeric"]
    assert {item["name"] for item in inspector.get_indexes("orders", "sales")} == {"orders_day", "orders_token_key"}
    assert inspector.get_table_comment("orders", "sales") == {"text": "All orders"}
    multi = inspector.get_multi_columns(schema="sales", kind=sqlalchemy.engine.reflection.ObjectKind.ANY)
    assert len(multi) == 5


@pytest.mark.parametrize("user", ["ada", "bob"])
def test_asyncpg_introspection(shop: ShadowInstance, user: str) -> None:
    async def ask() -> object:
        parts = psycopg.conninfo.conninfo_to_dict(shop.conninfo(user))
        connection = await asyncpg.connect(host=parts["host"], user=user, database=str(parts["dbname"]))
        try:
            await connection.fetch("SELECT NULL::sales.orders, 'empty'::int4range, NULL::sales.revenue[]")
            return await connection.fetchval("SELECT $1::numeric + 1", 2)
        finally:
            await connection.close()

    assert asyncio.run(ask()) == 3


QUESTIONS = Path(__file__).with_name("client_questions.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("user", ["ada", "bob"])
@pytest.mark.parametrize("sql", [text.strip() for text in QUESTIONS.split(";\n") if text.strip()])
def test_other_clients_questions(shop: ShadowInstance, user: str, sql: str) -> None:
    assert len(shop.session(user).evaluate(sql)) > 0


def test_information_schema_is_limited_to_what_a_user_may_see(shop: ShadowInstance) -> None:
    sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'sales' ORDER BY 1"
    assert [row[0] for row in shop.session("bob").evaluate(sql)] == ['Odd "Name"', "customers", "revenue", "spark_view"]
    assert len(shop.session("ada").evaluate(sql)) == 5
    sql = "SELECT column_name FROM information_schema.columns WHERE table_name = 'customers'"
    assert shop.session("bob").evaluate(sql) == [("name",)]
