"""Small statements: SELECT 1 and point queries, simple and prepared, one client by psycopg, many by pgbench."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import conninfo

from bench import peers
from bench.measure import Ratio, Report, alternate, latency, seconds, throughput
from gateway.listening import free_port

SCALE = 0.1
REPEAT = 200
PGBENCH_S = 5
CLIENTS = (1, 8, 64)
POINT = f"SELECT * FROM {peers.SCHEMA}.orders WHERE o_orderkey = "


def run(report: Report, rounds: int) -> None:
    with peers.loaded_gateway(SCALE) as ours, peers.loaded_postgres(SCALE, ["orders", "nation"]) as peer:
        with ours.connect() as mine, peer.connect() as theirs:
            _psycopg(report, rounds, mine, theirs)
        _pgbench(report, rounds, ours, peer)
        with _buenavista(report) as other:
            if other is not None:
                _against_buenavista(report, rounds, ours, other)


def _psycopg(report: Report, rounds: int, mine: psycopg.Connection, theirs: psycopg.Connection) -> None:
    def works(connection: psycopg.Connection) -> dict[str, Callable[[], object]]:
        run = connection.execute
        return {
            "SELECT 1, simple": lambda: connection.pgconn.exec_(b"SELECT 1"),
            "SELECT $1, unnamed": lambda: run("SELECT %s::int", (1,), prepare=False).fetchall(),
            "SELECT $1, prepared": lambda: run("SELECT %s::int", (1,), prepare=True).fetchall(),
            "point query, simple": lambda: connection.pgconn.exec_(f"{POINT}7".encode()),
            "point query, prepared": lambda: run(f"{POINT}%s", (7,), prepare=True).fetchall(),
            "25 rows, prepared": lambda: run(f"SELECT * FROM {peers.SCHEMA}.nation", prepare=True).fetchall(),
            "catalog lookup, prepared": lambda: run(
                "SELECT oid FROM pg_class WHERE relname = %s", ("nation",), prepare=True
            ).fetchall(),
        }

    peer_works = works(theirs)
    for name, work in works(mine).items():
        repeat = REPEAT if "SELECT" in name or "catalog" in name else REPEAT // 4
        costs = alternate(seconds(work, repeat), seconds(peer_works[name], repeat), rounds)
        note = "no index: PostgreSQL scans the heap" if "point" in name else ""
        report.add(latency(f"{name}, time of a statement", "PostgreSQL", costs, note))


def _pgbench(report: Report, rounds: int, ours: peers.Server, peer: peers.Server) -> None:
    program = shutil.which("pgbench")
    if program is None:
        report.skipped("many clients", "no pgbench on the path (Debian: postgresql-contrib)")
        return
    with tempfile.TemporaryDirectory() as folder:
        scripts = {"SELECT 1": "SELECT 1;\n", "point query": f"\\set key random(1, 100000)\n{POINT}:key;\n"}
        for script, text in scripts.items():
            path = Path(folder) / "script.sql"
            path.write_text(text)
            for mode in ("simple", "prepared"):
                for clients in CLIENTS:

                    def rate(server: peers.Server, mode: str = mode, clients: int = clients) -> float:
                        return 1 / _transactions(program, server, path, mode, clients)  # noqa: B023

                    costs = alternate(lambda: rate(ours), lambda: rate(peer), rounds, warm=0)
                    report.add(throughput(f"pgbench {script}, {mode}, {clients} clients", "PostgreSQL", costs))


def _transactions(program: str, server: peers.Server, script: Path, mode: str, clients: int) -> float:
    """Statements per second."""
    given = conninfo.conninfo_to_dict(server.conninfo)
    environment = os.environ | {"PGPASSWORD": str(given.get("password", "")), "PGSSLMODE": "disable"}
    command = [program, "-n", "-M", mode, "-c", str(clients), "-T", str(PGBENCH_S), "-f", str(script)]
    command += ["-h", str(given["host"]), "-p", str(given["port"]), "-U", str(given["user"]), str(given["dbname"])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+) \(without", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench against {server.name}: {done.stdout}{done.stderr}")
    return float(found[1])


@contextmanager
def _buenavista(report: Report) -> Iterator[str | None]:
    """A BuenaVista 0.5.0 in an environment of its own in the user's cache; None if it cannot be had."""
    folder = peers.cache_folder() / "buenavista"
    python = folder / "bin" / "python"
    wanted = ["buenavista==0.5.0", "duckdb<2", "python-dateutil", "pytz", "pyarrow", "fastapi", "pydantic"]
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", *wanted]
            subprocess.run(pip, check=True, capture_output=True, text=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        report.skipped("BuenaVista", f"it could not be installed ({str(getattr(error, 'stderr', '') or error)[-200:]})")
        yield None
        return
    port = free_port("127.0.0.1")
    environment = os.environ | {"BUENAVISTA_HOST": "127.0.0.1", "BUENAVISTA_PORT": str(port)}
    server = subprocess.Popen(
        [str(python), "-m", "buenavista.examples.duckdb_postgres"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        address = f"host=127.0.0.1 port={port} dbname=memory user=bench password=x sslmode=disable"
        problem = _reachable(address)
        if problem:
            report.skipped("BuenaVista", f"it does not answer ({problem})")
        yield None if problem else address
    finally:
        server.kill()
        server.wait()


def _reachable(address: str) -> str:
    import time

    problem, deadline = "", time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
                connection.pgconn.exec_(b"SELECT 1")
            return ""
        except psycopg.Error as error:
            problem = str(error).strip()
            time.sleep(0.2)
    return problem


def _against_buenavista(report: Report, rounds: int, ours: peers.Server, address: str) -> None:
    with ours.connect() as mine, psycopg.connect(address, autocommit=True) as theirs:
        costs = alternate(
            seconds(lambda: mine.pgconn.exec_(b"SELECT 1"), REPEAT),
            seconds(lambda: theirs.pgconn.exec_(b"SELECT 1"), REPEAT),
            rounds,
        )
        report.add(Ratio("SELECT 1, simple, time of a statement", "BuenaVista", tuple(a / b for a, b in costs), True))
