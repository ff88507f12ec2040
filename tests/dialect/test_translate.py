# ruff: noqa: E501  (tables of cases)
"""The contract of translate(): parameters, what is refused, disagreement with PostgreSQL's description."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from catalog.errors import FeatureNotSupported, InternalError, UndefinedTable
from catalog.types import BOOL, DATE, INT4, INT8, TEXT, PgType, numeric
from engine.base import Field
from engine.dialect import SessionConstants, parse, simple_predicate, translate
from tests.dialect.oracle import Oracle, Rejected

NOW = datetime(2024, 2, 29, 23, 30, 15, 123456, tzinfo=UTC)
SESSION = SessionConstants("ann", "ann", "db", "public", ("public",), NOW, NOW, "Asia/Tokyo", "PostgreSQL 16.0")
RELATIONS = {"t0": (("a", INT4), ("b", TEXT), ("c", numeric(50, 2)))}


def text(sql: str, *fields: Field, params: tuple[PgType, ...] = ()) -> str:
    return translate(parse(sql), RELATIONS, fields, params, SESSION)


@pytest.mark.parametrize(
    ("sql", "params", "values"),
    [
        ("SELECT id FROM people WHERE id > $1 ORDER BY id", ("3",), (3,)),
        ("SELECT $1::text || name FROM people ORDER BY id", ("x",), ("x",)),
        ("SELECT balance * $1 FROM people ORDER BY id", ("1.50",), ("1.50",)),
        ("SELECT id FROM people WHERE born = $1", ("1990-02-28",), (datetime(1990, 2, 28).date(),)),
        ("SELECT id FROM people WHERE name = $1 OR $1 IS NULL ORDER BY id", (None,), (None,)),
        ("SELECT id FROM people ORDER BY id LIMIT $1 OFFSET $2", ("2", "3"), (2, 3)),
        ("SELECT $1::int[]", ("{1,2}",), ([1, 2],)),
        ("SELECT id FROM people WHERE id = ANY ($1) ORDER BY id", ("{1,2}",), ([1, 2],)),
        ("SELECT $1 + 1, $1", ("5",), (5,)),
        ("SELECT score * $1 FROM people ORDER BY id", ("2",), (2.0,)),
    ],
)
def test_parameters(oracle: Oracle, sql: str, params: tuple[str | None, ...], values: tuple[object, ...]) -> None:
    described = oracle.describe(sql)
    theirs = oracle.postgres(params)
    ours = oracle.ours(sql, described, values)
    assert ours.rows is not None, ours
    assert ours.rows == theirs.rows


def test_a_description_that_disagrees_is_an_error() -> None:
    with pytest.raises(InternalError, match="described as bigint"):
        text("SELECT a FROM t0", Field("a", INT8))
    with pytest.raises(InternalError, match="described 1"):
        text("SELECT a, b FROM t0", Field("a", INT4))
    with pytest.raises(UndefinedTable):
        text("SELECT a FROM other", Field("a", INT4))


def test_columns_that_duckdb_cannot_hold_are_refused_when_read() -> None:
    assert "r1" in text("SELECT a FROM t0", Field("a", INT4))
    with pytest.raises(FeatureNotSupported, match='column "c"'):
        text("SELECT c FROM t0", Field("c", numeric(50, 2)))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_backend_pid() FROM t0", "SELECT 't0'::regclass FROM t0", "SELECT has_table_privilege('t0', 'select') FROM t0",
        "SELECT read_parquet('x') FROM t0", "SELECT getenv('HOME') FROM t0", "SELECT myschema.f(a) FROM t0", "SELECT b COLLATE \"de_DE\" FROM t0",
        "SELECT b ~ b FROM t0", "SELECT b SIMILAR TO b FROM t0", "SELECT * FROM read_csv('x')", "SELECT query('x') FROM t0", "SELECT t0 FROM t0",
        "SELECT nextval('s') FROM t0", "SELECT current_setting('x') FROM t0",
    ],
)  # fmt: skip
def test_refused(sql: str) -> None:
    with pytest.raises(FeatureNotSupported):
        text(sql, Field("x", TEXT))


def test_constants_of_the_session() -> None:
    sql = text(
        "SELECT current_user, current_date, now()", Field("u", PgType(19)), Field("d", DATE), Field("n", PgType(1184))
    )
    assert "'ann'" in sql and "DATE '2024-03-01'" in sql and "2024-02-29 23:30:15.123456" in sql


def test_random_stands_once() -> None:
    """random() repeated inside a macro or a check would be two different numbers."""
    assert text("SELECT round(random() * 10)", Field("r", PgType(701))).count("random()") == 1
    assert text("SELECT (random() + 1) / 2", Field("r", PgType(701))).count("random()") <= 1


def test_identifiers_cannot_break_out() -> None:
    relations = {'t"x': (('a"; DROP', INT4),)}
    tree = parse('SELECT q."a""; DROP" AS "b""" FROM "t""x" q')
    sql = translate(tree, relations, (Field('b"', INT4),), (), SESSION)
    assert '"a""; DROP"' in sql and '"t""x"' in sql


def test_refusals_are_for_postgresql_to_accept_first(oracle: Oracle) -> None:
    with pytest.raises(Rejected):
        oracle.describe("SELECT nothing_of_that_name FROM people")


COLUMNS = {"a": INT4, "b": TEXT, "d": DATE, "n": numeric(8, 2), "f": PgType(701), "t": BOOL, "Odd x": INT4}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("a = 1", '("a" = 1)'), ("1 < a", '("a" > 1)'), ("a = -5 AND b <> 'it''s'", """(("a" = -5) AND ("b" <> 'it''s'))"""),
        ("NOT (a IS NULL) OR t", '((NOT ("a" IS NULL)) OR "t")'), ("b IN ('x', 'y')", "(\"b\" IN ('x', 'y'))"),
        ("d BETWEEN date '2020-01-01' AND '2020-12-31'", "(\"d\" BETWEEN CAST('2020-01-01' AS DATE) AND CAST('2020-12-31' AS DATE))"),
        ("n > 1.5", "(\"n\" > CAST('1.5' AS DECIMAL(8,2)))"), ("x.a = 1", '("a" = 1)'), ('"Odd x" >= 3', '("Odd x" >= 3)'),
        ("y.a = 1", None), ("a = b", None), ("a + 1 = 2", None), ("lower(b) = 'x'", None), ("a IN (SELECT 1)", None), ("f = 1.5", None),
        ("n = 1.005", None), ("a = 1.5", None), ("a = 'x'", None), ("c = 1", None), ("a =", None), ("b LIKE 'x%'", None), ("a = 3000000000", None),
        ("b = NULL", None), ("true", "true"),
    ],
)  # fmt: skip
def test_simple_predicates(condition: str, found: str | None) -> None:
    assert simple_predicate(condition, COLUMNS, "x") == found
