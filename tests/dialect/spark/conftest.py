"""The oracle of the dialect tests with a Spark driver as engine, over the same tables."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres
from engine.base import Dialect
from engine.spark.engine import SparkEngine
from tests.dialect.oracle import Oracle
from tests.dialect.world import TABLES
from tests.spark.servers import SparkServer


@pytest.fixture(scope="session")
def spark_oracle(metadata_postgres: EmbeddedPostgres, spark_server: SparkServer) -> Iterator[Oracle]:
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE dialect_spark")
    session = spark_server.session("tenant/dialect")
    tables = {t.name: (t.arrow(), t.columns) for t in TABLES}
    with psycopg.connect(metadata_postgres.conninfo("dialect_spark"), autocommit=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            table.create(connection)
        yield Oracle(connection, SparkEngine("test", session), tables, target=Dialect.SPARK)
    session.close()
