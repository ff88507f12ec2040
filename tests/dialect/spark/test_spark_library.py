"""The library inside Spark by itself: known to sessions, strict about types, its errors, equal bytes of its jar."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import SqlError
from engine.spark.engine import SparkEngine
from tests.spark.distribution import spark_distribution
from tests.spark.servers import SparkServer

BUILD = Path(__file__).parents[3] / "docker" / "spark" / "build_jar.py"


@pytest.fixture(scope="module")
def engine(spark_server: SparkServer) -> Any:
    session = spark_server.session("tenant/library")
    yield SparkEngine("test", session)
    session.close()


def _row(engine: SparkEngine, sql: str) -> list[Any]:
    rows = engine.run(sql).rows
    assert rows is not None
    assert rows.num_rows == 1
    return [column[0].as_py() for column in rows.columns]


def test_the_library_tells_its_version(engine: SparkEngine) -> None:
    assert _row(engine, "SELECT kadali_library_version()") == ["1"]


def test_constants_and_rows_give_the_same(engine: SparkEngine) -> None:
    """Constants are computed by the optimizer, rows by compiled code."""
    division = "pg_numeric_div('10', {}), pg_left('abc', {} - 4), pg_numeric_scale('1.50')"
    constant = _row(engine, "SELECT " + division.format("'3'", "3"))
    row = _row(engine, "SELECT " + division.format("CAST(id AS STRING)", "CAST(id AS INT)") + " FROM range(3, 4)")
    assert constant == row == ["3.3333333333333333", "ab", 2]


def test_null_in_null_out(engine: SparkEngine) -> None:
    sql = "SELECT pg_numeric_div('1', NULL), pg_lpad('a', CAST(NULL AS INT), ' '), pg_year(NULL), pg_sum(NULL || 'a')"
    assert _row(engine, sql) == [None] * 4
    assert _row(engine, "SELECT pg_array_to_string(array('a', NULL), '-', NULL), pg_string_agg(array(), ',')") == [
        "a",
        None,
    ]


@pytest.mark.parametrize(
    "call",
    ["pg_numeric_div(1, '3')", "pg_numeric_div('1')", "pg_left('a', 1L)", "pg_sum(1)", "pg_year(DATE'2020-01-01')"],
)
def test_wrong_types_are_refused_before_anything_runs(engine: SparkEngine, call: str) -> None:
    with pytest.raises(SqlError) as caught:
        engine.run(f"SELECT {call} FROM range(0)")
    assert caught.value.code == "42883"
    assert "does not exist" in caught.value.message


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("pg_numeric_div('1', CAST(id AS STRING))", "22012"),
        ("pg_float8_mul(1e308, CAST(id + 10 AS DOUBLE))", "22003"),
        ("pg_date_in(concat('2021-02-3', id))", "22008"),
        ("pg_numeric_in(concat('x', id))", "22P02"),
        ("pg_series_int(1, 1000000000, id + 1)", "0A000"),
        ("pg_sum(pg_numeric_ln(CAST(id AS STRING)))", "2201E"),
    ],
)
def test_errors_carry_their_code(engine: SparkEngine, call: str, code: str) -> None:
    with pytest.raises(SqlError) as caught:
        engine.run(f"SELECT {call} FROM range(1)")
    assert caught.value.code == code
    assert "SQLSTATE" not in caught.value.message


def test_aggregates_take_filter_distinct_and_windows(engine: SparkEngine) -> None:
    sql = (
        "SELECT pg_sum(x), pg_sum(DISTINCT x), pg_sum(x) FILTER (WHERE id > 7), max(w)"
        " FROM (SELECT id, CAST(id % 3 AS STRING) AS x, pg_avg(CAST(id AS STRING)) OVER () AS w FROM range(10))"
    )
    assert _row(engine, sql) == ["9", "3", "2", "4.5000000000000000"]


def test_equal_sources_give_equal_bytes(tmp_path: Path) -> None:
    distribution = spark_distribution()
    spec = importlib.util.spec_from_file_location("kadali_build_jar", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    home = next(distribution.glob("env/lib/python3*/site-packages/pyspark"))
    module.build([home / "jars", distribution / "jars"], tmp_path / "again.jar")
    assert (tmp_path / "again.jar").read_bytes() == (distribution / "jars" / "kadali-spark.jar").read_bytes()
