"""A whole gateway as a child process, for tests of what clients see."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from tests.ports import free_port
from tests.wire.raw_client import Address

USER, PASSWORD, DATABASE = "anna", "pass word", "lake"
START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class GatewayProcess:
    """`process` runs `python -m gateway serve`; `log` is its standard error."""

    process: subprocess.Popen[bytes]
    address: Address
    http_port: int
    data_dir: Path
    log: Path

    def dsn(self, **options: object) -> str:
        """A conninfo string of psycopg and psql."""
        told = {"host": self.address.host, "port": self.address.port, "user": USER, "password": f"'{PASSWORD}'"}
        told |= {"dbname": DATABASE, **options}
        return " ".join(f"{name}={value}" for name, value in told.items())

    @property
    def resident_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)


@contextmanager
def running_gateway(folder: Path, *options: str) -> Iterator[GatewayProcess]:
    """A gateway with one user, for as long as the block lasts; ended by SIGTERM, which must work."""
    data_dir, log = folder / "data", folder / "gateway.log"
    add = ["user", "add", USER, "--database", DATABASE, "--admin", "--password-stdin", "--data-dir", str(data_dir)]
    subprocess.run([sys.executable, "-m", "gateway", *add], input=PASSWORD.encode(), check=True, timeout=120)
    pg_port, http_port = free_port(), free_port()
    arguments = ["serve", "--data-dir", str(data_dir), "--pg-port", str(pg_port), "--http-port", str(http_port)]
    arguments += ["--flight-port", "0"]
    if "--shutdown-grace" not in options:
        options = (*options, "--shutdown-grace", "2s")
    with log.open("wb") as errors:
        process = subprocess.Popen([sys.executable, "-m", "gateway", *arguments, *options], stderr=errors)
    gateway = GatewayProcess(process, Address("127.0.0.1", pg_port, USER, DATABASE, PASSWORD), http_port, data_dir, log)
    try:
        _wait_ready(gateway)
        yield gateway
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _wait_ready(gateway: GatewayProcess) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        if gateway.process.poll() is not None:
            raise RuntimeError(gateway.log.read_text())
        connection = HTTPConnection("127.0.0.1", gateway.http_port, timeout=2)
        try:
            connection.request("GET", "/ready")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    raise TimeoutError(gateway.log.read_text())


def environment() -> dict[str, str]:
    """The environment for psql, without settings of ours or libpq's."""
    return {name: value for name, value in os.environ.items() if not re.match("PG|KADALI_", name)}


def psql(gateway: GatewayProcess, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run psql to its end."""
    command: Sequence[str] = ["psql", "-X", "-At", gateway.dsn(**options), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), check=False)
