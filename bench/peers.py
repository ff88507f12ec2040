"""The programs measured: our gateway in a process of its own, and a PostgreSQL 16 listening on TCP as it does."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from catalog.postgres import EmbeddedPostgres
from gateway.demo import tpch
from gateway.demo.ddl import TABLES, DemoTable
from gateway.demo.load import copy_in
from tests.gateway_server import GatewayServer

USER, DATABASE = "bench", "bench"
CACHE_VERSION = 1
SCHEMA = "sales"
WARM = {"shared_buffers": "1GB", "work_mem": "256MB", "max_wal_size": "4GB", "max_connections": "1200"}


@dataclass(frozen=True, slots=True)
class Server:
    """One side of a comparison. `main_pid` is the gateway's process, or the postmaster."""

    name: str
    conninfo: str
    main_pid: int
    gateway: GatewayServer | None = None

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.conninfo, autocommit=True)

    @property
    def data_dir(self) -> Path:
        if self.gateway is None:
            raise TypeError("only a gateway has a data folder of ours")
        return self.gateway.data_dir


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "kadali-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def gateway(data_dir: Path | None = None, options: Sequence[str] = ()) -> Iterator[Server]:
    """A gateway without TLS, with an administrator USER in tenant DATABASE; a throw-away folder unless given one."""
    with _scratch(data_dir) as folder:
        fresh = not (folder / "metadata").exists()
        server = GatewayServer(folder, options=("--tls", "off", *options))
        if fresh:
            server.add_user(USER, DATABASE, admin=True)
        server.start()
        try:
            assert server.process is not None
            yield Server("gateway", server.conninfo(USER, DATABASE, sslmode="disable"), server.process.pid, server)
        finally:
            server.stop()


@contextmanager
def postgres(data_dir: Path | None = None, *, durable: bool = False) -> Iterator[Server]:
    """PostgreSQL 16 on a loopback address of its own. `durable` False: fsync off."""
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250) + 1}.{secrets.randbelow(250) + 1}"
    options = WARM | {"listen_addresses": address}
    with _scratch(data_dir) as folder:
        server = EmbeddedPostgres(folder, durable=durable, options=options, memory_max_bytes=None)
        with server:
            pid = server.pid
            assert pid is not None
            yield Server("PostgreSQL", f"host={address} port=5432 dbname=postgres user=kadali", pid)


@contextmanager
def loaded_gateway(scale: float) -> Iterator[Server]:
    """A gateway with TPC-H's tables in schema sales, loaded through COPY once and kept in the user's cache folder."""
    folder = cache_folder() / f"gateway-{CACHE_VERSION}-{scale:g}"
    with gateway(folder / "data") as server:
        _load_once(server, folder / "loaded.json", scale)
        yield server


@contextmanager
def loaded_postgres(scale: float, tables: Sequence[str]) -> Iterator[Server]:
    """A PostgreSQL with heap tables of the same rows, vacuumed, in its cache; without keys."""
    folder = cache_folder() / f"postgres-{CACHE_VERSION}-{scale:g}-{'-'.join(tables)}"
    with postgres(folder / "data", durable=True) as server:
        _load_once(server, folder / "loaded.json", scale, tables)
        with server.connect() as connection:
            for name in tables:
                connection.execute(f"SELECT count(*) FROM {SCHEMA}.{name}")
        yield server


def _load_once(server: Server, state: Path, scale: float, only: Sequence[str] = ()) -> None:
    key = {"scale": scale, "seed": tpch.SEED, "tables": list(only)}
    if state.exists() and json.loads(state.read_text()) == key:
        return
    chosen = [table for table in TABLES if not only or table.name in only]
    with server.connect() as connection:
        print(f"  loading TPC-H at scale {scale:g} into {server.name}, once", flush=True)
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        readers = tpch.generate(scale)
        for table in chosen:
            connection.execute(bare_table(table))
            copy_in(connection, f"{SCHEMA}.{table.name}", readers[table.name])
        if server.gateway is None:
            connection.execute("VACUUM ANALYZE")
    state.write_text(json.dumps(key))


def bare_table(table: DemoTable) -> str:
    """CREATE TABLE without keys: an index would cost PostgreSQL's COPY what Delta does not do."""
    listed = ", ".join(f"{name} {kind} NOT NULL" for name, kind, _ in table.columns)
    return f"CREATE TABLE {SCHEMA}.{table.name} ({listed})"


@contextmanager
def _scratch(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        yield data_dir
        return
    folder = Path(tempfile.mkdtemp(prefix="kadali-bench-"))
    try:
        yield folder / "data"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
