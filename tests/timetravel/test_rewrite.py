"""Each spelling of time travel on tokens: what PostgreSQL and the engine get, what is refused, and where."""

from __future__ import annotations

import re

import pytest
import sqlglot

from catalog.errors import SqlError
from catalog.types import PgType
from engine.dialect.scanner import tokenize
from sql_extensions.rewrites.time_spec import SpecKind, ValueKind
from sql_extensions.rewrites.time_travel import Rewritten, rewrite, spec_index

V, T, TAG = SpecKind.VERSION, SpecKind.TIMESTAMP, SpecKind.TAG
LIT, PAR, EXP = ValueKind.LITERAL, ValueKind.PARAMETER, ValueKind.EXPRESSION
KNOWN = {("orders",), ("sales", "orders"), ("o",), ("t",), ("sales", "weird@v3"), ("weird",), ("sales", "weird")}


def run(sql: str) -> Rewritten:
    return rewrite(sql, None, lambda parts: parts in KNOWN)


def squeezed(text: str) -> str:
    return re.sub(r"\s+(?=[),])", "", " ".join(text.split()))


SPELLINGS = {
    "orders VERSION AS OF 3": (V, LIT, "3", "orders", '"orders@#0" AS "orders"'),
    "orders VERSION AS OF 3 o": (V, LIT, "3", "orders o", '"orders@#0" o'),
    "orders AS o VERSION AS OF 3": (V, LIT, "3", "orders AS o", '"orders@#0" AS o'),
    "orders o VERSION AS OF 3": (V, LIT, "3", "orders o", '"orders@#0" o'),
    "orders AS o (a, b) VERSION AS OF 3": (V, LIT, "3", "orders AS o (a, b)", '"orders@#0" AS o (a, b)'),
    "orders FOR VERSION AS OF 3": (V, LIT, "3", "orders", '"orders@#0" AS "orders"'),
    "sales.orders FOR SYSTEM_VERSION AS OF 3": (V, LIT, "3", "sales.orders", '"sales"."orders@#0" AS "orders"'),
    "orders version as of $2": (V, PAR, "2", "orders", '"orders@#0" AS "orders"'),
    "orders VERSION AS OF 'eom'": (TAG, LIT, "eom", "orders", '"orders@#0" AS "orders"'),
    "orders TIMESTAMP AS OF '2026-01-01'": (T, LIT, "2026-01-01", "orders", '"orders@#0" AS "orders"'),
    "orders FOR TIMESTAMP AS OF $1": (T, PAR, "1", "orders", '"orders@#0" AS "orders"'),
    "orders FOR SYSTEM_TIME AS OF current_date": (T, EXP, "current_date", "orders", '"orders@#0" AS "orders"'),
    "orders TIMESTAMP AS OF now() - interval '1 day' c": (
        T,
        EXP,
        "now() - interval '1 day'",
        "orders c",
        '"orders@#0" c',
    ),
    "orders TIMESTAMP AS OF now() - interval '1' day AS c": (
        T,
        EXP,
        "now() - interval '1' day",
        "orders AS c",
        '"orders@#0" AS c',
    ),
    "orders TIMESTAMP AS OF timestamp '2026-01-01 00:00' AT TIME ZONE 'UTC' c": (
        T,
        EXP,
        "timestamp '2026-01-01 00:00' AT TIME ZONE 'UTC'",
        "orders c",
        '"orders@#0" c',
    ),
    "orders TIMESTAMP AS OF '2026-01-01'::timestamptz(3) c": (
        T,
        EXP,
        "'2026-01-01'::timestamptz(3)",
        "orders c",
        '"orders@#0" c',
    ),
    "orders TIMESTAMP AS OF (now() - interval '1 day') c": (
        T,
        EXP,
        "(now() - interval '1 day')",
        "orders c",
        '"orders@#0" c',
    ),
    "orders TIMESTAMP AS OF CAST('2026-01-01' AS timestamp) c": (
        T,
        EXP,
        "CAST('2026-01-01' AS timestamp)",
        "orders c",
        '"orders@#0" c',
    ),
    "orders AT (VERSION => 3) o": (V, LIT, "3", "orders o", '"orders@#0" o'),
    "orders o AT (TIMESTAMP => '2026-01-01')": (T, LIT, "2026-01-01", "orders o", '"orders@#0" o'),
    "orders AT (TAG => 'eom')": (TAG, LIT, "eom", "orders", '"orders@#0" AS "orders"'),
    "orders@v3": (V, LIT, "3", "orders", '"orders@#0" AS "orders"'),
    "sales.orders@v3 o": (V, LIT, "3", "sales.orders o", '"sales"."orders@#0" o'),
    "orders@20260101123456789": (T, LIT, "2026-01-01 12:34:56.789", "orders", '"orders@#0" AS "orders"'),
    'sales."orders@v3"': (
        V,
        LIT,
        "3",
        '"sales"."orders" AS "orders@v3"',
        '"sales"."orders@#0" AS "orders@v3"',
    ),
    '"orders@2026-01-01" x': (T, LIT, "2026-01-01", '"orders" x', '"orders@#0" x'),
    '"orders@2026-01-01 12:00:00"': (
        T,
        LIT,
        "2026-01-01 12:00:00",
        '"orders" AS "orders@2026-01-01 12:00:00"',
        '"orders@#0" AS "orders@2026-01-01 12:00:00"',
    ),
    '"orders@eom"': (TAG, LIT, "eom", '"orders" AS "orders@eom"', '"orders@#0" AS "orders@eom"'),
    "kadali.time_travel('sales.orders', version => 3) AS o": (
        V,
        LIT,
        "3",
        '"sales"."orders" AS o',
        '"sales"."orders@#0" AS o',
    ),
    "kadali.TIME_TRAVEL('sales.orders', as_of => '2026-01-01')": (
        T,
        LIT,
        "2026-01-01",
        '"sales"."orders" AS "time_travel"',
        '"sales"."orders@#0" AS "time_travel"',
    ),
    "kadali.time_travel('orders', as_of => $1) o": (T, PAR, "1", '"orders" o', '"orders@#0" o'),
    "kadali.time_travel(NULL::sales.orders, version := 3) o": (
        V,
        LIT,
        "3",
        '"sales"."orders" o',
        '"sales"."orders@#0" o',
    ),
    "kadali.time_travel(CAST(NULL AS sales.orders), version => 3) o": (
        V,
        LIT,
        "3",
        '"sales"."orders" o',
        '"sales"."orders@#0" o',
    ),
    "LATERAL kadali.time_travel('orders', version => 3) o": (V, LIT, "3", '"orders" o', '"orders@#0" o'),
    "ONLY orders VERSION AS OF 3": (V, LIT, "3", "ONLY orders", 'ONLY "orders@#0" AS "orders"'),
}


