"""A demo around a running server: its user, its data, and what is told to the person in front of it."""

from __future__ import annotations

import os
import signal
import sys
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread

import psycopg

from catalog.errors import ConnectionFailure, SqlError
from catalog.scram import matches
from gateway.cli.password import generated
from gateway.demo.load import load_once
from gateway.metadata import visited_store
from gateway.settings import Settings

DATABASE = USER = "demo"
STARTED_S = 120.0
POLL_S = 0.05
_TO_TRY = """\

and then, for example:

    \\dt+ sales.*
    \\d sales.orders
    SELECT n_name, count(*), sum(c_acctbal) FROM sales.customer JOIN sales.nation ON n_nationkey = c_nationkey
        GROUP BY n_name ORDER BY 3 DESC LIMIT 5;
    UPDATE sales.orders SET o_orderstatus = 'F' WHERE o_orderkey = 1;
    DESCRIBE HISTORY sales.orders;
    SELECT * FROM sales.orders VERSION AS OF 1 WHERE o_orderkey = 1;
    SELECT id, state, engine, rows, query FROM kadali.queries ORDER BY queued_at DESC LIMIT 5;
"""


class DemoLoader(Thread):
    """Waits for the server of this process, makes the user, loads the data, and prints the line to paste."""

    def __init__(self, settings: Settings, scale: float) -> None:
        super().__init__(name="demo-loader", daemon=True)
        self._settings = settings
        self._scale = scale
        self.failed = False

    def run(self) -> None:
        try:
            password = kept_password(self._settings.data_dir)
            self._wait_until_ready()
            self._make_user(password)
            host, port = self._address(), self._settings.pg_port
            conninfo = f"host={host} port={port} dbname={DATABASE} user={USER} password={password} connect_timeout=30"
            load_once(conninfo, scale=self._scale, state=self._settings.data_dir / "demo.json", tell=tell)
        except (SqlError, psycopg.Error, OSError, HTTPException) as error:
            self.failed = True
            print(f"kadali: error: the demo could not be prepared: {error}", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
            return
        shown = f"[{host}]" if ":" in host else host
        print("\nready; paste this into another terminal:\n")
        print(f"    psql 'postgresql://{USER}:{password}@{shown}:{port}/{DATABASE}'")
        print(f"\nArrow Flight SQL, with the same user and password: grpc://{shown}:{self._settings.flight_port}")
        print(_TO_TRY, flush=True)

    def _address(self) -> str:
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not listened on
        return everywhere.get(self._settings.host, self._settings.host)

    def _wait_until_ready(self) -> None:
        """Until /ready says so. Raises ConnectionFailure."""
        deadline = time.monotonic() + STARTED_S
        while True:
            connection = HTTPConnection(self._address(), self._settings.http_port, timeout=5)
            try:
                connection.request("GET", "/ready")
                if connection.getresponse().status == HTTPStatus.OK:
                    return
            except (OSError, HTTPException):
                if time.monotonic() > deadline:
                    raise
            finally:
                connection.close()
            if time.monotonic() > deadline:
                raise ConnectionFailure(f"the server was not ready within {STARTED_S:g} s")
            time.sleep(POLL_S)

    def _make_user(self, password: str) -> None:
        with visited_store(self._settings) as store:
            store.ensure_tenant(DATABASE)
            if not any(user.name == USER for user in store.users.list(DATABASE)):
                store.users.add(USER, DATABASE, password, admin=True)
            elif not matches(password, store.users.verifier(USER)):
                store.users.set_password(USER, password)


def kept_password(folder: Path) -> str:
    """The demo user's password: generated once, kept in a file that only this user may read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "demo-password"
    if path.exists() and (kept := path.read_text().strip()):
        path.chmod(0o600)
        return kept
    path.unlink(missing_ok=True)
    password = generated()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password + "\n")
    return password


def tell(text: str) -> None:
    print(text, flush=True)
