"""Peers of the Flight SQL benchmarks, in processes of their own: pyarrow's bare server and a raw TCP sender in one,
and another Flight SQL server, the example of arrow-go over SQLite.

    python -m bench.flight_peers TABLE.arrow FOLDER     # FOLDER: the Delta table's files, for the engine's own stream

Prints both ports and serves until its standard input ends. Tickets of the bare server: `table` is the table at hand,
in batches of 65,536 rows; `batches` is the same in the batches it came in; `file` is those batches in a file mapped for
each request; `engine` is DuckDB's stream over the files, with nothing of ours in between.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.flight as flight

from gateway.listening import free_port
from tests.clients.downloads import go_program

BATCH_ROWS = 65_536
SQLITE = "github.com/apache/arrow-go/v18/arrow/flight/flightsql/example/cmd/sqlite_flightsql_server"
SQLITE_VERSION = "18.8.0"
START_S = 30.0


@dataclass(frozen=True, slots=True)
class Peers:
    """Where they listen; `raw_bytes` is what the TCP sender sends to whoever connects."""

    bare_port: int
    raw_port: int
    raw_bytes: int


@contextmanager
def peers(table: Path, files: Path) -> Iterator[Peers]:
    """Both peers, for the time of the block."""
    command = [sys.executable, "-m", "bench.flight_peers", str(table), str(files)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Peers(*map(int, process.stdout.readline().split()))
    finally:
        process.stdin.close()
        process.wait(30)


@contextmanager
def sqlite() -> Iterator[str | None]:
    """The address of a Flight SQL server over SQLite in memory, for the time of the block; None where there is no Go
    to build it with."""
    if shutil.which("go") is None:
        yield None
        return
    program, port = go_program(SQLITE, SQLITE_VERSION), free_port("127.0.0.1")
    command = [str(program), "-host", "127.0.0.1", "-port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"grpc://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_S)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


class _Bare(flight.FlightServerBase):  # type: ignore[misc]
    def __init__(self, path: str, table: pa.Table, files: str) -> None:
        super().__init__("grpc://127.0.0.1:0")
        self._path, self._table, self._files = path, table, files
        self._batches = pa.ipc.open_file(pa.OSFile(path)).read_all()

    def do_get(self, context: flight.ServerCallContext, ticket: flight.Ticket) -> flight.RecordBatchStream:
        if ticket.ticket == b"table":
            return flight.RecordBatchStream(self._table)
        if ticket.ticket == b"batches":
            return flight.RecordBatchStream(self._batches)
        if ticket.ticket == b"file":
            return flight.RecordBatchStream(pa.ipc.open_file(pa.memory_map(self._path)).read_all())
        relation = duckdb.connect().sql(f"SELECT * FROM read_parquet('{self._files}/*.parquet')")
        return flight.RecordBatchStream(relation.to_arrow_reader(BATCH_ROWS))


def _send(listener: socket.socket, data: memoryview) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(data)


def main() -> None:
    table = pa.ipc.open_file(pa.memory_map(sys.argv[1])).read_all().combine_chunks()
    table = pa.Table.from_batches(table.to_batches(max_chunksize=BATCH_ROWS))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data = sink.getvalue()
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_send, args=(listener, memoryview(data)), daemon=True).start()
    bare = _Bare(sys.argv[1], table, sys.argv[2])
    print(bare.port, listener.getsockname()[1], data.size, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
