"""A full disk, for real: a small file system of its own. Writes fail with 53100, nothing is half written, and all is
well once there is space again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

Connection = psycopg.Connection[Any]
SIZE_MB = 400
LEFT_BYTES = 1 << 20
BIG = "INSERT INTO d.t SELECT i, md5(i::text) || md5((i + 1)::text) FROM generate_series(1, 400000) i"


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    place = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        pytest.skip(f"file systems cannot be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, timeout=30)


@pytest.fixture(scope="module")
def server(small_disk: Path) -> Iterator[GatewayServer]:
    server = GatewayServer(small_disk / "data", ("--memory-limit", "128MB"))
    server.add_user("alice", "acme", admin=True)
    server.start()
    with server.connect() as connection:
        connection.execute("CREATE SCHEMA d")
        connection.execute("CREATE TABLE d.t (i bigint, s text)")
        connection.execute("INSERT INTO d.t VALUES (1, 'one'), (2, 'two')")
        connection.execute("CREATE TABLE d.big AS SELECT i, md5(i::text) AS s FROM generate_series(1, 300000) i")
    yield server
    server.stop()


@pytest.fixture
def full(small_disk: Path, server: GatewayServer) -> Iterator[Path]:
    """Yields the file that fills the disk."""
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free - LEFT_BYTES)
    yield ballast
    ballast.unlink(missing_ok=True)


def copy_in(connection: Connection) -> None:
    with connection.cursor().copy("COPY d.t FROM STDIN") as copy:
        for i in range(20_000):
            copy.write(f"{i}\t{os.urandom(400).hex()}\n")


def spill(connection: Connection) -> None:
    sql = "SELECT a.s, b.s FROM d.big a JOIN d.big b USING (i) ORDER BY a.s || b.s, b.s DESC, a.s || a.s"
    with connection.cursor(name="sorted") as cursor:
        cursor.execute(sql)
        cursor.fetchmany(10)


@pytest.mark.parametrize("how", ["copy", "insert", "create table as", "update", "transaction"])
def test_a_write_that_finds_no_space(server: GatewayServer, small_disk: Path, full: Path, how: str) -> None:
    with server.connect() as connection:
        before = connection.execute("SELECT count(*), min(s), max(s) FROM d.t").fetchone()
        with pytest.raises(psycopg.Error) as caught:
            if how == "copy":
                copy_in(connection)
            elif how == "insert":
                connection.execute(BIG)
            elif how == "create table as":
                connection.execute(
                    "CREATE TABLE d.copied AS SELECT a.i, a.s || b.s AS s FROM d.big a JOIN d.big b USING (i)"
                )
            elif how == "update":
                connection.execute("UPDATE d.big SET s = md5(s) || md5(s || 'x') || md5(s || 'y')")
            else:
                connection.execute("BEGIN")
                connection.execute("INSERT INTO d.t VALUES (3, 'three')")
                connection.execute(BIG)
                connection.execute("COMMIT")
        assert caught.value.sqlstate == "53100", caught.value
        assert str(small_disk) not in str(caught.value)
        connection.execute("ROLLBACK")
        assert connection.execute("SELECT count(*), min(s), max(s) FROM d.t").fetchone() == before
        assert connection.execute("SELECT count(*), max(length(s)) FROM d.big").fetchone() == (300_000, 32)
        assert connection.execute("SELECT to_regclass('d.copied')").fetchone() == (None,)
        full.unlink()
        connection.execute("INSERT INTO d.t VALUES (4, 'four')")
        connection.execute("DELETE FROM d.t WHERE i = 4")
        connection.execute("CREATE TABLE d.later (a int)")
        connection.execute("DROP TABLE d.later")
        assert connection.execute("SELECT count(*), min(s), max(s) FROM d.t").fetchone() == before
    assert server.get("/ready")[0] == 200
    folders = sum(1 for tenant in (server.data_dir / "lake").iterdir() for _ in tenant.iterdir())
    assert folders == 2, "no folder of a table that was not made"


def test_a_sort_that_finds_no_space(server: GatewayServer, full: Path) -> None:
    with server.connect(autocommit=False) as connection:
        connection.execute("SET work_mem = '1MB'")
        with pytest.raises(psycopg.Error) as caught:
            spill(connection)
        assert caught.value.sqlstate in ("53100", "53200")
    full.unlink()
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM d.big").fetchone() == (300_000,)


def test_definitions_on_a_full_disk(server: GatewayServer, small_disk: Path, full: Path) -> None:
    """The metadata store is out of space too: definitions fail or hold, and the server outlives it."""
    with full.open("ab") as ballast:
        left = shutil.disk_usage(small_disk).free
        os.posix_fallocate(ballast.fileno(), full.stat().st_size, max(1, left - 8192))
    with server.connect() as connection:
        made = []
        for number in range(30):
            try:
                connection.execute(f"CREATE TABLE d.n{number} (a int)".encode())
                made.append(f"n{number}")
            except psycopg.Error as error:
                assert error.sqlstate in ("53100", "58030", "08006", "57P03"), error
        assert len(made) < 30
        full.unlink()
    with server.connect() as connection:
        sql = "SELECT relname FROM pg_class WHERE relnamespace = 'd'::regnamespace AND relname LIKE 'n%' ORDER BY oid"
        assert [name for (name,) in connection.execute(sql).fetchall()] == made
        for name in made:
            connection.execute(f"DROP TABLE d.{name}".encode())
        connection.execute("INSERT INTO d.t VALUES (5, 'five')")
        assert connection.execute("SELECT count(*) FROM d.t WHERE i = 5").fetchone() == (1,)
