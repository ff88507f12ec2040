"""Arrow Flight SQL: reading and writing in bulk, against a bare pyarrow server, raw TCP, delta-rs by itself, and
another Flight SQL server."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.flight as flight
from adbc_driver_flightsql import dbapi
from deltalake import DeltaTable, write_deltalake
from google.protobuf.message import Message

from bench import peers
from bench.flight_peers import SQLITE_VERSION, Peers, sqlite
from bench.flight_peers import peers as flight_peers
from bench.measure import Figure, Report, alternate, latency, resident_bytes, seconds, throughput
from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.gateway_server import PASSWORD

SCALE = 0.5
"""3 million rows of 16 columns, some 500 MB as Arrow."""
TABLE = f"{peers.SCHEMA}.lineitem"
TEXT = f"SELECT * FROM {TABLE}"
SMALL = 20
PEER_ROWS = 300_000
BUFFER = 1 << 20
WRITTEN, INGESTED, NUMBERS = MADE = ("bench_written", "bench_ingest", "bench_numbers")
Work = Callable[[], None]
_ROLLBACK = sql.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK


def run(report: Report, rounds: int, scale: float = SCALE) -> None:
    with peers.loaded_gateway(scale) as ours, tempfile.TemporaryDirectory() as folder:
        gateway = ours.gateway
        assert gateway is not None
        with ours.connect() as left:
            for name in MADE:  # a run that was broken off leaves them
                left.execute(f"DROP TABLE IF EXISTS {name}")
        url = f"grpc://127.0.0.1:{gateway.flight_port}"
        client = flight.connect(url)
        header = client.authenticate_basic_token(peers.USER, PASSWORD)
        options = flight.FlightCallOptions(headers=[header])
        table = Path(folder) / "table.arrow"
        _keep(_stream(client, options), table)
        files = _files(gateway.data_dir)
        with flight_peers(table, files) as beside:
            _reading(report, rounds, partial(_ours, client, options), beside, url)
            with _Kept(client, options) as kept:
                _reading_kept(report, rounds, kept, beside, url)
            before = resident_bytes(ours.main_pid)
            for _ in range(3):
                _ours(client, options)
            grown = max(0, resident_bytes(ours.main_pid) - before)
            report.add(Figure("growth of the server in three streams", grown / 1e6, "MB"))
        _writing(report, rounds, url, table, Path(folder))
        _statements(report, rounds, ours, url)
        _beside_sqlite(report, rounds, url)
        client.close()


def _reading(report: Report, rounds: int, ours: partial[None], beside: Peers, url: str) -> None:
    bare = flight.connect(f"grpc://127.0.0.1:{beside.bare_port}")
    for name, ticket in (("a table at hand", b"table"), ("DuckDB's own stream", b"engine")):
        peer = partial(_drain, bare, flight.Ticket(ticket))
        report.add(throughput("stream, pyarrow's client", f"bare server, {name}", _alternated(ours, peer, rounds)))
    with _adbc(url) as connection:
        adbc = partial(_adbc_read, connection)
        raw = partial(_raw, beside)
        report.add(throughput("stream, ADBC", "raw TCP of the same bytes", _alternated(adbc, raw, rounds)))
        peer = partial(_drain, bare, flight.Ticket(b"engine"))
        report.add(throughput("stream, ADBC", "bare server, DuckDB's own stream", _alternated(adbc, peer, rounds)))
    bare.close()


class _Kept:
    """Rows that the server has: in a transaction that has written, a query is carried out before its rows are read."""

    def __init__(self, client: flight.FlightClient, options: flight.FlightCallOptions) -> None:
        self._client, self._options = client, options
        self._update(f"CREATE TABLE {WRITTEN} (n integer)")
        begun = m.unpack(self._act("BeginTransaction", sql.ActionBeginTransactionRequest()))
        assert isinstance(begun, sql.ActionBeginTransactionResult)
        self._transaction = begun.transaction_id
        self._update(f"INSERT INTO {WRITTEN} VALUES (1)", self._transaction)

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, *error: object) -> None:
        self._act("EndTransaction", sql.ActionEndTransactionRequest(transaction_id=self._transaction, action=_ROLLBACK))
        self._update(f"DROP TABLE {WRITTEN}")

    def info(self) -> flight.FlightInfo:
        """Of all rows, once they are ready to be read."""
        query = sql.CommandStatementQuery(query=TEXT, transaction_id=self._transaction)
        return self._client.get_flight_info(flight.FlightDescriptor.for_command(m.pack(query)), self._options)

    def seconds(self, read: Callable[[flight.FlightInfo], None]) -> Callable[[], float]:
        """What reading costs, without what came before."""

        def cost() -> float:
            info = self.info()
            start = time.perf_counter()
            read(info)
            return time.perf_counter() - start

        return cost

    def drain(self, info: flight.FlightInfo) -> None:
        """By pyarrow's client."""
        for _ in self._client.do_get(info.endpoints[0].ticket, self._options):
            pass

    def _act(self, name: str, message: Message) -> bytes:
        return b"".join(
            found.body.to_pybytes() for found in self._client.do_action((name, m.pack(message)), self._options)
        )

    def _update(self, text: str, transaction: bytes = b"") -> None:
        command = m.pack(sql.CommandStatementUpdate(query=text, transaction_id=transaction))
        writer, reader = self._client.do_put(flight.FlightDescriptor.for_command(command), pa.schema([]), self._options)
        writer.done_writing()
        reader.read()
        writer.close()


