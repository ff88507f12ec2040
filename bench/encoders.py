"""How fast rows are encoded and COPY data decoded, as ratios against a peer run in alternation.

    python -m bench.encoders [rows]

Peers: per-row Python (one struct.pack per value), the value-by-value path of the encoder itself, and with `--postgres`
a PostgreSQL backend's CPU for the same rows. A ratio above 1 is better for us; the median of the rounds is shown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa

from bench.measure import Ratio, Report
from catalog.postgres import EmbeddedPostgres
from catalog.types import from_arrow
from engine.base import Field
from engine.values.copy_in import CopyInDecoder
from engine.values.copy_options import CopyOptions
from gateway.pgwire import rows as rows_module
from gateway.pgwire.copy.out import CopyOutEncoder
from gateway.pgwire.rows import RowEncoder, Style

ROUNDS = 7
MONEY = pa.decimal128(15, 2)


def lineitem(rows: int) -> pa.RecordBatch:
    """Random rows shaped as TPC-H's lineitem."""
    random = np.random.default_rng(1)

    def money(low: int, high: int) -> pa.Array:
        words = np.zeros((rows, 2), np.int64)  # little-endian 128 bits: the low word, and 0 for a positive number
        words[:, 0] = random.integers(low, high, rows)
        return pa.Array.from_buffers(MONEY, rows, [None, pa.py_buffer(words)])

    def day() -> pa.Array:
        return pa.array(random.integers(8035, 10561, rows).astype(np.int32)).view(pa.date32())

    def word(words: list[str]) -> pa.Array:
        return pa.array(words).take(pa.array(random.integers(0, len(words), rows)))

    text = "carefully ironic packages sleep furiously across the blithely bold deposits nag"
    starts = random.integers(0, 30, rows)
    comments = pa.array([text[s : s + 15 + s] for s in starts.tolist()])
    columns = {
        "l_orderkey": pa.array(random.integers(1, 6_000_000, rows)),
        "l_partkey": pa.array(random.integers(1, 200_000, rows)),
        "l_suppkey": pa.array(random.integers(1, 10_000, rows)),
        "l_linenumber": pa.array(random.integers(1, 8, rows).astype(np.int32)),
        "l_quantity": money(100, 5000),
        "l_extendedprice": money(90000, 10_500_000),
        "l_discount": money(0, 11),
        "l_tax": money(0, 9),
        "l_returnflag": word(["A", "N", "R"]),
        "l_linestatus": word(["O", "F"]),
        "l_shipdate": day(),
        "l_commitdate": day(),
        "l_receiptdate": day(),
        "l_shipinstruct": word(["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"]),
        "l_shipmode": word(["AIR", "TRUCK", "MAIL", "SHIP", "RAIL", "REG AIR", "FOB"]),
        "l_comment": comments,
    }
    return pa.RecordBatch.from_pydict(columns)


def per_row_python(batch: pa.RecordBatch) -> bytes:
    """The peer: as a simple server would write text rows."""
    count, out = batch.num_columns, []
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        parts = []
        for value in row:
            if value is None:
                parts.append(b"\xff\xff\xff\xff")
                continue
            data = str(value).encode()
            parts.append(struct.pack("!i", len(data)))
            parts.append(data)
        body = b"".join(parts)
        out.append(struct.pack("!cih", b"D", len(body) + 6, count) + body)
    return b"".join(out)


def ratio(ours: Callable[[], object], peer: Callable[[], object], rounds: int = ROUNDS, repeat: int = 1) -> float:
    """Median over the rounds of peer's CPU time over ours, alternated."""

    def cost(work: Callable[[], object]) -> float:
        start = time.process_time()
        for _ in range(repeat):
            work()
        return time.process_time() - start

    ours(), peer()
    return statistics.median(cost(peer) / max(cost(ours), 1e-9) for _ in range(rounds))


def encoder(batch: pa.RecordBatch, code: int) -> RowEncoder:
    fields = [Field(field.name, from_arrow(field.type)) for field in batch.schema]
    return RowEncoder(fields, [code] * len(fields), Style())


def chunks(batch: pa.RecordBatch, size: int) -> list[pa.RecordBatch]:
    return [batch.slice(at, size) for at in range(0, batch.num_rows, size)]


