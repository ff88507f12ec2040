"""Sessions and engines on the Spark server of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.spark.engine import SparkEngine
from engine.spark.session import ConnectSession
from engine.spark.staged import local_staging
from tests.spark.servers import SparkServer


@pytest.fixture
def session(spark_server: SparkServer) -> Iterator[ConnectSession]:
    session = spark_server.session()
    yield session
    session.close()


@pytest.fixture
def staging_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


@pytest.fixture
def engine(session: ConnectSession, staging_dir: Path) -> SparkEngine:
    return SparkEngine("test", session, local_staging(staging_dir))