@pytest.mark.parametrize("item", SPELLINGS)
@pytest.mark.parametrize(
    "frame",
    [
        "SELECT * FROM {} WHERE 1 = 1",
        "SELECT * FROM t JOIN {} ON true JOIN t u USING (id)",
        'SELECT * FROM (SELECT * FROM {}) "Custom SQL Query" LIMIT 1',
        "WITH w AS (SELECT * FROM t, {}) SELECT extract(year FROM d), x IS DISTINCT FROM y FROM w ORDER BY 1",
        "INSERT INTO t SELECT * FROM {}",
        "SELECT * FROM ({} CROSS JOIN t)",
    ],
)
def test_spelling(item: str, frame: str) -> None:
    kind, value, text, shadow, engine = SPELLINGS[item]
    got = run(frame.format(item))
    assert [(s.kind, s.value, s.text) for s in got.specs] == [(kind, value, text)]
    assert got.specs[0].relation in (("orders",), ("sales", "orders"))
    assert squeezed(got.shadow_sql) == squeezed(frame.format(shadow))
    assert squeezed(got.engine_sql) == squeezed(frame.format(engine))


@pytest.mark.parametrize("item", SPELLINGS)
def test_engine_text_is_plain_sql(item: str) -> None:
    got = run(f"SELECT * FROM {item}")
    tables = list(sqlglot.parse_one(got.engine_sql.replace("ONLY ", ""), read="postgres").find_all(sqlglot.exp.Table))
    assert [spec_index(table.name) for table in tables] == [("orders", 0)]


@pytest.mark.parametrize("item", ['sales."orders@v3"', "kadali.time_travel('sales.orders', version => 3)"])
def test_wrap_safe_spellings_survive_regeneration(item: str) -> None:
    regenerated = sqlglot.parse_one(f"SELECT * FROM {item} AS o", read="postgres").sql("postgres")
    got = run(regenerated)
    assert [(s.relation, s.text) for s in got.specs] == [(("sales", "orders"), "3")]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT version AS of FROM t",
        "SELECT timestamp AS of, at FROM t",
        'SELECT * FROM sales."weird@v3"',
        'SELECT * FROM "missing@v3"',
        'SELECT "a@b" FROM t',
        "SELECT @ x FROM t FOR UPDATE OF t",
        "SELECT d AT TIME ZONE 'UTC' FROM t",
        "SELECT 'orders@v3', $$ orders VERSION AS OF 3 $$ FROM /* VERSION AS OF 3 */ t",
        "SELECT * FROM f() at (a, b)",
    ],
)
def test_unchanged(sql: str) -> None:
    got = run(sql)
    assert (got.shadow_sql, got.engine_sql, got.specs) == (sql, sql, ())


