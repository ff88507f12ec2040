"""pandas by SQLAlchemy: read_sql, read_sql_table, to_sql, chunks; the frames equal those from PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from tests.clients.sides import Pair
from tests.clients.test_sqlalchemy import ask


def same(pair: Pair, question: Callable[[sa.Engine], pd.DataFrame]) -> pd.DataFrame:
    ours, theirs = ask(pair, question)
    pd.testing.assert_frame_equal(ours, theirs)
    return ours


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM shop.orders ORDER BY id",
        "SELECT name, total FROM shop.revenue ORDER BY name",
        "SELECT mod(n, 10) AS k, count(*) AS c, avg(n) AS a FROM shop.numbers GROUP BY 1 ORDER BY 1",
        "SELECT * FROM shop.orders WHERE false",
    ],
)
def test_read_sql(pair: Pair, sql: str) -> None:
    same(pair, lambda engine: pd.read_sql(sql, engine))


def test_read_sql_with_parameters_dates_and_index(pair: Pair) -> None:
    sql = sa.text("SELECT id, day, at, amount FROM shop.orders WHERE id <= :top ORDER BY id")
    options: dict[str, Any] = {"params": {"top": 2}, "index_col": "id", "parse_dates": ["day"], "coerce_float": True}
    frame = same(pair, lambda engine: pd.read_sql(sql, engine, **options))
    assert list(frame.index) == [1, 2]


def test_read_sql_table(pair: Pair) -> None:
    same(pair, lambda engine: pd.read_sql_table("lines", engine, schema="shop").sort_values(["order_id", "line"]))
    same(
        pair,
        lambda engine: pd.read_sql_table("orders", engine, schema="shop", columns=["id", "amount"]).sort_values("id"),
    )


def test_read_sql_in_chunks(pair: Pair) -> None:
    def question(engine: sa.Engine) -> pd.DataFrame:
        with engine.connect().execution_options(stream_results=True) as connection:
            chunks = list(pd.read_sql("SELECT n FROM shop.numbers ORDER BY n", connection, chunksize=900))
        assert [len(chunk) for chunk in chunks] == [900] * 5 + [500]
        return pd.concat(chunks, ignore_index=True)

    same(pair, question)


FRAME = pd.DataFrame(
    {
        "whole": [1, 2, 3, -(2**40)],
        "real": [0.1, np.nan, -2.5, 1e300],
        "text": ["a", None, "ünï", "q'\"\\"],
        "flag": [True, False, True, True],
        "moment": pd.to_datetime(
            ["2024-01-01 01:02:03.000004", None, "1999-12-31", "2038-01-19 03:14:08"], format="ISO8601"
        ),
        "zoned": pd.to_datetime(["2024-03-31 01:30:00", "2024-01-01", None, "2000-01-01"], utc=True, format="ISO8601"),
        "Mixed Case": pd.array([1, None, 3, 4], dtype="Int64"),
    }
)


@pytest.mark.parametrize("method", [None, "multi"])
@pytest.mark.parametrize("index", [False, True])
def test_to_sql_and_back(pair: Pair, schema: str, index: bool, method: Any) -> None:
    def question(engine: sa.Engine) -> pd.DataFrame:
        options: dict[str, Any] = {"schema": schema, "index": index, "method": method}
        FRAME.to_sql("frame", engine, **options)
        with pytest.raises(ValueError, match="already exists"):
            FRAME.to_sql("frame", engine, **options)
        FRAME.to_sql("frame", engine, if_exists="append", **options)
        FRAME.head(2).to_sql("frame", engine, if_exists="replace", **options)
        FRAME.tail(2).to_sql("frame", engine, if_exists="append", chunksize=1, **options)
        return pd.read_sql(f"SELECT * FROM {schema}.frame ORDER BY whole", engine)

    assert len(same(pair, question)) == 4


def test_to_sql_with_types_in_a_transaction(pair: Pair, schema: str) -> None:
    kinds = {"whole": sa.BigInteger(), "real": sa.Numeric(20, 3), "text": sa.String(20)}

    def question(engine: sa.Engine) -> pd.DataFrame:
        frame = FRAME[["whole", "real", "text"]].head(3)
        with engine.connect() as connection:
            frame.to_sql("typed", connection, schema=schema, index=False, dtype=kinds)
            connection.commit()
            connection.begin()
            frame.to_sql("typed", connection, schema=schema, index=False, if_exists="append")
            connection.rollback()
            columns = sa.inspect(connection).get_columns("typed", schema)
            assert [str(column["type"]) for column in columns] == ["BIGINT", "NUMERIC(20, 3)", "VARCHAR(20)"]
        return pd.read_sql(f"SELECT * FROM {schema}.typed ORDER BY whole", engine)

    assert len(same(pair, question)) == 3
