"""Loading the sample data into a running server by SQL that any client could send, once."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from psycopg import sql

from gateway.demo.ddl import TABLES, comments, create_table
from gateway.demo.tpch import generate

SCHEMA = "sales"
_CSV = pa_csv.WriteOptions(include_header=False, quoting_style="needed")


def load_once(conninfo: str, *, scale: float, state: Path, tell: Callable[[str], None]) -> None:
    """Load the tables unless `state` (a small file) says that was done. A load that broke off is begun anew.

    A schema `sales` that is not ours (no state file) is left alone. Raises psycopg.Error.
    """
    if state.exists() and json.loads(state.read_text())["state"] == "loaded":
        return
    with psycopg.connect(conninfo, autocommit=True) as connection:
        if not state.exists() and _has_schema(connection):
            tell(f"the schema {SCHEMA} exists already and was not made by this command: left as it is")
            return
        _write_state(state, "loading", scale)
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        load(connection, scale=scale, tell=tell)
    _write_state(state, "loaded", scale)


def load(connection: psycopg.Connection, *, scale: float, schema: str = SCHEMA, tell: Callable[[str], None]) -> None:
    """Create `schema` and the tables in it, with data, keys and comments. `connection` is in autocommit."""
    connection.execute(f"CREATE SCHEMA {schema}")
    readers = generate(scale)
    for table in TABLES:
        connection.execute(create_table(table, schema))
        rows = copy_in(connection, f"{schema}.{table.name}", readers[table.name])
        for comment in comments(table, schema):
            connection.execute(comment)
        tell(f"{schema}.{table.name}: {rows} rows")
    connection.execute(f"COMMENT ON SCHEMA {schema} IS 'Sample data: orders of parts by customers'")


def copy_in(connection: psycopg.Connection, table: str, reader: pa.RecordBatchReader) -> int:
    """COPY the batches into `table`, as CSV. Returns the number of rows."""
    rows = 0
    schema, name = table.split(".")
    command = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(sql.Identifier(schema, name))
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for batch in reader:
            buffer = io.BytesIO()
            pa_csv.write_csv(batch, buffer, _CSV)
            copy.write(buffer.getvalue())
            rows += batch.num_rows
    return rows


def _has_schema(connection: psycopg.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (SCHEMA,))
    return found.fetchone() is not None


def _write_state(path: Path, state: str, scale: float) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w") as file:
        json.dump({"state": state, "scale": scale}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
