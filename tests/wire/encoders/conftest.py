"""The judge: one connection to a real PostgreSQL for all encoder tests."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres
from tests.wire.encoders.oracle import Oracle


@pytest.fixture(scope="session")
def judge(metadata_postgres: EmbeddedPostgres) -> Iterator[Oracle]:
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        yield Oracle(connection)


@pytest.fixture
def oracle(judge: Oracle) -> Iterator[Oracle]:
    """With PostgreSQL's default settings again after each test."""
    yield judge
    judge.connection.execute("RESET ALL")
