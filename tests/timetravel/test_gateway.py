"""Time travel through the front door: every spelling, by simple and extended protocol."""

from __future__ import annotations

import datetime
from typing import Any

import psycopg
import pytest
import sqlglot

from tests.timetravel.conftest import Lake

SPELLINGS = [
    "orders VERSION AS OF 1",
    "orders AS o VERSION AS OF 1",
    "orders VERSION AS OF 1 AS o",
    "orders FOR VERSION AS OF 1",
    "orders FOR SYSTEM_VERSION AS OF 1",
    "orders AT (VERSION => 1)",
    "orders@v1",
    '"orders@v1"',
    '{schema}."orders@v1"',
    "kadali.time_travel('{schema}.orders', version => 1)",
    "kadali.time_travel('orders', version => 1) AS o",
    "kadali.time_travel(NULL::orders, version => 1) AS o",
]


@pytest.mark.parametrize("item", SPELLINGS)
@pytest.mark.parametrize("frame", ["SELECT id, name FROM {}", 'SELECT * FROM (SELECT * FROM {}) AS "source" LIMIT 10'])
def test_spelling(orders: Lake, item: str, frame: str) -> None:
    sql = frame.format(item.format(schema=orders.schema))
    assert orders.rows(sql) == [(1, "n1")]
    with orders.connection.cursor(binary=True) as cursor:
        assert cursor.execute(sql + "", prepare=True).fetchall() == [(1, "n1")]
        assert [column.name for column in cursor.description or ()] == ["id", "name"]


@pytest.mark.parametrize("item", ['{schema}."orders@v1"', "kadali.time_travel('{schema}.orders', version => 1)"])
def test_superset_round_trip(orders: Lake, item: str) -> None:
    text = f"SELECT id AS id FROM {item.format(schema=orders.schema)} AS o WHERE o.id > 0"
    again = sqlglot.parse_one(text, read="postgres").sql("postgres")
    virtual = f'SELECT "id" AS "id" FROM ({again}) AS "virtual_table" GROUP BY "id" LIMIT 1000'
    assert orders.rows(virtual) == [(1,)]


def test_times(orders: Lake) -> None:
    history = orders.rows("SELECT version, timestamp FROM kadali.table_history('orders') ORDER BY version")
    at = dict(history)
    for version in (0, 1, 2):
        moment: datetime.datetime = at[version]
        assert orders.value(f"SELECT count(*) FROM orders TIMESTAMP AS OF '{moment.isoformat()}'") == version
        assert orders.value("SELECT count(*) FROM orders TIMESTAMP AS OF %s", [moment]) == version
        assert (
            orders.value(f"SELECT count(*) FROM kadali.time_travel('orders', as_of => '{moment.isoformat()}') o")
            == version
        )
    first = at[0]
    orders.run("SET TimeZone TO 'Asia/Kolkata'")
    local = first.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
    assert orders.value(f"SELECT count(*) FROM orders TIMESTAMP AS OF '{local:%Y-%m-%d %H:%M:%S.%f}'") == 0
    assert orders.value("SELECT count(*) FROM orders TIMESTAMP AS OF now()") == 3
    assert orders.value(f'SELECT count(*) FROM "orders@{local:%Y-%m-%d %H:%M:%S.%f}"') == 0
    digits = f"{local:%Y%m%d%H%M%S%f}"[:17]
    assert orders.value(f"SELECT count(*) FROM orders@{digits}") == 0


def test_parameters(orders: Lake) -> None:
    sql = "SELECT count(*) FROM orders VERSION AS OF %s o JOIN orders p ON p.id = o.id WHERE p.id >= %s"
    for version in (1, 2, 3):
        assert orders.value(sql, [version, 1]) == version


def test_a_time_after_the_last_commit(orders: Lake) -> None:
    notices: list[str] = []
    orders.connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
    assert orders.value("SELECT count(*) FROM orders TIMESTAMP AS OF now() + interval '1 day'") == 3
    assert len(notices) == 1 and "latest version 3" in notices[0]


