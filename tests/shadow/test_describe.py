"""Describe and rights on the shells: types, names, origins, SQLSTATEs and positions are PostgreSQL's own."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from catalog.errors import SqlError
from catalog.shadow.instance import ShadowInstance
from catalog.types import BOOL, FLOAT8, INT4, INT8, NUMERIC, TEXT, PgType, numeric, varchar


@pytest.mark.parametrize(
    ("sql", "oids", "types"),
    [
        ("SELECT id, amount, note, tags FROM sales.orders", (), [INT8, numeric(18, 2), varchar(40), PgType(1009)]),
        (
            "SELECT sum(amount), avg(ratio), count(*), bool_and(paid) FROM sales.orders",
            (),
            [NUMERIC, FLOAT8, INT8, BOOL],
        ),
        ("SELECT id FROM sales.orders WHERE note = $1 AND id = $2", (25, 20), [INT8]),
        ("SELECT $1, $2::int + 1", (25, 23), [TEXT, INT4]),
        ("INSERT INTO sales.orders (id, amount) VALUES ($1, $2)", (20, 1700), None),
        ("UPDATE sales.orders SET amount = $1 RETURNING id", (1700,), [INT8]),
        ("DELETE FROM sales.orders WHERE day > $1", (1082,), None),
        ("SELECT name, total FROM sales.revenue", (), [TEXT, numeric(18, 2)]),
        ("SELECT 1 AS a, 2 AS a", (), [INT4, INT4]),
        ("SHOW search_path", (), [TEXT]),
        ("EXPLAIN SELECT 1", (), [TEXT]),
        ("SELECT name, row_count FROM kadali.tables()", (), [TEXT, INT8]),
        ("SELECT id FROM kadali.queries", (), [TEXT]),
        ("SELECT a FROM kadali.time_travel('x', version => 3) AS t (a int)", (), [INT4]),
        ("", (), None),
        ("-- nothing", (), None),
        ("SET x.y = 1", (), None),
    ],
)
def test_types(shop: ShadowInstance, sql: str, oids: tuple[int, ...], types: list[PgType] | None) -> None:
    told = shop.session("ada").describe(sql)
    assert told.param_oids == oids
    assert (None if told.columns is None else [column.type for column in told.columns]) == types


def test_origins_and_names(shop: ShadowInstance) -> None:
    session = shop.session("bob")
    ((oid,),) = session.evaluate('SELECT \'sales."Odd ""Name"""\'::regclass::oid')
    columns = session.describe('SELECT "Größe", 1, "select" AS s FROM sales."Odd ""Name"""').columns
    assert columns is not None
    assert [(column.name, column.table_oid, column.attnum) for column in columns] == [
        ("Größe", int(oid or 0), 2),
        ("?column?", 0, 0),
        ("s", int(oid or 0), 1),
    ]


def test_given_parameter_types_are_used(shop: ShadowInstance) -> None:
    told = shop.session("bob").describe("SELECT $1, $2", (20, 0))
    assert told.param_oids == (20, 25)


ERRORS = [
    ("SELECT nope FROM sales.orders", "42703", 8),
    ("SELECT 'ä', nope FROM sales.orders", "42703", 13),
    ("SELECT 1 FROM nope", "42P01", 15),
    ("SELECT 1 FROM nope.orders", "42P01", 15),
    ("SELEC 1", "42601", 1),
    ("SELECT FROM WHERE", "42601", 13),
    ("SELECT nope(1)", "42883", 8),
    ("SELECT 1 + 'x'::text", "42883", 10),
    ("SELECT 'x'::nope", "42704", 13),
    ("SELECT id, count(*) FROM sales.orders", "42803", 8),
    ("SELECT 'a'::int", "22P02", 8),
    ("SELECT 1; SELECT 2", "42601", None),
    ("INSERT INTO sales.orders (nope) VALUES (1)", "42703", 27),
]


@pytest.mark.parametrize("method", ["describe", "check_rights"])
@pytest.mark.parametrize(("sql", "code", "position"), ERRORS)
def test_errors(shop: ShadowInstance, sql: str, code: str, position: int | None, method: str) -> None:
    session = shop.session("ada")
    with pytest.raises(SqlError) as caught:
        getattr(session, method)(sql)
    assert (caught.value.code, caught.value.position) == (code, position), caught.value.message