def _reading_kept(report: Report, rounds: int, kept: _Kept, beside: Peers, url: str) -> None:
    bare_url = f"grpc://127.0.0.1:{beside.bare_port}"
    bare = flight.connect(bare_url)
    name = "stream of rows at hand"
    for what, ticket in (
        ("as one table", b"table"),
        ("in batches as ours", b"batches"),
        ("as ours, in a file", b"file"),
    ):
        peer = seconds(partial(_drain, bare, flight.Ticket(ticket)))
        costs = alternate(kept.seconds(kept.drain), peer, rounds)
        report.add(throughput(f"{name}, pyarrow's client", f"bare server, rows {what}", costs))
    raw = seconds(partial(_raw, beside))
    with _adbc(url) as connection:
        costs = alternate(kept.seconds(partial(_adbc_drain, connection)), raw, rounds)
        report.add(throughput(f"{name}, ADBC", "raw TCP of the same bytes", costs))
    ticket = flight.Ticket(b"batches")
    endpoint, described = flight.FlightEndpoint(ticket, []), flight.FlightDescriptor.for_command(b"")
    info = flight.FlightInfo(bare.do_get(ticket).schema, described, [endpoint], -1, -1)
    with dbapi.connect(bare_url, autocommit=True) as connection:
        costs = alternate(seconds(partial(_adbc_drain, connection, info)), raw, rounds)
        report.add(throughput("the bare server's rows, ADBC", "raw TCP of the same bytes", costs))
    bare.close()


def _adbc_drain(connection: dbapi.Connection, info: flight.FlightInfo) -> None:
    with connection.cursor() as cursor:
        cursor.adbc_read_partition(info.serialize())
        for _ in cursor.fetch_record_batch():
            pass


def _writing(report: Report, rounds: int, url: str, table: Path, folder: Path) -> None:
    rows = pa.ipc.open_file(pa.memory_map(str(table))).read_all()
    target = folder / "delta"

    def direct() -> None:
        shutil.rmtree(target, ignore_errors=True)
        write_deltalake(target, rows.to_reader(65_536))

    with _adbc(url) as connection:

        def dropped() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {INGESTED}")

        def created() -> float:
            dropped()
            return seconds(partial(ingest, "create"))()

        def ingest(mode: Literal["create", "replace"]) -> None:
            with connection.cursor() as cursor:
                cursor.adbc_ingest(INGESTED, rows.to_reader(65_536), mode=mode)

        costs = alternate(created, seconds(direct), rounds)
        report.add(throughput("bulk ingestion into a new table, ADBC", "write_deltalake", costs))
        costs = _alternated(partial(ingest, "replace"), direct, rounds)
        report.add(throughput("bulk ingestion that replaces all, ADBC", "write_deltalake", costs))
        dropped()
    if len(DeltaTable(str(target)).file_uris()) == 0:
        raise RuntimeError("delta-rs wrote nothing")


