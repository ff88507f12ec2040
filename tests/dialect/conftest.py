"""One oracle for all dialect tests: a PostgreSQL and an embedded engine over the same tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings

sys.path.insert(0, str(Path(__file__).parent))

from tests.dialect.oracle import Oracle
from tests.dialect.world import TABLES


@pytest.fixture(scope="session")
def oracle(metadata_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE dialect")
    folder = tmp_path_factory.mktemp("dialect")
    engine = EmbeddedEngine(EmbeddedSettings(roots=(folder,), staging_dir=folder))
    with psycopg.connect(metadata_postgres.conninfo("dialect"), autocommit=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            table.create(connection)
        # One transaction, so that now() is the same on both sides; errors are undone by savepoints.
        yield Oracle(connection, engine, {t.name: (t.arrow(), t.columns) for t in TABLES})
    engine.close()