RIGHTS = [
    ("SELECT name FROM sales.customers", None),
    ("SELECT name FROM sales.customers WHERE name = $1", None),
    ("SELECT count(*) FROM sales.customers", None),
    ("SELECT * FROM sales.customers", "42501"),
    ("SELECT secret FROM sales.customers", "42501"),
    ("SELECT name FROM sales.customers WHERE secret = $1", "42501"),
    ("SELECT name FROM sales.customers ORDER BY secret", "42501"),
    ("SELECT * FROM sales.revenue", None),
    ("SELECT * FROM sales.orders", "42501"),
    ("SELECT 1 WHERE EXISTS (SELECT 1 FROM sales.orders)", "42501"),
    ("SELECT (SELECT max(id) FROM sales.orders)", "42501"),
    ("WITH x AS (SELECT id FROM sales.orders) SELECT * FROM x", "42501"),
    ("SELECT name FROM sales.customers UNION ALL SELECT note FROM sales.orders", "42501"),
    ("INSERT INTO sales.customers (name) VALUES ($1)", "42501"),
    ("UPDATE sales.customers SET name = $1", "42501"),
    ("DELETE FROM sales.customers", "42501"),
    ("MERGE INTO sales.customers c USING sales.revenue r ON c.name = r.name WHEN MATCHED THEN DELETE", "42501"),
    ('SELECT * FROM sales."Odd ""Name"""', None),
    ('INSERT INTO sales."Odd ""Name""" VALUES (1)', "42501"),
    ("SELECT * FROM kadali.queries", None),
    ("SELECT * FROM kadali.tables()", None),
    ("DELETE FROM kadali.queries", "42501"),
]


@pytest.fixture(scope="module")
def with_real_rows(shop: ShadowInstance) -> Callable[[str, int], str | None]:
    """Runs a statement as bob on the same tables without the guard, and tells the SQLSTATE: the oracle."""

    def run(sql: str, count: int) -> str | None:
        with shop.admin() as connection, connection.transaction(force_rollback=True):
            connection.execute("UPDATE pg_class SET relispopulated = true WHERE relkind = 'r'")
            connection.execute("SET LOCAL ROLE bob")
            result = connection.pgconn.exec_params(sql.encode(), [None] * count)
            code = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE)
            return code.decode() if code else None

    return run


@pytest.mark.parametrize(("sql", "code"), RIGHTS)
def test_rights_are_those_of_execution(
    shop: ShadowInstance, sql: str, code: str | None, with_real_rows: Callable[[str, int], str | None]
) -> None:
    told: str | None = None
    try:
        shop.session("bob").check_rights(sql)
    except SqlError as error:
        told = error.code
        assert error.message.startswith("permission denied for ")
    assert told == code
    if "kadali.tables" not in sql:
        assert with_real_rows(sql, sql.count("$1")) == code


def test_an_unreferenced_cte_is_a_known_hole(shop: ShadowInstance) -> None:
    """Neither checked nor run, in PostgreSQL itself."""
    shop.session("bob").check_rights("WITH x AS (SELECT * FROM sales.orders) SELECT 1")


def test_a_generic_plan_needs_no_values(shop: ShadowInstance) -> None:
    lines = shop.session("ada").explain("SELECT id FROM sales.orders WHERE id = $1 AND note = $2")
    assert "on orders" in lines[0]
    assert any("$1" in line for line in lines)


def test_planning_is_under_the_deadline(shop: ShadowInstance) -> None:
    """Planning evaluates constants: this one would run for minutes."""
    from catalog.errors import QueryCanceled
    from catalog.shadow.session import ShadowSession

    session = ShadowSession(shop, "bob", deadline_s=0.3)
    slow = " || ".join(["repeat(md5('x'), 1000000)"] * 8)
    with pytest.raises(QueryCanceled):
        session.check_rights(f"SELECT length(regexp_replace({slow}, '(.*)(.*)x', 'y', 'g'))")
    assert session.evaluate("SELECT 1") == [("1",)]
