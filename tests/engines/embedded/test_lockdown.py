"""What must not be possible, even for SQL that our own generator should never have made."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from catalog.errors import InsufficientPrivilege, InternalError, SqlError
from catalog.types import INT8, TEXT
from engine.embedded.engine import EmbeddedEngine
from tests.delta.delta_files import add, field, metadata, write_log, write_parquet
from tests.engines.engine_queries import ask, delta_read, rows


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file outside of the tenant's folders."""
    path = tmp_path / "other_tenant" / "secret.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"secret": ["s3cr3t"]}), path)
    return path


REFUSED = [
    "COPY (SELECT 1) TO '{inside}/x.csv'",
    "ATTACH '{inside}/x.db'",
    "EXPORT DATABASE '{inside}/x'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "SET GLOBAL enable_external_access = true",
    "RESET memory_limit",
    "PRAGMA enable_profiling",
    "CREATE TABLE x (i INTEGER)",
    "CREATE TEMP VIEW x AS SELECT 1",
    "DROP VIEW v",
    "CALL duckdb_settings()",
    "EXPLAIN SELECT 1",
    "CHECKPOINT",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{inside}/x.csv'",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM read_parquet('{inside}/*/*.parquet')",
    "SELECT * FROM parquet_scan('{secret}')",
    "SELECT * FROM parquet_metadata('{inside}/t/x.parquet')",
    "SELECT * FROM '{secret}'",
    'SELECT * FROM "{secret}"',
    "FROM '{inside}/t/x.parquet'",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('v')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pragma_version()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM other_query_view",
    "SHOW TABLES",
    "DESCRIBE v",
    "SUMMARIZE v",
    "SELECT * FROM (SHOW TABLES)",
    "SELECT (SELECT count(*) FROM read_text('/etc/passwd'))",
    "SELECT 1 WHERE EXISTS (SELECT * FROM glob('/*'))",
    "WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a",
    "SELECT current_setting('temp_directory')",
    "SELECT 1 UNION ALL SELECT 2 FROM glob('/*')",
    "SELECT [x FOR x IN (SELECT file FROM glob('/*'))]",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_escape(engine: EmbeddedEngine, secret: Path, tmp_path: Path, sql: str) -> None:
    inside = tmp_path / "tables"
    write_deltalake(str(inside / "t"), pa.table({"id": [1]}))
    before = sorted(inside.rglob("*"))
    with pytest.raises(SqlError) as caught:
        ask(
            engine,
            sql.format(inside=inside, secret=secret),
            [INT8],
            [delta_read("v", str(inside / "t"), 0, [("id", INT8)])],
        )
    assert caught.value.code in ("42501", "XX000", "0A000")
    assert "root:" not in str(caught.value)
    assert sorted(inside.rglob("*")) == before


def test_instance_itself_is_locked(engine: EmbeddedEngine, secret: Path) -> None:
    """The second wall: DuckDB refuses too, were the first check to fail."""
    cursor, _ = engine._instance.cursor()
    for sql in (
        f"SELECT * FROM read_parquet('{secret}')",
        f"COPY (SELECT 1) TO '{secret.parent}/x.csv'",
        f"ATTACH '{secret.parent}/x.db'",
        "INSTALL httpfs",
        "SET GLOBAL enable_external_access = true",
        "SET GLOBAL allowed_directories = ['/']",
        "SET GLOBAL temp_directory = '/tmp/x'",
    ):
        with pytest.raises(duckdb.Error):
            cursor.execute(sql).fetchall()


def test_python_objects_are_not_relations(engine: EmbeddedEngine) -> None:
    visible_here = pa.table({"id": [1]})
    with pytest.raises(SqlError):
        ask(engine, "SELECT * FROM visible_here", [INT8])
    assert visible_here.num_rows == 1


@pytest.mark.parametrize("form", ["file://{secret}", "../../other_tenant/secret.parquet", "{secret}"])
def test_log_that_names_foreign_files(engine: EmbeddedEngine, secret: Path, tmp_path: Path, form: str) -> None:
    root = tmp_path / "tables" / "t"
    write_parquet(root / "a.parquet", {"secret": ["own"]})
    action = add(root, "a.parquet", 1)
    action["add"]["path"] = form.format(secret=secret)  # type: ignore[index]
    write_log(
        root,
        0,
        [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, metadata([field("secret", "string")]), action],
    )
    with pytest.raises((InsufficientPrivilege, InternalError)) as caught:
        ask(engine, "SELECT * FROM v", [TEXT], [delta_read("v", str(root), 0, [("secret", TEXT)])])
    assert "s3cr3t" not in json.dumps([caught.value.message, caught.value.detail])


def test_table_outside_the_roots(engine: EmbeddedEngine, tmp_path: Path) -> None:
    foreign = tmp_path / "other_tenant_table"
    write_deltalake(str(foreign), pa.table({"id": [1]}))
    with pytest.raises(InsufficientPrivilege):
        ask(engine, "SELECT * FROM v", [INT8], [delta_read("v", str(foreign), 0, [("id", INT8)])])


def test_names_are_quoted(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Quotes in the names of columns, partitions and folders stay data."""
    root = tmp_path / "tables" / "o'x"
    name = "a\"b'c"
    write_deltalake(str(root), pa.table({name: ["x"], "p": ["it's"]}), partition_by=["p"])
    read = delta_read("v", str(root), 0, [(name, TEXT), ("p", TEXT)])
    assert rows(ask(engine, "SELECT * FROM v", [TEXT, TEXT], [read])) == [("x", "it's")]