REFUSED = {
    "SELECT * FROM orders VERSION AS OF 99": "22023",
    "SELECT * FROM orders TIMESTAMP AS OF '2000-01-01'": "22008",
    "SELECT * FROM orders TIMESTAMP AS OF 'never ever'": "22007",
    "SELECT * FROM orders TIMESTAMP AS OF id": "0A000",
    "SELECT * FROM orders VERSION AS OF 'eom'": "42704",
    'SELECT * FROM "orders@eom"': "42704",
    "SELECT * FROM v VERSION AS OF 1": "0A000",
    "SELECT * FROM pg_class VERSION AS OF 1": "42809",
    "SELECT * FROM kadali.tables VERSION AS OF 1": "42809",
    "SELECT * FROM nope VERSION AS OF 1": "42P01",
    'SELECT * FROM "nope@v1"': "42P01",
    "UPDATE orders VERSION AS OF 1 SET id = 1": "42601",
    "SELECT nope FROM orders VERSION AS OF 1": "42703",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_refused(orders: Lake, sql: str) -> None:
    orders.run("CREATE VIEW v AS SELECT * FROM orders")
    for prepare in (False, True):
        with pytest.raises(psycopg.Error) as caught:
            orders.connection.execute(sql, prepare=prepare).fetchall()
        assert caught.value.sqlstate == REFUSED[sql]


def test_error_position_is_in_the_text_sent(orders: Lake) -> None:
    sql = "SELECT 1 FROM orders VERSION AS OF 1 WHERE nope = 1"
    with pytest.raises(psycopg.errors.UndefinedColumn) as caught:
        orders.connection.execute(sql)
    assert caught.value.diag.statement_position == str(sql.index("nope") + 1)


def test_a_relation_of_that_name_wins(orders: Lake) -> None:
    orders.run('CREATE TABLE "orders@v1" (x integer)')
    assert orders.rows('SELECT * FROM "orders@v1"') == []


def test_columns_of_the_version_read(orders: Lake) -> None:
    orders.run("ALTER TABLE orders ADD COLUMN city text", "INSERT INTO orders VALUES (4, 'n4', 'Pune')")
    cursor = orders.connection.execute("SELECT * FROM orders VERSION AS OF 1")
    assert [column.name for column in cursor.description or ()] == ["id", "name"]
    assert cursor.fetchall() == [(1, "n1")]
    cursor = orders.connection.execute("SELECT * FROM kadali.time_travel(NULL::orders, version => 1) o")
    assert [column.name for column in cursor.description or ()] == ["id", "name", "city"]
    assert cursor.fetchall() == [(1, "n1", None)]
    orders.run("TIME TRAVEL TO VERSION 2 OF orders")
    cursor = orders.connection.execute("SELECT * FROM orders ORDER BY id")
    assert [column.name for column in cursor.description or ()] == ["id", "name"]
    assert cursor.fetchall() == [(1, "n1"), (2, "n2")]


def test_session(orders: Lake) -> None:
    moment = orders.value("SELECT timestamp FROM kadali.table_history('orders') WHERE version = 2")
    orders.run(f"TIME TRAVEL TO TIMESTAMP '{moment.isoformat()}'")
    assert orders.value("SELECT count(*) FROM orders") == 2
    assert orders.value("SELECT count(*) FROM orders VERSION AS OF 1") == 1
    assert orders.rows("SHOW TIME TRAVEL") == [(None, None, moment, None)]
    for sql in ("INSERT INTO orders VALUES (9, 'x')", "DELETE FROM orders", "VACUUM orders"):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            orders.run(sql)
    orders.run("TIME TRAVEL OFF")
    assert orders.value("SELECT count(*) FROM orders") == 3
    assert orders.rows("SHOW TIME TRAVEL") == []
    orders.run("TIME TRAVEL TO VERSION 1 OF orders")
    assert orders.value("SELECT count(*) FROM orders") == 1
    assert orders.rows("SHOW TIME TRAVEL") == [(f"{orders.schema}.orders", 1, None, None)]
    orders.run("RESET kadali.as_of")
    assert orders.value("SELECT count(*) FROM orders") == 3


def test_session_setting_follows_the_transaction(orders: Lake) -> None:
    moment = orders.value("SELECT timestamp FROM kadali.table_history('orders') WHERE version = 1")
    orders.run("BEGIN", f"SET LOCAL kadali.as_of = '{moment.isoformat()}'")
    assert orders.value("SELECT count(*) FROM orders") == 1
    orders.run("COMMIT")
    assert orders.value("SELECT count(*) FROM orders") == 3
    orders.run("BEGIN", f"TIME TRAVEL TO TIMESTAMP '{moment.isoformat()}'", "ROLLBACK")
    assert orders.value("SELECT count(*) FROM orders") == 3


@pytest.mark.parametrize(("value", "state"), [("nonsense", "42704"), ("2026-13-45", "22008"), ("12 o clock", "22007")])
def test_bad_session_times(orders: Lake, value: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        orders.run(f"SET kadali.as_of = '{value}'")
    assert caught.value.sqlstate == state


def test_connection_option(orders: Lake) -> None:
    moment: Any = orders.value("SELECT timestamp FROM kadali.table_history('orders') WHERE version = 1")
    text = moment.isoformat().replace(" ", "T")
    with orders.gateway.connect(options=f"-c kadali.as_of={text}") as other:
        assert other.execute(f"SELECT count(*) FROM {orders.schema}.orders").fetchall() == [(1,)]


def test_a_version_bound_as_a_parameter_may_have_other_columns(orders: Lake) -> None:
    orders.run("ALTER TABLE orders ADD COLUMN city text")
    assert orders.rows("SELECT id FROM orders VERSION AS OF %s", [1]) == [(1,)]
    assert orders.value("SELECT count(*) FROM orders VERSION AS OF %s", [1]) == 1
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="result type"):
        orders.rows("SELECT * FROM orders VERSION AS OF %s", [1])


def test_plans_made_before_the_session_travels(orders: Lake) -> None:
    orders.run("ALTER TABLE orders ADD COLUMN city text")
    assert len(orders.rows("SELECT * FROM orders")[0]) == 3
    orders.run("TIME TRAVEL TO VERSION 1 OF orders")
    assert orders.rows("SELECT * FROM orders") == [(1, "n1")]
    orders.run("TIME TRAVEL OFF")
    assert len(orders.rows("SELECT * FROM orders")[0]) == 3


def test_set_config(orders: Lake) -> None:
    orders.rows("SELECT set_config('kadali.as_of', '-0 seconds', false)")
    assert len(orders.rows("SHOW TIME TRAVEL")) == 1
    assert str(orders.value("SHOW kadali.as_of")).endswith("+00")
    with pytest.raises(psycopg.errors.UndefinedObject):
        orders.rows("SELECT set_config('kadali.as_of', 'nonsense', false)")
    orders.rows("SELECT set_config('kadali.as_of', '', false)")
    assert orders.rows("SHOW TIME TRAVEL") == []


def test_inside_other_statements(orders: Lake) -> None:
    orders.run("PREPARE p(bigint) AS SELECT count(*) FROM orders VERSION AS OF $1")
    assert orders.value("EXECUTE p(2)") == 2
    orders.run("CREATE TABLE copy AS SELECT * FROM orders VERSION AS OF 1")
    orders.run("INSERT INTO copy SELECT * FROM orders@v2 o WHERE o.id = 2")
    orders.run("UPDATE copy SET name = o.name || '!' FROM orders VERSION AS OF 1 o WHERE o.id = copy.id")
    assert orders.rows("SELECT * FROM copy ORDER BY id") == [(1, "n1!"), (2, "n2")]
    orders.run("DELETE FROM copy USING orders VERSION AS OF 1 o WHERE o.id = copy.id")
    assert orders.value("SELECT count(*) FROM copy") == 1
    orders.run("BEGIN", "DECLARE c CURSOR FOR SELECT id FROM orders VERSION AS OF 1")
    assert orders.rows("FETCH ALL c") == [(1,)]
    orders.run("COMMIT")
    copied = "COPY (SELECT id FROM orders VERSION AS OF 1) TO STDOUT"
    with orders.connection.cursor() as cursor, cursor.copy(copied) as copy:
        assert list(copy.rows()) == [("1",)]
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="time travel in a view"):
        orders.run("CREATE VIEW old AS SELECT * FROM orders VERSION AS OF 1")


def test_columns_named_with_their_schema(orders: Lake) -> None:
    name = f'"{orders.schema}"."orders"'
    assert orders.rows(f'SELECT {name}."id" FROM {name} VERSION AS OF 1 WHERE {name}."id" > 0') == [(1,)]
