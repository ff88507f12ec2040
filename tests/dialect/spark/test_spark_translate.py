"""Parameters, literals, expressions over given relations, and refusals, as they are written for Spark."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import psycopg
import pytest

from catalog.errors import FeatureNotSupported
from catalog.types import BOOL, INT4, NUMERIC, TEXT, PgType, numeric
from engine import dialect
from engine.base import Dialect, Field, Query
from engine.dialect.spark.syntax import string
from engine.spark.literals import inline
from tests.dialect.oracle import Oracle
from tests.dialect.spark.verdicts import Case, verdicts

CHARACTERS = "a'\"\\`$%_\n\r\t\x1a\x01{}é漢😀-/*;"


def test_texts_of_any_characters_survive(spark_oracle: Oracle) -> None:
    chosen = random.Random(5)
    texts = ["".join(chosen.choices(CHARACTERS, k=chosen.randint(0, 12))) for _ in range(60)]
    with psycopg.ClientCursor(spark_oracle.connection) as cursor:
        cases = [
            Case("text", cursor.mogrify(f"SELECT {', '.join(['%s'] * 20)}", texts[i : i + 20])) for i in (0, 20, 40)
        ]
    for _, verdict in verdicts(spark_oracle, cases):
        assert verdict.kind == "equal", verdict.why


@pytest.mark.parametrize(
    ("sql", "texts", "values"),
    [
        ("SELECT id FROM people WHERE id = $1 AND name <> $2", ("2", "x"), (2, "x")),
        ("SELECT $1::text || '!', $2::numeric / 3, $3::date + 1", ("a'\\b", "1.50", "2024-02-28"),
         ("a'\\b", Decimal("1.50"), dt.date(2024, 2, 28))),
        ("SELECT id FROM people ORDER BY id LIMIT $1 OFFSET $2", ("3", "1"), (3, 1)),
        ("SELECT id FROM people ORDER BY id LIMIT $1", (None,), (None,)),
        ("SELECT id FROM people ORDER BY id LIMIT $1", ("-1",), (-1,)),
        ("SELECT id FROM people WHERE balance > $1 ORDER BY id", ("2.5",), (Decimal("2.5"),)),
        ("SELECT $1::float8, $2::timestamptz, $3::bytea, $4::bool", ("-0.1", "2024-05-06 07:08:09+02", "\\x00ff", "t"),
         (-0.1, dt.datetime(2024, 5, 6, 5, 8, 9, tzinfo=dt.UTC), b"\x00\xff", True)),
        ("SELECT id FROM people WHERE id = ANY ($1) ORDER BY id", ("{1,3}",), ([1, 3],)),
    ],
)  # fmt: skip
def test_parameters(spark_oracle: Oracle, sql: str, texts: tuple[str | None, ...], values: tuple[object, ...]) -> None:
    described = spark_oracle.describe(sql)
    ours = spark_oracle.ours(sql, described, values)
    spark_oracle.describe(sql)
    theirs = spark_oracle.postgres(texts)
    assert (ours.rows, ours.code) == (theirs.rows, theirs.code), ours.message


RELATIONS = {"t": ("t0", (("a", INT4), ("b", TEXT), ("n", numeric(6, 2)))), "s": ("s0", (("a", INT4), ("m", NUMERIC)))}


def _written(text: str, to: PgType | None, spark_oracle: Oracle) -> str:
    node = dialect.parse_expression(text)
    return dialect.translate_expression(node, RELATIONS, (), spark_oracle.session(), target=Dialect.SPARK, to=to)


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        ("t.a = s.a AND b LIKE 'x%'", None, True), ("t.n / 3 > 1", None, True), ("n IS NULL", None, False),
        ("t.a + s.a", INT4, 4), ("n * 2", numeric(6, 2), Decimal("9.00")), ("n / 7", numeric(6, 2), Decimal("0.64")),
        ("upper(b)", TEXT, "XY"), ("NULL", INT4, None), ("'7'", INT4, 7), ("t.a > 1", BOOL, True),
    ],
)  # fmt: skip
def test_expressions_over_given_relations(spark_oracle: Oracle, text: str, to: PgType | None, expected: object) -> None:
    t0 = "(SELECT 2 AS a, 'xy' AS b, CAST(4.5 AS DECIMAL(6,2)) AS n) AS t0"
    s0 = "(SELECT 2 AS a, CAST(1 AS DECIMAL(38,18)) AS m) AS s0"
    sql = f"SELECT {_written(text, to, spark_oracle)} AS c1 FROM {t0}, {s0}"
    answer = spark_oracle.engine.start(Query(sql, (Field("c1", to or BOOL),), (), (), "UTC")).result()
    assert answer.reader.read_all().column(0).to_pylist() == [expected]


def test_what_is_refused_names_spark(spark_oracle: Oracle) -> None:
    for text in ("interval '1 day' = t.b", "current_time IS NULL", "frobnicate(t.a) = 1"):
        with pytest.raises(FeatureNotSupported, match="on Spark"):
            _written(text, None, spark_oracle)


def test_calls_of_the_library_are_seen() -> None:
    assert dialect.needs_library("SELECT pg_numeric_div('1', '3') AS c1")
    assert not dialect.needs_library("SELECT 'pg_like(', `pg_x(` FROM t")
    assert not dialect.needs_library(f"SELECT {string(chr(39) + 'pg_like(')}")


def test_a_place_of_a_parameter_cannot_come_from_a_text() -> None:
    assert inline(f"SELECT {string('1')}", ()) == "SELECT '1'"
