"""kadali demo as a newcomer meets it: killed while loading, started again, stopped, started once more."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import psycopg

from gateway.demo.tpch import generate
from tests.cli.conftest import clean_environment
from tests.ports import free_port

SCALE = "0.001"
READ_S = 90


class Demo:
    """A running `kadali demo`; everything it has printed so far is in `printed`."""

    def __init__(self, folder: Path) -> None:
        ports = [f"--{door}-port={free_port()}" for door in ("pg", "flight", "http")]
        self.printed = ""
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-u",
                "-m",
                "gateway",
                "demo",
                "--scale",
                SCALE,
                "--data-dir",
                str(folder / "demo"),
                *ports,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=clean_environment(folder),
        )

    def read_until(self, pattern: str) -> str:
        """What matches; fails if the process ends before, at the latest when the watchdog ends it."""
        assert self.process.stdout is not None
        while (found := re.search(pattern, self.printed)) is None:
            line = self.process.stdout.readline()
            assert line, f"ended before {pattern}:\n{self.printed}"
            self.printed += line
        return found[0]


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    running = Demo(folder)
    watchdog = Timer(READ_S, running.process.kill)
    watchdog.start()
    try:
        yield running
    finally:
        watchdog.cancel()
        running.process.kill()
        running.process.communicate(timeout=READ_S)


def test_a_newcomers_way(folder: Path) -> None:
    url = r"psql 'postgresql://demo:[^@]+@127\.0\.0\.1:\d+/demo'"
    with demo(folder) as killed:
        killed.read_until(r"sales\.customer: \d+ rows")
        killed.process.send_signal(signal.SIGKILL)
    password_file = folder / "demo" / "demo-password"
    password = password_file.read_text().strip()
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600

    with demo(folder) as second:
        line = second.read_until(url)
        assert f"demo:{password}@" in line, "the password is kept"
        assert second.printed.count(" rows\n") == 8, "the half-loaded data is loaded anew"
        with psycopg.connect(line.removeprefix("psql '").removesuffix("'"), autocommit=True) as connection:
            for name, reader in generate(float(SCALE)).items():
                row = connection.execute(f"SELECT count(*) FROM sales.{name}").fetchone()
                assert row == (reader.read_all().num_rows,), name
            keys = connection.execute(
                "SELECT contype::text, count(*) FROM pg_constraint WHERE connamespace = 'sales'::regnamespace "
                "AND contype IN ('p', 'f') GROUP BY 1 ORDER BY 1"
            ).fetchall()
            assert keys == [("f", 8), ("p", 8)]
            told = connection.execute("SELECT obj_description('sales.orders'::regclass, 'pg_class')").fetchone()
            assert told == ("One row for each order",)
            connection.execute("DELETE FROM sales.lineitem WHERE l_linenumber > 1")
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(READ_S) == 0

    with demo(folder) as third:
        line = third.read_until(url)
        assert " rows\n" not in third.printed, "loaded once"
        with psycopg.connect(line.removeprefix("psql '").removesuffix("'")) as connection:
            row = connection.execute("SELECT max(l_linenumber) FROM sales.lineitem").fetchone()
            assert row == (1,), "what the user changed stays"
        third.process.send_signal(signal.SIGINT)
        assert third.process.wait(READ_S) == 0
