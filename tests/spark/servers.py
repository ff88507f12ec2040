"""Spark Connect servers for tests: through the product's own launcher, or one that runs already."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.spark.configuration import LIBRARY_EXTENSION, spark_defaults
from engine.spark.local import LocalSpark
from engine.spark.session import ConnectSession
from tests.s3.object_store import ACCESS_KEY, SECRET_KEY
from tests.spark.distribution import spark_distribution

TOKEN = "token-of-the-tests"
_JAVA_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=240m",  # Java's default; with one tier it is 48 MB, which a long run of tests fills
    "-Xshare:auto",
    "-Ddelta.log.cacheSize=50",
)
_QUICK = {"spark.ui.enabled": "false", "spark.driver.extraJavaOptions": " ".join(_JAVA_OPTIONS)}


@dataclass(frozen=True)
class SparkServer:
    """`driver` is None for a server that the tests have not started."""

    endpoint: str
    token: str
    driver: LocalSpark | None

    def session(self, user: str = "tenant/tester", **options: float) -> ConnectSession:
        return ConnectSession(self.endpoint, self.token, user, **options)


def given_server() -> SparkServer | None:
    """The one that KADALI_TEST_SPARK=host:port:token names."""
    told = os.environ.get("KADALI_TEST_SPARK")
    if not told:
        return None
    host, port, token = told.split(":", 2)
    return SparkServer(f"{host}:{port}", token, None)


@contextmanager
def local_server(
    work_dir: Path, conf: Mapping[str, str] = {}, *, cores: int = 2, memory: int = 1 << 30
) -> Iterator[SparkServer]:
    """A driver of its own, with these settings on top; skips where a distribution cannot be made."""
    dist = spark_distribution()
    settings = {**spark_defaults(cores, library=has_library(dist)), **_QUICK, **conf}
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    driver = LocalSpark(dist, work_dir, cores, memory, settings, TOKEN, environment=keys)
    driver.start()
    try:
        yield SparkServer(driver.endpoint, TOKEN, driver)
    finally:
        driver.stop()


def has_library(dist: Path) -> bool:
    """kadali-spark.jar has our functions."""
    jar = dist / "jars" / "kadali-spark.jar"
    if not jar.exists():
        return False
    with zipfile.ZipFile(jar) as content:
        return LIBRARY_EXTENSION.replace(".", "/") + ".class" in content.namelist()
