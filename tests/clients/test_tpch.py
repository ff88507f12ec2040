"""The 22 queries of TPC-H on the sample data, through the gateway and on PostgreSQL, row by row in text form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.load import load
from tests.clients.sides import Pair, Side

SCALE = 0.01
CORPUS = Path(__file__).parents[1] / "dialect" / "corpus" / "tpch.sql"
QUERIES = [text.strip() for text in CORPUS.read_text().split("\n", 1)[1].split(";\n") if text.strip()]


@pytest.fixture(scope="module")
def tpch(pair: Pair) -> Iterator[Pair]:
    """Both sides with the sample tables in schema `tpch`."""
    for side in pair:
        with side.connect() as connection:
            load(connection, scale=SCALE, schema="tpch", tell=lambda _: None)
            connection.execute("ANALYZE")
    yield pair
    pair.run("DROP SCHEMA tpch CASCADE")


def text_rows(side: Side, sql: str) -> tuple[list[tuple[Any, ...]], list[list[bytes | None]]]:
    """Columns with their types, and the rows as sent in text format."""
    with side.connect() as connection:
        connection.execute("SET search_path TO tpch")
        result = connection.pgconn.exec_(sql.encode())
        assert result.error_message == b"", (side.name, result.error_message)
        columns = [(result.fname(c), result.ftype(c), result.fmod(c)) for c in range(result.nfields)]
        return columns, [[result.get_value(r, c) for c in range(result.nfields)] for r in range(result.ntuples)]


def test_there_are_22() -> None:
    assert len(QUERIES) == 22


@pytest.mark.parametrize("number", range(1, len(QUERIES) + 1))
def test_query(tpch: Pair, number: int) -> None:
    ours, theirs = tpch.ask(lambda side: text_rows(side, QUERIES[number - 1]))
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    if number not in (18, 20):
        assert ours[1], "a query that finds nothing proves nothing"