def against_python(batch: pa.RecordBatch) -> None:
    for size in (1, 16, 32, 128, 1024, 8192):
        pieces = chunks(batch, size)[: max(1, 8192 // size)][:200]
        for code, name in ((0, "text"), (1, "binary")):
            encode = encoder(batch, code).encode
            got = ratio(lambda: [encode(p) for p in pieces], lambda: [per_row_python(p) for p in pieces], 5)  # noqa: B023
            print(f"DataRows {name:6} batches of {size:5}: {got:6.2f} x per-row Python")


def threshold(batch: pa.RecordBatch) -> None:
    """The two paths of the encoder against each other: where SCALAR_ROWS_MAX belongs."""
    for size in (1, 4, 8, 16, 32, 48, 64, 128):
        piece = batch.slice(0, size)
        for code, name in ((0, "text"), (1, "binary")):
            encode, limit = encoder(batch, code).encode, rows_module.SCALAR_ROWS_MAX

            def by(path: int) -> object:
                rows_module.SCALAR_ROWS_MAX = path
                return encode(piece)  # noqa: B023

            got = ratio(lambda: by(10**9), lambda: by(-1), 7, 200)
            rows_module.SCALAR_ROWS_MAX = limit
            print(f"{size:4} rows {name:6}: value by value {got:5.2f} x vectorised")


Tell = Callable[[str, tuple[float, ...]], None]


def against_postgres(batch: pa.RecordBatch, tell: Tell | None = None, rounds: int = ROUNDS) -> None:
    """CPU of a PostgreSQL backend that sends the same rows, and takes the same COPY data."""
    with (
        EmbeddedPostgres(Path(tempfile.mkdtemp()) / "bench", durable=False) as server,
        psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection,
    ):
        load(connection, batch)
        for code, name in ((0, "text"), (1, "binary")):
            drained(connection, batch, code, name, tell or printed, rounds)
        for form in ("text", "csv", "binary"):
            copied(connection, batch, form, tell or printed, rounds)


def drained(
    connection: psycopg.Connection, batch: pa.RecordBatch, code: int, name: str, tell: Tell, rounds: int
) -> None:
    encode, pieces = encoder(batch, code).encode, chunks(batch, 8192)

    def peer() -> None:
        connection.pgconn.exec_params(b"SELECT * FROM lineitem", [], result_format=code)

    show(
        f"DataRows {name}", lambda: [encode(piece) for piece in pieces], peer, connection.info.backend_pid, tell, rounds
    )


def copied(connection: psycopg.Connection, batch: pa.RecordBatch, form: str, tell: Tell, rounds: int) -> None:
    options, pieces = CopyOptions(format=form), chunks(batch, 8192)
    columns = [(field.name, from_arrow(field.type)) for field in batch.schema]
    copy = CopyOutEncoder([Field(*column) for column in columns], options, Style())
    outbound = f"COPY lineitem TO STDOUT (FORMAT {form})"

    def out() -> bytes:
        with connection.cursor() as cursor, cursor.copy(outbound) as stream:
            return b"".join(bytes(each) for each in stream)

    data, backend = out(), connection.info.backend_pid

    def inbound() -> None:
        connection.execute("TRUNCATE fresh")
        with connection.cursor() as cursor, cursor.copy(f"COPY fresh FROM STDIN (FORMAT {form})") as stream:
            stream.write(data)

    def decode() -> None:
        decoder = CopyInDecoder("fresh", columns, options)
        for at in range(0, len(data), 1 << 20):
            decoder.feed(data[at : at + (1 << 20)])
        decoder.finish()

    show(f"COPY OUT {form}", lambda: [copy.encode(piece) for piece in pieces], out, backend, tell, rounds)
    show(f"COPY IN {form}", decode, inbound, backend, tell, rounds)


def load(connection: psycopg.Connection, batch: pa.RecordBatch) -> None:
    kinds = {pa.int64(): "int8", pa.int32(): "int4", MONEY: "numeric(15,2)", pa.date32(): "date", pa.string(): "text"}
    listed = ", ".join(f"{field.name} {kinds[field.type]}" for field in batch.schema)
    connection.execute(f"CREATE UNLOGGED TABLE lineitem ({listed})")
    connection.execute(f"CREATE UNLOGGED TABLE fresh ({listed})")
    with connection.cursor() as cursor, cursor.copy("COPY lineitem FROM STDIN") as copy:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            copy.write_row(row)
    connection.execute("VACUUM ANALYZE lineitem")


def printed(name: str, ratios: tuple[float, ...]) -> None:
    print(f"{name:16}: {statistics.median(ratios):5.2f} x PostgreSQL backend ({min(ratios):.2f}-{max(ratios):.2f})")


def show(
    name: str, ours: Callable[[], object], peer: Callable[[], object], backend: int, tell: Tell, rounds: int
) -> None:
    ours(), peer()
    ratios = []
    for _ in range(rounds):
        before = backend_cpu(backend)
        peer()
        theirs = backend_cpu(backend) - before
        start = time.process_time()
        ours()
        ratios.append(theirs / max(time.process_time() - start, 1e-9))
    tell(name, tuple(ratios))


def backend_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(report: Report, rounds: int) -> None:
    """As a part of `python -m bench`: the encoders and decoders against a PostgreSQL backend, by CPU time."""
    batch = lineitem(200_000)
    against_postgres(batch, lambda name, ratios: report.add(Ratio(name, "PostgreSQL backend", ratios)), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rows", nargs="?", type=int, default=200_000)
    parser.add_argument("--only", choices=("python", "threshold", "postgres"))
    chosen = parser.parse_args()
    batch = lineitem(chosen.rows)
    for name, part in (("threshold", threshold), ("python", against_python), ("postgres", against_postgres)):
        if chosen.only in (None, name):
            print(f"-- {name}")
            part(batch)


if __name__ == "__main__":
    main()
