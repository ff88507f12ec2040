"""A real gateway in a process of its own, for tests: started on free ports with a throw-away data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.ports import free_port

START_S, STOP_S = 60.0, 60.0
PASSWORD = "correct horse"


@dataclass
class GatewayServer:
    """`options` are further command line options. Users are added with `add_user`, whether or not it runs."""

    data_dir: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    pg_port: int = 0
    http_port: int = 0
    flight_port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> GatewayServer:
        """Returns once clients are accepted."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.pg_port = self.pg_port or free_port()
        self.http_port = self.http_port or free_port()
        self.flight_port = self.flight_port or free_port()
        command = [
            *self._kadali("serve"),
            *("--pg-port", str(self.pg_port), "--http-port", str(self.http_port)),
            *("--flight-port", str(self.flight_port)),
            *self.options,
        ]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env=os.environ | self.environment
            )
        self._wait_ready()
        return self

    @property
    def log_path(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def add_user(self, name: str, database: str, *, admin: bool = False, password: str = PASSWORD) -> None:
        options = ["--database", database, "--password-stdin", *(["--admin"] if admin else [])]
        if "--catalog-url" in self.options:
            at = self.options.index("--catalog-url")
            options += self.options[at : at + 2]
        command = [*self._kadali("user", "add", name), *options]
        subprocess.run(command, input=password.encode(), check=True, capture_output=True, timeout=START_S)

    def conninfo(self, user: str = "alice", database: str = "acme", password: str = PASSWORD, **options: str) -> str:
        given = {
            "host": "127.0.0.1",
            "port": str(self.pg_port),
            "user": user,
            "dbname": database,
            "password": password,
            "connect_timeout": "30",
        }
        return psycopg.conninfo.make_conninfo(**(given | options))

    def connect(self, user: str = "alice", database: str = "acme", **options: Any) -> psycopg.Connection[Any]:
        """A connection in autocommit unless said otherwise."""
        autocommit = options.pop("autocommit", True)
        return psycopg.connect(self.conninfo(user, database, **options), autocommit=autocommit)

    def get(self, path: str) -> tuple[int, str]:
        """(status, body) of the HTTP port."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def kill(self) -> None:
        """kill -9; the process is gone when this returns."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_S)
            self.process = None

    def stop(self) -> int:
        """SIGTERM and wait; the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None
        return status

    def _kadali(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "gateway", *words, "--data-dir", str(self.data_dir)]

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with status {self.process.returncode}:\n{self.log()[-4000:]}")
            try:
                if self.get("/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise TimeoutError(f"the gateway is not ready after {START_S:g} s:\n{self.log()[-4000:]}")
