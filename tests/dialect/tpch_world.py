"""TPC-H's tables, made once in PostgreSQL and as Arrow, and its 22 queries."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv

from catalog.errors import SqlSyntaxError
from catalog.types import PgType
from engine.dialect.query_grammar import query
from engine.dialect.reader import Reader
from engine.dialect.typenames import pg_type, type_name
from gateway.demo.ddl import TABLES
from gateway.demo.tpch import generate
from tests.dialect.oracle import statements

QUERIES = list(statements(Path(__file__).parent / "corpus" / "tpch.sql"))
SCALE = 0.01


def _type(text: str) -> PgType:
    found = pg_type(type_name(Reader(text, query)))
    if found is None:
        raise SqlSyntaxError(text)
    return found


def load(connection: psycopg.Connection[Any]) -> dict[str, tuple[pa.Table, tuple[tuple[str, PgType], ...]]]:
    """Create and fill the tables; gives the same rows as Arrow, with their PostgreSQL columns."""
    connection.execute("SET TimeZone = 'UTC'")
    tables = {}
    data = {name: reader.read_all() for name, reader in generate(SCALE).items()}
    for table in TABLES:
        listed = ", ".join(f"{name} {kind}" for name, kind, _ in table.columns)
        connection.execute(f"CREATE TABLE {table.name} ({listed})")
        text = io.BytesIO()
        pyarrow.csv.write_csv(data[table.name], text, pyarrow.csv.WriteOptions(include_header=False))
        with connection.cursor().copy(f"COPY {table.name} FROM STDIN (FORMAT csv)") as copy:
            copy.write(text.getvalue())
        tables[table.name] = (data[table.name], tuple((name, _type(kind)) for name, kind, _ in table.columns))
    connection.execute("CREATE INDEX ON lineitem (l_partkey, l_suppkey)")
    connection.execute("ANALYZE")
    return tables
