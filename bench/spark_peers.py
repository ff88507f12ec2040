"""Peers of the Spark benchmarks: pyspark's client in a Python of its own, and Spark's Thrift server with PyHive."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.peers import cache_folder
from engine.spark.local import free_port, spark_home
from tests.spark.servers import SparkServer

PYSPARK = ("pyspark-client==4.2.0", "pandas<3")
"""The distribution's own pyspark lacks what its Connect client needs."""
PYHIVE = ("pyhive==0.7.0", "thrift==0.16.0", "pure-sasl==0.6.2", "thrift_sasl==0.4.3", "six")
START_S = 300.0
ANSWER_S = 600.0
"""Longer than anything takes that is measured: what hangs ends, and is told."""


class PySpark:
    """pyspark's Connect client on the same server; `cost` gives seconds as it measures them itself."""

    def __init__(self, server: SparkServer, sessions: int) -> None:
        port = server.endpoint.rpartition(":")[2]
        environment = os.environ | {
            "KADALI_BENCH_REMOTE": f"sc://localhost:{port}/;token={server.token}",  # elsewhere a token asks for TLS
            "KADALI_BENCH_SESSIONS": str(sessions),
            "SPARK_CONNECT_MODE_ENABLED": "1",
        }
        program = Path(__file__).with_name("pyspark_peer.py")
        self._process = subprocess.Popen(
            [str(_python_with("pyspark", PYSPARK)), str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        self._read()

    def cost(self, sql: str, repeat: int = 1, threads: int = 1) -> float:
        return float(self._ask(sql, repeat, threads)["seconds"])

    def rows(self, sql: str) -> int:
        return int(self._ask(sql, 1, 1)["rows"])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def _ask(self, sql: str, repeat: int, threads: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"sql": sql, "repeat": repeat, "threads": threads}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        guard = threading.Timer(ANSWER_S, self._process.kill)
        guard.start()
        line = self._process.stdout.readline()
        guard.cancel()
        if not line:
            raise RuntimeError("pyspark's client has ended")
        found: dict[str, Any] = json.loads(line)
        return found


def pyhive_python() -> Path:
    """A Python with PyHive, made once."""
    return _python_with("pyhive", PYHIVE)


@contextmanager
def thrift_server(dist: Path, work: Path) -> Iterator[int]:
    """Spark's Thrift server on loopback, with the distribution's jars; its port."""
    work.mkdir(parents=True)
    port = free_port()
    conf = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:bench;create=true",
        "spark.hadoop.hive.server2.thrift.port": str(port),
        "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.thriftServer.incrementalCollect": "false",
    }
    home = spark_home(dist)
    command = [str(home / "bin" / "spark-submit"), "--master", "local[2]", "--driver-memory", "1g"]
    command += ["--driver-class-path", f"{dist}/jars/*"]
    command += [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    command += ["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal"]
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=work, env=environment, start_new_session=True)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def pyhive_cost(python: Path, port: int, sql: str) -> float:
    """Seconds to fetch all rows, measured in a process that has connected before."""
    program = (
        "import sys, time\nfrom pyhive import hive\n"
        "cursor = hive.connect('127.0.0.1', int(sys.argv[1]), username='bench', auth='NONE').cursor(arraysize=10000)\n"
        "cursor.execute('SELECT 1'); cursor.fetchall()\n"
        "begun = time.perf_counter(); cursor.execute(sys.argv[2]); rows = cursor.fetchall()\n"
        "print(time.perf_counter() - begun, len(rows))"
    )
    command = [str(python), "-c", program, str(port), sql]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=ANSWER_S)
    return float(done.stdout.split()[0])


def _python_with(name: str, packages: Sequence[str]) -> Path:
    """A Python of its own with these packages, made once."""
    folder = cache_folder() / name
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True
        )
        (folder / "made").touch()
    return python


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError("Spark's Thrift server does not answer")