def _statements(report: Report, rounds: int, ours: peers.Server, url: str) -> None:
    with _adbc(url) as connection, ours.connect() as postgres, connection.cursor() as cursor:

        def wire() -> None:
            for _ in range(SMALL):
                postgres.execute("SELECT 1 AS one").fetchall()

        report.add(latency("SELECT 1, ADBC", "our PostgreSQL port", _alternated(partial(_small, cursor), wire, rounds)))


def _beside_sqlite(report: Report, rounds: int, url: str) -> None:
    """Both with one table of two columns, made by themselves."""
    name = f"SQLite's example server of arrow-go {SQLITE_VERSION}"
    with sqlite() as address:
        if address is None:
            report.skipped(name, "Go is not installed")
            return
        counted = f"SELECT i FROM generate_series(1, {PEER_ROWS}) AS g (i)"
        recursive = f"""WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {PEER_ROWS})
            SELECT i FROM g"""
        with _adbc(url) as ours, dbapi.connect(address, autocommit=True) as peer:
            cursors = ours.cursor(), peer.cursor()
            made = (("bigint", counted), ("integer", recursive))  # both of 64 bits
            for cursor, (kind, numbers) in zip(cursors, made, strict=True):
                cursor.execute(f"CREATE TABLE {NUMBERS} (id {kind}, name text)")
                cursor.execute(f"INSERT INTO {NUMBERS} SELECT i, 'name ' || i FROM ({numbers}) AS n")
            small = [partial(_small, cursor) for cursor in cursors]
            report.add(latency("SELECT 1, ADBC", name, _alternated(small[0], small[1], rounds)))
            read = [partial(_read_numbers, cursor) for cursor in cursors]
            report.add(throughput(f"{PEER_ROWS:,} rows, ADBC", name, _alternated(read[0], read[1], rounds)))
            cursors[0].execute(f"DROP TABLE {NUMBERS}")
            for cursor in cursors:
                cursor.close()


def _small(cursor: dbapi.Cursor) -> None:
    for _ in range(SMALL):
        cursor.execute("SELECT 1 AS one")
        cursor.fetch_arrow_table()


def _read_numbers(cursor: dbapi.Cursor) -> None:
    cursor.execute(f"SELECT id, name FROM {NUMBERS}")
    rows = sum(batch.num_rows for batch in cursor.fetch_record_batch())
    if rows != PEER_ROWS:
        raise RuntimeError(f"{rows} rows")


def _alternated(ours: Work, peer: Work, rounds: int) -> list[tuple[float, float]]:
    return alternate(seconds(ours), seconds(peer), rounds)


def _adbc(url: str) -> dbapi.Connection:
    return dbapi.connect(url, db_kwargs={"username": peers.USER, "password": PASSWORD}, autocommit=True)


def _adbc_read(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TEXT)
        for _ in cursor.fetch_record_batch():
            pass


def _stream(client: flight.FlightClient, options: flight.FlightCallOptions) -> flight.FlightStreamReader:
    command = flight.FlightDescriptor.for_command(m.pack(sql.CommandStatementQuery(query=TEXT)))
    info = client.get_flight_info(command, options)
    return client.do_get(info.endpoints[0].ticket, options)


def _ours(client: flight.FlightClient, options: flight.FlightCallOptions) -> None:
    for _ in _stream(client, options):
        pass


def _drain(client: flight.FlightClient, ticket: flight.Ticket) -> None:
    for _ in client.do_get(ticket):
        pass


def _raw(beside: Peers) -> None:
    buffer = memoryview(bytearray(BUFFER))
    left = beside.raw_bytes
    with socket.create_connection(("127.0.0.1", beside.raw_port)) as connection:
        while left:
            left -= connection.recv_into(buffer, min(left, BUFFER))


def _keep(reader: flight.FlightStreamReader, path: Path) -> None:
    with pa.ipc.new_file(str(path), reader.schema) as writer:
        for chunk in reader:
            writer.write_batch(chunk.data)


def _files(data_dir: Path) -> Path:
    """The folder of lineitem's files: the largest table there is."""
    folders = {path.parent for path in data_dir.glob("lake/**/*.parquet") if "_delta_log" not in path.parts}
    return max(folders, key=lambda folder: sum(path.stat().st_size for path in folder.glob("*.parquet")))
