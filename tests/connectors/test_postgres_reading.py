"""Rows of a source's tables: kinds of tables, odd names, missing rights, and what happens beside the reading."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from catalog.errors import SqlError
from engine.connectors.model import Cut, Endpoint, Session, SourceName, SourceTable
from engine.connectors.postgres.connector import POSTGRES
from tests.connectors.conftest import PostgresSource


def read(session: Session, table: SourceTable | str, batch_rows: int = 1000) -> pa.Table:
    if isinstance(table, str):
        table = session.table(SourceName("public", table))
    return session.read(Cut(table), batch_rows).reader.read_all()


def refused(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(SqlError) as caught:
        call()
    return caught.value.code, caught.value.message


def test_what_tables_there_are(postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE TABLE orders (id bigint PRIMARY KEY, note text)",
        "CREATE TABLE by_day (day date, id integer, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
        "CREATE TABLE by_day_1 PARTITION OF by_day FOR VALUES FROM ('2000-01-01') TO ('2001-01-01')",
        "CREATE TABLE by_day_2 PARTITION OF by_day DEFAULT",
        "INSERT INTO by_day SELECT '2000-01-01', g FROM generate_series(1, 10) g",
        "CREATE VIEW seen AS SELECT id FROM orders",
        "CREATE MATERIALIZED VIEW kept AS SELECT id FROM orders",
        "CREATE SCHEMA other CREATE TABLE keyless (a integer, b integer NOT NULL UNIQUE, c integer UNIQUE)",
        "CREATE TEMPORARY TABLE passing (a integer)",
        "ALTER TABLE orders DROP COLUMN note, ADD COLUMN extra numeric(10, 2) NOT NULL",
        "ANALYZE by_day",
    )
    with POSTGRES.connect(postgres_source.endpoint) as session:
        tables = {str(table.name): table for table in session.tables()}
        assert list(tables) == ["other.keyless", "public.by_day", "public.kept", "public.orders"]
        assert [str(table.name) for table in session.tables("other")] == ["other.keyless"]
        assert session.tables("missing") == []
        assert session.table(SourceName("", "orders")) == tables["public.orders"]
        assert session.table(SourceName("public", "seen")).key == ()
        assert session.table(SourceName("public", "by_day_2")).key == ("id", "day")
    assert tables["public.by_day"].key == ("id", "day")
    assert (tables["public.by_day"].rows_estimate, tables["public.orders"].rows_estimate) == (10, None)
    assert tables["other.keyless"].key == ("b",)
    columns = tables["public.orders"].columns
    assert [(c.name, c.number, c.nullable, c.source_type) for c in columns] == [
        ("id", 1, False, "bigint"),
        ("extra", 3, False, "numeric(10,2)"),
    ]


def test_kinds_of_tables(postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE TABLE t (id integer, twice integer GENERATED ALWAYS AS (id * 2) STORED, n integer GENERATED ALWAYS AS"
        " IDENTITY, gone text)",
        "ALTER TABLE t DROP COLUMN gone",
        "INSERT INTO t (id) VALUES (1), (2)",
        "CREATE VIEW v AS SELECT id + 1 AS more FROM t",
        "CREATE MATERIALIZED VIEW m AS SELECT id FROM t",
        "CREATE TABLE p (id integer) PARTITION BY LIST (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        "CREATE TABLE p2 PARTITION OF p DEFAULT",
        "INSERT INTO p VALUES (1), (2)",
        "CREATE TABLE child (more text) INHERITS (t)",
        "INSERT INTO child (id, n, more) VALUES (3, 3, 'c')",
        "CREATE TABLE none (id integer, name text)",
        "CREATE TABLE bare ()",
        "CREATE FOREIGN DATA WRAPPER nothing",
        "CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing",
        "CREATE FOREIGN TABLE far (id integer) SERVER nowhere",
        "CREATE SEQUENCE s",
    )
    with POSTGRES.connect(postgres_source.endpoint) as session:
        assert read(session, "t").sort_by("id").to_pydict() == {"id": [1, 2, 3], "twice": [2, 4, 6], "n": [1, 2, 3]}
        assert sorted(read(session, "v")["more"].to_pylist()) == [2, 3, 4]
        assert sorted(read(session, "m")["id"].to_pylist()) == [1, 2]
        assert sorted(read(session, "p")["id"].to_pylist()) == [1, 2]
        assert read(session, "p2")["id"].to_pylist() == [2]
        nothing = read(session, "none")
        assert (nothing.num_rows, nothing.schema) == (0, pa.schema({"id": pa.int32(), "name": pa.string()}))
        assert "public.far" in {str(table.name) for table in session.tables()}
        # The source's own words, and a failure leaves the session as it was.
        assert refused(lambda: read(session, "far")) == ("55000", 'foreign-data wrapper "nothing" has no handler')
        assert refused(lambda: read(session, "bare")) == ("0A000", 'relation "public.bare" has no columns to read')
        assert refused(lambda: read(session, "s")) == ("42809", '"s" is a sequence, it has no rows to read')
        assert refused(lambda: read(session, "nope")) == ("42P01", 'relation "public.nope" does not exist')
        assert read(session, "p1")["id"].to_pylist() == [1]


def test_names_that_need_quoting(postgres_source: PostgresSource) -> None:
    odd = 'Sélect "%s" \\ from; --{}'
    quoted = '"' + odd.replace('"', '""') + '"'
    postgres_source.execute(
        f"CREATE SCHEMA {quoted}",
        f'CREATE TABLE {quoted}.{quoted} ({quoted} integer[] PRIMARY KEY, "a b" text, "select" date)',
        f"INSERT INTO {quoted}.{quoted} VALUES ('{{1}}', 'x', 'infinity'), ('{{{{1}},{{2}}}}', 'y', NULL)",
    )
    with POSTGRES.connect(postgres_source.endpoint) as session:
        table = session.table(SourceName(odd, odd))
        assert (table.key, [each.name for each in session.tables(odd)]) == ((odd,), [SourceName(odd, odd)])
        reading = session.read(Cut(table, columns=("select", odd), where="\"a b\" <> 'z' -- all", cursor=odd), 10)
        assert reading.reader.read_all().to_pydict() == {"select": [None, None], odd: [[1], None]}
        assert len(reading.warnings) == 2
        assert reading.position["value"] == "{{1},{2}}"


def test_1600_columns(postgres_source: PostgresSource) -> None:
    columns = ", ".join(f"c{n} {'integer[]' if n % 2 else 'smallint'}" for n in range(1600))
    postgres_source.execute(f"CREATE TABLE wide ({columns})", "INSERT INTO wide (c0, c1599) VALUES (7, '{8}')")
    with POSTGRES.connect(postgres_source.endpoint) as session:
        row = read(session, "wide").to_pylist()[0]
    assert len(row) == 1600
    assert {name: value for name, value in row.items() if value is not None} == {"c0": 7, "c1599": [8]}


def test_cuts(postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE t AS SELECT g AS id, g % 3 AS part FROM generate_series(1, 2500) g")
    with POSTGRES.connect(postgres_source.endpoint) as session:
        table = session.table(SourceName("public", "t"))
        batches = list(session.read(Cut(table, columns=("id",), where="part = 1 or part = 2"), 700).reader)
        assert [batch.num_rows for batch in batches] == [700, 700, 267]
        assert batches[0].schema.names == ["id"]
        unread = session.read(Cut(table), 10)  # given up after a batch, for the next
        assert next(iter(unread.reader)).num_rows == 10
        assert read(session, table).num_rows == 2500
        for cut, answer in (
            (Cut(table, columns=("id", "x")), ("42703", 'column "x" of relation "public.t" does not exist')),
            (Cut(table, cursor="x"), ("42703", 'column "x" of relation "public.t" does not exist')),
            (Cut(table, where="x = 1"), ("42703", 'column "x" does not exist')),
            (Cut(table, where="id = "), ("42601", 'syntax error at or near ")"')),
            (Cut(table, where="true) union select 1 --"), ("42601", 'syntax error at or near ")"')),
            (Cut(table, where="1 / (id - 2000) > 0"), ("22012", "division by zero")),
        ):
            assert refused(lambda cut=cut: session.read(cut, 10).reader.read_all()) == answer  # type: ignore[misc]
        assert read(session, table).num_rows == 2500


def test_queries(postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 5) g")
    with POSTGRES.connect(postgres_source.endpoint) as session:
        table = session.query("WITH x AS (SELECT id FROM t) SELECT id, id::numeric(5,1) AS n FROM x ORDER BY id DESC;")
        assert [(c.name, c.source_type) for c in table.columns] == [("id", "integer"), ("n", "numeric(5,1)")]
        assert read(session, table)["id"].to_pylist() == [5, 4, 3, 2, 1]
        for sql, answer in (
            ("SELECT 1 AS a, 2 AS a", ("42701", 'column name "a" appears twice in the query')),
            ("SELECT FROM t", ("0A000", "the query gives no columns")),
            ("SELECT x FROM t", ("42703", 'column "x" does not exist')),
            ("SELECT 1) AS q; DROP TABLE t; --", ("42601", 'syntax error at or near ")"')),
            ("DELETE FROM t RETURNING id", ("42601", 'syntax error at or near "FROM"')),
            ("SELECT 1 /*", ("42601", 'unterminated /* comment at or near "/*\n) as q limit 0"')),
        ):
            assert refused(lambda sql=sql: session.query(sql)) == answer  # type: ignore[misc]
        writing = session.query("SELECT pg_catalog.lo_create(0) AS a")
        assert refused(lambda: read(session, writing)) == (
            "25006",
            "cannot execute lo_create() in a read-only transaction",
        )
        cut = Cut(table, cursor="id")
        assert refused(lambda: session.read(cut, 10))[0] == "0A000"


def test_missing_rights(postgres_source: PostgresSource) -> None:
    lowly = postgres_source.login("lowly")
    postgres_source.execute(
        "CREATE TABLE hidden (id integer)",
        "CREATE TABLE half (id integer, secret text)",
        f"GRANT SELECT (id) ON half TO {lowly.user}",
        "CREATE SCHEMA closed CREATE TABLE t (id integer)",
        f"GRANT SELECT ON closed.t TO {lowly.user}",
    )
    with POSTGRES.connect(lowly) as session:
        assert refused(lambda: read(session, "hidden")) == ("42501", "permission denied for table hidden")
        half = session.table(SourceName("public", "half"))
        assert refused(lambda: read(session, half)) == ("42501", "permission denied for table half")
        assert session.read(Cut(half, columns=("id",)), 10).reader.read_all().num_rows == 0
        closed = session.table(SourceName("closed", "t"))
        assert refused(lambda: read(session, closed)) == ("42501", "permission denied for schema closed")


def test_rows_that_row_level_security_hides(postgres_source: PostgresSource) -> None:
    """They are not left out silently."""
    lowly = postgres_source.login("tenant")
    postgres_source.execute(
        "CREATE TABLE shared AS SELECT g AS id FROM generate_series(1, 4) g",
        "ALTER TABLE shared ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON shared USING (id < 3)",
        f"GRANT SELECT ON shared TO {lowly.user}",
    )
    with POSTGRES.connect(lowly) as session:
        answer = ("42501", 'query would be affected by row-level security policy for table "shared"')
        assert refused(lambda: read(session, "shared")) == answer
    wanting = Endpoint(
        lowly.kind, lowly.host, lowly.port, lowly.database, lowly.user, lowly.password, {"row_security": "on"}
    )
    with POSTGRES.connect(wanting) as session:
        assert read(session, "shared").num_rows == 2


def test_all_tables_at_one_moment(postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE a (id integer)", "CREATE TABLE b (id integer)", "INSERT INTO a VALUES (1)")
    with POSTGRES.connect(postgres_source.endpoint) as session:
        assert read(session, "a").num_rows == 1
        postgres_source.execute("INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (2)", "CREATE TABLE c (id integer)")
        assert (read(session, "a").num_rows, read(session, "b").num_rows) == (1, 0)
        assert refused(lambda: read(session, "c"))[0] == "42P01"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ("DROP TABLE t", ("42P01", 'relation "public.t" does not exist')),
        ("DROP TABLE t; CREATE TABLE t (id integer)", ("40001", 'table "public.t" of the source was')),
        ("TRUNCATE t", ("40001", 'table "t" of the source was rewritten')),
        ("ALTER TABLE t ALTER id TYPE bigint", ("40001", 'table "t" of the source was rewritten')),
        ("ALTER TABLE t RENAME id TO other", ("42703", 'column "id" does not exist')),
        ("ALTER TABLE t ADD more integer", None),
    ],
)
def test_tables_changed_in_between(
    postgres_source: PostgresSource, change: str, answer: tuple[str, str] | None
) -> None:
    """An older snapshot sees a table empty that was truncated, rewritten or made anew: that is no answer."""
    postgres_source.execute(
        "CREATE TABLE t AS SELECT 1 AS id", "CREATE TABLE of_two (id integer) PARTITION BY LIST (id)"
    )
    with POSTGRES.connect(postgres_source.endpoint) as session:
        table = session.table(SourceName("public", "t"))
        postgres_source.execute(change)
        if answer is None:
            assert read(session, table).to_pydict() == {"id": [1]}
            return
        code, words = refused(lambda: read(session, table))
        assert (code, words[: len(answer[1])]) == answer


def test_a_table_of_an_earlier_session(postgres_source: PostgresSource) -> None:
    """It is known by its number: what has its name now is another one."""
    postgres_source.execute("CREATE TABLE t AS SELECT 1 AS id")
    with POSTGRES.connect(postgres_source.endpoint) as session:
        table = session.table(SourceName("public", "t"))
    postgres_source.execute("ALTER TABLE t ADD more integer")
    with POSTGRES.connect(postgres_source.endpoint) as session:
        assert read(session, table).to_pydict() == {"id": [1]}
    postgres_source.execute("DROP TABLE t", "CREATE TABLE t AS SELECT 2 AS id")
    with POSTGRES.connect(postgres_source.endpoint) as session:
        assert refused(lambda: read(session, table)) == ("42P01", 'relation "public.t" does not exist')


def test_partitions_and_views_of_tables_changed_in_between(postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE TABLE p (id integer) PARTITION BY LIST (id)",
        "CREATE TABLE p1 PARTITION OF p DEFAULT",
        "INSERT INTO p VALUES (1)",
        "CREATE VIEW v AS SELECT * FROM p",
    )
    with POSTGRES.connect(postgres_source.endpoint) as session:
        tables = [session.table(SourceName("public", "p")), session.table(SourceName("public", "v"))]
        tables.append(session.query("SELECT max(id) AS m FROM v"))
        postgres_source.execute("TRUNCATE p1")
        for table in tables:
            assert refused(lambda table=table: read(session, table))[0] == "40001"  # type: ignore[misc]


def test_text_of_a_source_without_encoding(postgres_source: PostgresSource) -> None:
    name = f"{postgres_source.endpoint.database}_ascii"
    postgres_source.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    endpoint = Endpoint(
        postgres_source.endpoint.kind, "127.0.0.1", postgres_source.endpoint.port, name, "kadali", "open sesame"
    )
    try:
        with POSTGRES.connect(endpoint) as session:
            good = session.query("SELECT convert_from('\\xc3a4', 'SQL_ASCII') AS t")
            assert read(session, good)["t"].to_pylist() == ["ä"]
            bad = session.query("SELECT convert_from('\\xe4', 'SQL_ASCII') AS t")
            assert refused(lambda: read(session, bad))[0] == "22021"
    finally:
        postgres_source.execute(f"DROP DATABASE {name} WITH (FORCE)")
