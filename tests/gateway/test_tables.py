"""Tables through the front door: definition, data, transactions, errors, as psql or any driver would do it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

_numbers = itertools.count(1)
Connection = psycopg.Connection[Any]


@pytest.fixture
def schema(gateway: GatewayServer) -> Iterator[str]:
    name = f"tables_{next(_numbers)}"
    with gateway.connect() as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    yield name
    with gateway.connect() as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def db(gateway: GatewayServer, schema: str) -> Iterator[Connection]:
    with gateway.connect(options=f"-c search_path={schema}") as connection:
        yield connection


@pytest.fixture
def other(gateway: GatewayServer, schema: str) -> Iterator[Connection]:
    with gateway.connect(options=f"-c search_path={schema}") as connection:
        yield connection


@pytest.fixture
def items(db: Connection) -> Connection:
    db.execute(
        "CREATE TABLE items (id bigint PRIMARY KEY, name varchar(10) NOT NULL, price numeric(10,2) DEFAULT 1.50"
        " CHECK (price >= 0), made date, tags text[])"
    )
    db.execute("INSERT INTO items VALUES (1, 'one', 1.10, '2024-02-29', '{a,b}'), (2, 'two', 2.20, NULL, NULL)")
    return db


def ids(connection: Connection, where: str = "true") -> list[int]:
    return [row[0] for row in connection.execute(f"SELECT id FROM items WHERE {where} ORDER BY id")]


def test_a_table_remembers_what_it_was_given(items: Connection) -> None:
    cursor = items.execute("SELECT * FROM items ORDER BY id")
    assert [column.name for column in cursor.description or ()] == ["id", "name", "price", "made", "tags"]
    first, second = cursor.fetchall()
    assert [str(value) for value in first[:4]] == ["1", "one", "1.10", "2024-02-29"]
    assert first[4] == ["a", "b"]
    assert second[3:] == (None, None)


def test_defaults_fill_columns_that_are_not_named(items: Connection) -> None:
    items.execute("INSERT INTO items (name, id) VALUES ('three', 3)")
    items.execute("INSERT INTO items VALUES (4, 'four', DEFAULT)")
    rows = items.execute("SELECT price FROM items WHERE id > 2 ORDER BY id").fetchall()
    assert [str(price) for (price,) in rows] == ["1.50", "1.50"]


def test_insert_of_a_query_reads_the_table_itself(items: Connection) -> None:
    cursor = items.execute("INSERT INTO items (id, name, price) SELECT id + 10, name, price * 2 FROM items")
    assert cursor.statusmessage == "INSERT 0 2"
    assert ids(items) == [1, 2, 11, 12]


@pytest.mark.parametrize(
    ("sql", "tag", "rows"),
    [
        ("INSERT INTO items (id, name) VALUES (9, 'x') RETURNING id, price * 2", "INSERT 0 1", [("9", "3.00")]),
        ("UPDATE items SET price = price + 1 WHERE id = 1 RETURNING id, price", "UPDATE 1", [("1", "2.10")]),
        ("DELETE FROM items WHERE id = 2 RETURNING name", "DELETE 1", [("two",)]),
        ("UPDATE items AS i SET name = upper(i.name) RETURNING i.name", "UPDATE 2", [("ONE",), ("TWO",)]),
    ],
)
def test_returning(items: Connection, sql: str, tag: str, rows: list[tuple[str, ...]]) -> None:
    cursor = items.execute(sql)
    got = [tuple(str(value) for value in row) for row in cursor.fetchall()]
    assert (cursor.statusmessage, sorted(got)) == (tag, rows)


@pytest.mark.parametrize(
    ("sql", "tag", "left"),
    [
        ("DELETE FROM items WHERE id = 1", "DELETE 1", [2]),
        ("DELETE FROM items WHERE upper(name) = 'ONE'", "DELETE 1", [2]),
        ("DELETE FROM items WHERE made > '2000-01-01'", "DELETE 1", [2]),
        ("DELETE FROM items WHERE NOT made > '2000-01-01'", "DELETE 0", [1, 2]),
        ("DELETE FROM items USING (VALUES (2)) AS v(x) WHERE v.x = items.id", "DELETE 1", [1]),
        ("WITH gone AS (SELECT 1 AS x) DELETE FROM items WHERE id IN (SELECT x FROM gone)", "DELETE 1", [2]),
        ("DELETE FROM items", "DELETE 2", []),
        ("TRUNCATE items", "TRUNCATE TABLE", []),
    ],
)
def test_delete(items: Connection, sql: str, tag: str, left: list[int]) -> None:
    assert items.execute(sql).statusmessage == tag
    assert ids(items) == left


def test_update_from_another_table(items: Connection) -> None:
    items.execute("CREATE TABLE prices (id bigint, price numeric(10,2))")
    items.execute("INSERT INTO prices VALUES (1, 100), (7, 700)")
    cursor = items.execute("UPDATE items SET price = p.price FROM prices p WHERE p.id = items.id")
    assert cursor.statusmessage == "UPDATE 1"
    rows = items.execute("SELECT id, price FROM items ORDER BY id").fetchall()
    assert [(row[0], str(row[1])) for row in rows] == [(1, "100.00"), (2, "2.20")]


def test_a_transaction_sees_itself_and_nobody_else_does(items: Connection, other: Connection) -> None:
    with items.transaction():
        items.execute("INSERT INTO items (id, name) VALUES (3, 'three')")
        items.execute("UPDATE items SET price = 9 WHERE id = 1")
        assert ids(items) == [1, 2, 3]
        assert ids(items, "price = 9") == [1]
        assert ids(other) == [1, 2]
        assert ids(other, "price = 9") == []
    assert ids(other) == [1, 2, 3]


def test_rollback_leaves_nothing(items: Connection, other: Connection) -> None:
    with pytest.raises(ZeroDivisionError), items.transaction():
        items.execute("DELETE FROM items")
        items.execute("CREATE TABLE scratch (a int)")
        items.execute("INSERT INTO scratch VALUES (1)")
        raise ZeroDivisionError
    assert ids(items) == [1, 2]
    with pytest.raises(psycopg.errors.UndefinedTable):
        other.execute("SELECT * FROM scratch")


def test_savepoints_undo_a_part(items: Connection) -> None:
    with items.transaction():
        items.execute("INSERT INTO items (id, name) VALUES (3, 'three')")
        with pytest.raises(ZeroDivisionError), items.transaction():
            items.execute("DELETE FROM items WHERE id = 1")
            assert ids(items) == [2, 3]
            raise ZeroDivisionError
        assert ids(items) == [1, 2, 3]
    assert ids(items) == [1, 2, 3]


def test_reads_in_a_transaction_see_one_version(items: Connection, other: Connection) -> None:
    with items.transaction():
        assert ids(items) == [1, 2]
        other.execute("INSERT INTO items (id, name) VALUES (3, 'three')")
        assert ids(items) == [1, 2]
    assert ids(items) == [1, 2, 3]


def test_conflicting_changes_fail_to_commit(items: Connection, other: Connection) -> None:
    with pytest.raises(psycopg.errors.SerializationFailure), items.transaction():
        items.execute("UPDATE items SET price = 5 WHERE id = 1")
        other.execute("UPDATE items SET price = 6 WHERE id = 1")
    rows = other.execute("SELECT price FROM items WHERE id = 1").fetchall()
    assert [str(price) for (price,) in rows] == ["6.00"]


def test_many_inserts_in_a_transaction_are_one_commit(items: Connection) -> None:
    before = items.execute("SELECT count(*) FROM kadali.table_history('items')").fetchone()
    with items.transaction():
        for number in range(10, 60):
            items.execute("INSERT INTO items (id, name) VALUES (%s, %s)", (number, str(number)))
    after = items.execute("SELECT count(*) FROM kadali.table_history('items')").fetchone()
    assert before is not None
    assert after is not None
    assert after[0] - before[0] == 1
    assert len(ids(items)) == 52


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("INSERT INTO items (id, name) VALUES (1, 'far too long a name')", "22001"),
        ("INSERT INTO items (id) VALUES (1)", "23502"),
        ("INSERT INTO items (id, name, price) VALUES (1, 'x', -1)", "23514"),
        ("UPDATE items SET price = -price", "23514"),
        ("UPDATE items SET name = NULL", "23502"),
        ("INSERT INTO items (id, name) VALUES ('x', 'x')", "22P02"),
        ("INSERT INTO items (id, name) VALUES (9223372036854775808, 'x')", "22003"),
        ("INSERT INTO items (id, name, price) VALUES (1, 'x', 123456789.00)", "22003"),
        ("INSERT INTO items (id, nope) VALUES (1, 2)", "42703"),
        ("INSERT INTO items VALUES (1, 'x', 1, NULL, NULL, 6)", "42601"),
        ("INSERT INTO nothing VALUES (1)", "42P01"),
        ("INSERT INTO items (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING", "0A000"),
        ("UPDATE items SET nope = 1", "42703"),
        ("DELETE FROM items WHERE price / 0 > 1", "22012"),
        ("CREATE TABLE items (a int)", "42P07"),
        ("CREATE TABLE t (a serial)", "0A000"),
        ("CREATE TABLE t (a interval)", "0A000"),
        ("CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)", "0A000"),
        ("ALTER TABLE items DROP COLUMN price", "0A000"),
        ("ALTER TABLE items ALTER made SET NOT NULL", "23502"),
        ("ALTER TABLE items ADD CONSTRAINT small CHECK (price < 2)", "23514"),
        ("DROP TABLE nothing", "42P01"),
    ],
)
def test_refusals_change_nothing(items: Connection, sql: str, sqlstate: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        items.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert ids(items) == [1, 2]


def test_views_read_their_tables(items: Connection) -> None:
    items.execute("CREATE VIEW dear AS SELECT *, price * 2 AS twice FROM items WHERE price > 2")
    rows = items.execute("SELECT id, twice FROM dear").fetchall()
    assert [(row[0], str(row[1])) for row in rows] == [(2, "4.40")]
    items.execute("ALTER TABLE items ADD COLUMN note text")
    cursor = items.execute("SELECT * FROM dear")
    assert [column.name for column in cursor.description or ()] == ["id", "name", "price", "made", "tags", "twice"]
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        items.execute("DROP TABLE items")
    with pytest.raises(psycopg.Error) as caught:
        items.execute("DELETE FROM dear")
    assert caught.value.sqlstate == "55000"


def test_create_table_as_takes_columns_and_rows(items: Connection) -> None:
    cursor = items.execute("CREATE TABLE copy AS SELECT id, price / 3 AS third, 'x' AS letter FROM items")
    assert cursor.statusmessage == "SELECT 2"
    types = items.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'copy'::regclass AND attnum > 0 ORDER BY attnum"
    ).fetchall()
    assert types == [("id", "bigint"), ("third", "numeric(38,18)"), ("letter", "text")]


def test_added_columns_are_null_in_old_rows(items: Connection) -> None:
    items.execute("ALTER TABLE items ADD COLUMN note text")
    items.execute("INSERT INTO items (id, name, note) VALUES (3, 'three', 'new')")
    assert items.execute("SELECT note FROM items ORDER BY id").fetchall() == [(None,), (None,), ("new",)]


def test_rename_keeps_rows(items: Connection) -> None:
    items.execute("ALTER TABLE items RENAME TO things")
    assert items.execute("SELECT count(*) FROM things").fetchone() == (2,)
    items.execute("ALTER TABLE things RENAME TO items")
    assert ids(items) == [1, 2]


def test_partitioned_tables(db: Connection) -> None:
    db.execute("CREATE TABLE events (day date, n int) PARTITIONED BY (day)")
    db.execute("INSERT INTO events VALUES ('2024-01-01', 1), ('2024-01-02', 2), (NULL, 3)")
    assert db.execute("SELECT n FROM events WHERE day = '2024-01-02'").fetchall() == [(2,)]
    assert db.execute("SELECT n FROM events WHERE day IS NULL").fetchall() == [(3,)]


def test_comments_keys_and_indexes_are_shown(items: Connection) -> None:
    items.execute("COMMENT ON TABLE items IS 'what we sell'")
    items.execute("COMMENT ON COLUMN items.price IS 'in euros'")
    items.execute("CREATE INDEX ON items (made)")
    assert items.execute("SELECT obj_description('items'::regclass)").fetchone() == ("what we sell",)
    assert items.execute("SELECT col_description('items'::regclass, 3)").fetchone() == ("in euros",)
    indexes = items.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'items' ORDER BY 1").fetchall()
    assert indexes == [("items_made_idx",), ("items_pkey",)]
    rows = items.execute("SELECT reltuples::int FROM pg_class WHERE oid = 'items'::regclass").fetchone()
    assert rows == (2,)


def test_rights_are_enforced(items: Connection, gateway: GatewayServer, schema: str) -> None:
    with gateway.connect("bob", options=f"-c search_path={schema}") as bob:
        for sql in ("SELECT * FROM items", "INSERT INTO items (id, name) VALUES (5, 'x')", "CREATE TABLE mine (a int)"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName)):
                bob.execute(f"SET search_path = {schema}")
                bob.execute(sql.replace("items", f"{schema}.items").replace("mine", f"{schema}.mine"))
        items.execute(f"GRANT USAGE ON SCHEMA {schema} TO bob")
        items.execute("GRANT SELECT (id, name) ON items TO bob")
        assert ids(bob) == [1, 2]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bob.execute("SELECT price FROM items")
        items.execute("REVOKE ALL ON items FROM bob")
        items.execute("REVOKE SELECT (id, name) ON items FROM bob")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bob.execute("SELECT id FROM items")


def test_tenants_do_not_see_each_other(items: Connection, gateway: GatewayServer, schema: str) -> None:
    with gateway.connect(database="globex") as stranger:
        with pytest.raises(psycopg.errors.UndefinedTable):
            stranger.execute(f"SELECT * FROM {schema}.items")
        names = stranger.execute("SELECT nspname FROM pg_namespace").fetchall()
        assert (schema,) not in names
        databases = stranger.execute("SELECT datname FROM pg_database").fetchall()
        assert ("acme",) not in databases


def test_catalog_and_tables_cannot_be_mixed(items: Connection) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        items.execute("SELECT * FROM items JOIN pg_class ON relname = name")


def test_rows_come_as_they_were_inserted(db: Connection) -> None:
    db.execute("CREATE TABLE seen (n int)")
    for number in range(6):
        db.execute("INSERT INTO seen VALUES (%s)", (number,))
    assert [n for (n,) in db.execute("SELECT n FROM seen")] == list(range(6))


def test_the_backend_pid_is_the_one_the_client_was_told(db: Connection) -> None:
    assert db.execute("SELECT pg_backend_pid()").fetchone() == (db.info.backend_pid,)
    with pytest.raises(psycopg.Error):
        db.execute("SELECT set_config('kadali.client_pid', '1', false)")
    assert db.execute("SELECT pg_backend_pid()").fetchone() == (db.info.backend_pid,)


def test_now_stands_still_in_a_transaction(items: Connection) -> None:
    with items.transaction():
        first = items.execute("SELECT now(), current_timestamp(0), current_date").fetchone()
        items.execute("INSERT INTO items (id, name, made) VALUES (3, 'three', current_date)")
        items.execute("CREATE TABLE stamps (at timestamptz DEFAULT now(), n int)")
        items.execute("INSERT INTO stamps (n) VALUES (1)")
        items.execute("INSERT INTO stamps SELECT now(), 2")
        again = items.execute("SELECT now(), current_timestamp(0), current_date").fetchone()
        stamps = items.execute("SELECT DISTINCT at FROM stamps").fetchall()
    assert first == again
    assert first is not None
    assert stamps == [(first[0],)]
    later = items.execute("SELECT now()").fetchone()
    assert later is not None
    assert later[0] > first[0]


def test_sums_of_large_products_start_over_in_wider_decimals(db: Connection) -> None:
    db.execute("CREATE TABLE big (a numeric(15,2), b numeric(15,2))")
    db.execute("INSERT INTO big SELECT 9999999999999.99, 9999999999999.99 FROM generate_series(1, 50)")
    total = db.execute("SELECT sum(a * b)::text, count(*) FROM big").fetchone()
    assert total == ("4999999999999990000000000000.0050", 50)


@pytest.mark.parametrize(
    ("setting", "expression"),
    [
        ("datestyle = 'SQL, DMY'", "made::text"),
        ("datestyle = German", "'on ' || made"),
        ("bytea_output = escape", "convert_to(name, 'UTF8')::text"),
        ("extra_float_digits = 0", "(price::float8)::text"),
    ],
)
def test_casts_to_text_in_other_styles_are_refused(items: Connection, setting: str, expression: str) -> None:
    items.execute(f"SELECT {expression} FROM items WHERE id = 1")
    items.execute(f"SET {setting}")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        items.execute(f"SELECT {expression} FROM items WHERE id = 1")


@pytest.mark.parametrize("kind", ["varchar(3)", "char(3)", "varchar(3)[]", "char(3)[]"])
def test_text_too_long_is_refused_and_not_cut(db: Connection, kind: str) -> None:
    good, bad = ("{abc}", "{abc,abcd}") if kind.endswith("[]") else ("abc", "abcd")
    db.execute(f"CREATE TABLE limited (a {kind})")
    db.execute(f"INSERT INTO limited VALUES ('{good}')")
    for sql in (
        f"INSERT INTO limited VALUES ('{bad}')",
        f"INSERT INTO limited SELECT '{bad}'",
        f"UPDATE limited SET a = '{bad}'",
    ):
        with pytest.raises(psycopg.errors.StringDataRightTruncation):
            db.execute(sql)
    with pytest.raises(psycopg.errors.StringDataRightTruncation):
        db.execute("INSERT INTO limited VALUES (%s)", ([*good.strip("{}").split(","), "abcd"] if "[" in kind else bad,))
    assert db.execute("SELECT a::text FROM limited").fetchall() == [(good,)]


def test_an_update_computes_its_values_once(items: Connection) -> None:
    returned = items.execute("UPDATE items SET price = (random() * 1000)::numeric(10,2) RETURNING id, price").fetchall()
    assert sorted(returned) == sorted(items.execute("SELECT id, price FROM items").fetchall())
    for sql in ("UPDATE items SET price = 1 WHERE random() < 2", "DELETE FROM items WHERE random() < 2"):
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            items.execute(sql)


def test_names_of_the_query_never_hide_its_tables(items: Connection) -> None:
    for name in ("r0", "k0", "kadali_r0", "kadali_rk0", "kadali_r", "kadali_r_0"):
        sql = f"WITH {name} AS (SELECT 77 AS id) SELECT items.id, {name}.id FROM items, {name} ORDER BY 1"
        assert items.execute(sql).fetchall() == [(1, 77), (2, 77)]
        sql = f"WITH {name} AS (SELECT 77 AS version) SELECT h.version FROM kadali.table_history('items') h, {name}"
        assert (77,) not in items.execute(sql).fetchall()


def test_text_parameters_are_read_under_the_sessions_settings(db: Connection) -> None:
    db.execute("CREATE TABLE moments (at timestamptz, day date)")
    db.execute("INSERT INTO moments VALUES ('2024-07-01 12:00:00+00', '2024-02-01')")
    db.execute("SET timezone = 'America/New_York'")
    found = db.execute("SELECT count(*) FROM moments WHERE at = %s::timestamptz", ("2024-07-01 08:00:00",)).fetchone()
    assert found == (1,)
    assert db.execute("SELECT count(*) FROM moments WHERE day = %s::date", ("02/01/2024",)).fetchone() == (1,)
    db.execute("SET datestyle = 'ISO, DMY'")
    assert db.execute("SELECT count(*) FROM moments WHERE day = %s::date", ("2024-02-01",)).fetchone() == (1,)
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        db.execute("SELECT count(*) FROM moments WHERE day = %s::date", ("01/02/2024",))