REFUSED = {
    "UPDATE t VERSION AS OF 3 SET a = 1": ("42601", 24),
    "DELETE FROM t VERSION AS OF 3": ("42601", 29),
    'INSERT INTO "t@v3" VALUES (1)': ("42601", 13),
    "MERGE INTO t VERSION AS OF 3 USING u ON true WHEN MATCHED THEN DO NOTHING": ("42601", 28),
    "WITH o AS (SELECT 1) SELECT * FROM o VERSION AS OF 3": ("42809", 52),
    "SELECT * FROM (SELECT 1) VERSION AS OF 3": ("42809", 26),
    "SELECT * FROM f(1) VERSION AS OF 3": ("42809", 20),
    "SELECT * FROM t FOR SYSTEM_TIME BETWEEN 1 AND 2": ("0A000", 17),
    "SELECT * FROM t FOR SYSTEM_TIME FROM 1 TO 2": ("0A000", 17),
    "SELECT * FROM t VERSION AS OF 3 VERSION AS OF 4": ("42601", 33),
    "SELECT * FROM orders@v3 VERSION AS OF 4": ("42601", 25),
    "SELECT * FROM t VERSION AS OF WHERE": ("42601", 31),
    "SELECT * FROM t VERSION AS OF -1": ("42601", 31),
    "SELECT * FROM t TIMESTAMP AS OF": ("42601", 32),
    "SELECT kadali.time_travel('t', version => 3)": ("0A000", 8),
    "SELECT * FROM kadali.time_travel('t')": ("22023", 15),
    "SELECT * FROM kadali.time_travel('t', 3)": ("42883", 39),
    "SELECT * FROM kadali.time_travel('t', nope => 3)": ("42883", 39),
    "SELECT * FROM kadali.time_travel($1, version => 3)": ("0A000", 34),
    "SELECT * FROM kadali.time_travel('a b', version => 3)": ("42602", 34),
    "SELECT * FROM kadali.time_travel('t', version => 3, tag => 'x')": ("42601", 53),
}


@pytest.mark.parametrize("sql", REFUSED)
def test_refused(sql: str) -> None:
    with pytest.raises(SqlError) as caught:
        run(sql)
    assert (caught.value.sqlstate, caught.value.position) == REFUSED[sql]


def test_several_and_parameters() -> None:
    sql = "SELECT * FROM orders VERSION AS OF $2 o JOIN sales.orders TIMESTAMP AS OF $1 c ON c.id = o.id WHERE o.x = $3"
    got = run(sql)
    assert [(s.relation, s.text) for s in got.specs] == [(("orders",), "2"), (("sales", "orders"), "1")]
    assert [(n, t.oid) for n, t in got.params] == [(1, 1184), (2, 20)]
    assert '"orders@#0"' in got.engine_sql and '"sales"."orders@#1"' in got.engine_sql


def test_table_command() -> None:
    got = run("TABLE sales.orders VERSION AS OF 3 UNION ALL TABLE t")
    assert squeezed(got.shadow_sql) == "SELECT * FROM sales.orders UNION ALL TABLE t"
    assert squeezed(got.engine_sql) == 'SELECT * FROM "sales"."orders@#0" AS "orders" UNION ALL TABLE t'


@pytest.mark.parametrize("prefix", ["", "SELECT 1; "])
def test_positions_point_into_the_text_sent(prefix: str) -> None:
    sql = prefix + 'SELECT a FROM orders VERSION AS OF 3 JOIN sales."orders@v3" USING (id) WHERE nope = 1'
    start = len(prefix)
    got = rewrite(sql, [token for token in tokenize(sql) if token.start >= start], lambda parts: parts in KNOWN)
    for word in ("a FROM", "orders", "USING", "nope"):
        assert got.position(got.shadow_sql.index(word) + 1) == sql.index(word) + 1
    assert got.position(got.shadow_sql.index('"sales"."orders" AS') + 1) == sql.index('sales."orders@v3"') + 1


def test_shape_of_a_historic_version() -> None:
    got = run('SELECT * FROM orders VERSION AS OF 3 JOIN "orders@v1" o USING (id)')
    shaped = got.shaped({0: (("id", PgType(20)), ("Amount", PgType(1700, (10 << 16 | 2) + 4)))})
    assert squeezed(shaped.shadow_sql) == (
        'SELECT * FROM (SELECT NULL::bigint AS "id", NULL::numeric(10,2) AS "Amount") AS "orders" '
        'JOIN "orders" o USING (id)'
    )
    assert shaped.engine_sql == got.engine_sql
    assert shaped.position(shaped.shadow_sql.index("USING") + 1) == 57
