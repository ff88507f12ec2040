"""The sample data: sizes, determinism, keys that hold, and TPC-H's rules for derived columns."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from gateway.demo.ddl import TABLES, create_table
from gateway.demo.tpch import SCHEMAS, generate, sizes


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return {name: reader.read_all() for name, reader in generate(0.01).items()}


@pytest.fixture(scope="module")
def database(tables: dict[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register(name, table)
    yield connection
    connection.close()


def one(database: duckdb.DuckDBPyConnection, sql: str) -> object:
    row = database.execute(sql).fetchone()
    assert row is not None
    return row[0]


def test_sizes(tables: dict[str, pa.Table]) -> None:
    rows = {name: table.num_rows for name, table in tables.items()}
    lines = rows.pop("lineitem")
    assert rows == {
        "region": 5,
        "nation": 25,
        "supplier": 100,
        "customer": 1500,
        "part": 2000,
        "partsupp": 8000,
        "orders": 15000,
    }
    assert 60_000 <= lines < 61_000


def test_the_same_each_time(tables: dict[str, pa.Table]) -> None:
    assert {name: reader.read_all() for name, reader in generate(0.01).items()} == tables


def test_a_larger_scale_streams_in_bounded_batches() -> None:
    reader = generate(0.1)["lineitem"]
    batches = [batch.num_rows for batch in reader]
    assert 595_000 < sum(batches) < 605_000 and max(batches) < 120_000 and len(batches) > 5


def test_primary_keys_are_unique(database: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        key = ", ".join(table.primary_key)
        assert one(database, f"SELECT count(*) - count(DISTINCT ({key})) FROM {table.name}") == 0, table.name


def test_foreign_keys_hold(database: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        for here, other, there in table.foreign_keys:
            on = " AND ".join(f"{a} = {b}" for a, b in zip(here, there, strict=True))
            assert one(database, f"SELECT count(*) FROM {table.name} ANTI JOIN {other} ON {on}") == 0, (
                table.name,
                other,
            )


def test_declared_columns_match_the_data() -> None:
    kinds = {pa.int32(): "integer", pa.int64(): "bigint", pa.date32(): "date", pa.decimal128(15, 2): "decimal(15,2)"}
    for table in TABLES:
        declared = [(name, kind) for name, kind, _ in table.columns]
        for (name, kind), field in zip(declared, SCHEMAS[table.name], strict=True):
            assert name == field.name
            assert kind == kinds.get(field.type, kind) and (field.type in kinds or kind.startswith("varchar("))
    assert [table.name for table in TABLES] == list(SCHEMAS)


def test_texts_fit_their_columns(database: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        for name, kind, _ in table.columns:
            if kind.startswith("varchar("):
                longest = one(database, f"SELECT max(length({name})) FROM {table.name}")
                assert isinstance(longest, int) and 0 < longest <= int(kind[8:-1]), name


@pytest.mark.parametrize(
    "broken",
    [
        "SELECT 1 FROM lineitem WHERE l_receiptdate <= l_shipdate",
        "SELECT 1 FROM lineitem JOIN orders ON l_orderkey = o_orderkey WHERE l_shipdate <= o_orderdate",
        "SELECT 1 FROM lineitem JOIN orders ON l_orderkey = o_orderkey "
        "WHERE l_commitdate - o_orderdate NOT BETWEEN 30 AND 90",
        "SELECT 1 FROM lineitem WHERE (l_linestatus = 'O') <> (l_shipdate > DATE '1995-06-17')",
        "SELECT 1 FROM lineitem WHERE (l_returnflag = 'N') <> (l_receiptdate > DATE '1995-06-17')",
        "SELECT 1 FROM lineitem JOIN part ON l_partkey = p_partkey WHERE l_extendedprice <> l_quantity * p_retailprice",
        "SELECT 1 FROM lineitem WHERE l_discount NOT BETWEEN 0 AND 0.1 OR l_tax NOT BETWEEN 0 AND 0.08",
        "SELECT 1 FROM orders WHERE o_custkey % 3 = 0",
        "SELECT 1 FROM orders WHERE o_orderdate NOT BETWEEN DATE '1992-01-01' AND DATE '1998-08-02'",
        "SELECT 1 FROM customer WHERE left(c_phone, 2)::int <> c_nationkey + 10",
        "SELECT 1 FROM part WHERE substr(p_brand, 7, 1) <> right(p_mfgr, 1)",
        "SELECT 1 FROM orders JOIN (SELECT l_orderkey, count(*) AS n, sum((l_linestatus = 'F')::int) AS f "
        "FROM lineitem GROUP BY 1) ON l_orderkey = o_orderkey "
        "WHERE o_orderstatus <> CASE f WHEN n THEN 'F' WHEN 0 THEN 'O' ELSE 'P' END",
        "SELECT 1 FROM orders JOIN (SELECT l_orderkey, sum(l_extendedprice::double * (1 - l_discount::double) * "
        "(1 + l_tax::double)) AS s FROM lineitem GROUP BY 1) ON l_orderkey = o_orderkey "
        "WHERE abs(o_totalprice::double - s) > 0.006",
    ],
)
def test_rules_of_the_specification(database: duckdb.DuckDBPyConnection, broken: str) -> None:
    assert database.execute(broken + " LIMIT 1").fetchall() == []


def test_the_benchmarks_queries_find_something(database: duckdb.DuckDBPyConnection) -> None:
    for condition in (
        "orders WHERE o_comment LIKE '%special%requests%'",
        "part WHERE p_name LIKE '%green%'",
        "part WHERE p_name LIKE 'forest%'",
        "part WHERE p_type LIKE 'PROMO%'",
        "part WHERE p_brand = 'Brand#23' AND p_container LIKE 'MED%'",
        "customer WHERE c_mktsegment = 'BUILDING'",
        "lineitem WHERE l_shipmode IN ('MAIL', 'SHIP') AND l_receiptdate > l_commitdate",
    ):
        assert one(database, f"SELECT count(*) FROM {condition}"), condition


def test_scales_that_cannot_be() -> None:
    for scale in (0, -1, 101, float("nan")):
        with pytest.raises(ValueError, match="outside the valid range"):
            sizes(scale)
    assert generate(0.0001)["lineitem"].read_all().num_rows > 0


def test_create_table() -> None:
    nation = next(table for table in TABLES if table.name == "nation")
    assert create_table(nation, "sales") == (
        "CREATE TABLE sales.nation (\n    n_nationkey integer NOT NULL,\n    n_name varchar(25) NOT NULL,\n"
        "    n_regionkey integer NOT NULL,\n    n_comment varchar(199) NOT NULL,\n    PRIMARY KEY (n_nationkey),\n"
        "    FOREIGN KEY (n_regionkey) REFERENCES sales.region (r_regionkey)\n)"
    )
