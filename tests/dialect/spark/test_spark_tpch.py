"""TPC-H's 22 queries on Spark over Delta tables: all equal to PostgreSQL's answers, none refused."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from deltalake import write_deltalake

from catalog.names import TableLocation
from catalog.postgres import EmbeddedPostgres
from engine.base import DeltaSource, Dialect
from engine.spark.engine import SparkEngine
from tests.dialect.oracle import Oracle
from tests.dialect.spark.verdicts import Case, verdicts
from tests.dialect.tpch_world import QUERIES, load
from tests.spark.servers import SparkServer


@pytest.fixture(scope="module")
def tpch(
    metadata_postgres: EmbeddedPostgres, spark_server: SparkServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Oracle]:
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE dialect_spark_tpch")
    folder = tmp_path_factory.mktemp("tpch")
    session = spark_server.session("tenant/tpch")
    tables = {}
    with psycopg.connect(metadata_postgres.conninfo("dialect_spark_tpch"), autocommit=True) as connection:
        for name, (data, columns) in load(connection).items():
            write_deltalake(str(folder / name), data)
            tables[name] = (DeltaSource(TableLocation(str(folder / name), 0)), columns)
        yield Oracle(connection, SparkEngine("test", session), tables, target=Dialect.SPARK)
    session.close()


def test_queries(tpch: Oracle) -> None:
    cases = [Case(f"Q{number}", sql) for number, (_, sql, _) in enumerate(QUERIES, 1)]
    found = list(verdicts(tpch, cases))
    assert len(found) == 22
    wrong = [f"{case.name}: {verdict.kind}: {verdict.why}" for case, verdict in found if verdict.kind != "equal"]
    assert not wrong, "\n".join(wrong)
