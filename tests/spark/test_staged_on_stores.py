"""Large results of clusters whose lake is on an object store: staged in it, and nothing stays there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest

from catalog.errors import DivisionByZero, IoError, SqlError
from catalog.types import FLOAT8, INT8, UUID
from engine.spark.configuration import s3a_settings
from engine.spark.engine import SparkEngine
from engine.spark.running import Options, ResultMode
from engine.spark.staged import Staging, s3_staging, sweep
from engine.storage.options import S3Options
from engine.storage.storage import Storage
from gateway.cluster_access import results_place
from tests.engines.engine_queries import query
from tests.s3.conftest import object_store  # noqa: F401 - a fixture
from tests.s3.object_store import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectStore
from tests.spark.servers import SparkServer

STAGED = Options(mode=ResultMode.STAGED)
PLACE = f"s3://{BUCKET}/lake/acme/_results"


@pytest.fixture
def staging(object_store: ObjectStore) -> Staging:  # noqa: F811
    return s3_staging(PLACE, S3Options(object_store.endpoint, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY))


@pytest.fixture
def engine(object_store: ObjectStore, spark_server: SparkServer, staging: Staging) -> Iterator[SparkEngine]:  # noqa: F811
    session = spark_server.session("tenant/staging")
    engine = SparkEngine("test", session, staging)
    options = S3Options(object_store.endpoint, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
    for key, value in s3a_settings(options, BUCKET).items():
        engine.run(f"SET {key.removeprefix('spark.hadoop.')} = {value}")
    yield engine
    engine.close()


def left(store: ObjectStore) -> list[str]:
    """Files, and folders that somebody has made as such, beneath the place."""
    root = store.bucket_dir / PLACE.removeprefix(f"s3://{BUCKET}/")
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*")) if root.exists() else []


def test_a_result_comes_from_the_store_and_goes(engine: SparkEngine, object_store: ObjectStore) -> None:  # noqa: F811
    sql = "SELECT id, uuid() u FROM range(0, 50000, 1, 4) ORDER BY id DESC"
    answer = engine.start(query(sql, (INT8, UUID)), options=STAGED).result()
    assert any(".parquet" in name for name in left(object_store))
    ids = np.concatenate([batch.column(0).to_numpy() for batch in answer.reader])
    assert np.array_equal(ids, np.arange(49_999, -1, -1))
    assert left(object_store) == []
    with pytest.raises(DivisionByZero):
        engine.start(query("SELECT 1 / (id - 99) FROM range(0, 100, 1, 4)", (FLOAT8,)), options=STAGED).result()
    assert left(object_store) == []


def test_what_a_dead_gateway_left_goes_by_its_age(
    engine: SparkEngine,
    staging: Staging,
    object_store: ObjectStore,  # noqa: F811
) -> None:
    answer = engine.start(query("SELECT id FROM range(0, 10, 1, 2)", (INT8,)), options=STAGED).result()
    files = [object_store.bucket_dir / "lake/acme/_results" / name for name in left(object_store)]
    assert sweep(staging) == 0
    assert answer.reader.read_all().num_rows == 10
    for file in files:  # as it was, but long ago
        if file.suffix == ".parquet":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"PAR1")
            old = time.time() - 2 * 24 * 3600
            os.utime(file, (old, old))
    assert left(object_store) != []
    assert sweep(staging) == 1
    assert left(object_store) == []


def test_a_gateway_sweeps_when_it_first_connects_to_a_cluster(object_store: ObjectStore) -> None:  # noqa: F811
    folder = object_store.bucket_dir / "lake/acme/_results"
    for name, age_s in (("result-old", 2 * 24 * 3600), ("result-of-another", 60)):
        (folder / name).mkdir(parents=True)
        (folder / name / "part-0.parquet").write_bytes(b"PAR1")
        for path in (folder / name / "part-0.parquet", folder / name):
            os.utime(path, (time.time() - age_s, time.time() - age_s))
    options = S3Options(object_store.endpoint, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
    found = results_place(PLACE.removesuffix("/_results"), Storage(options))
    assert found is not None and found.uri == PLACE.replace("s3:", "s3a:")
    assert left(object_store) == ["result-of-another", "result-of-another/part-0.parquet"]
    assert sweep(found, older_than_s=0) == 1
    assert left(object_store) == []


def test_a_store_that_does_not_answer(staging: Staging, spark_server: SparkServer) -> None:
    nowhere = s3_staging(PLACE, S3Options("http://127.0.0.1:1", access_key_id="a", secret_access_key="b", timeout_s=1))
    assert sweep(nowhere) == 0
    session = spark_server.session("tenant/nowhere")
    with pytest.raises(SqlError) as raised:
        SparkEngine("test", session, nowhere).start(query("SELECT 1", (INT8,)), options=STAGED).result()
    assert "127.0.0.1" not in str(raised.value) and isinstance(raised.value, IoError | SqlError)
    session.close()
