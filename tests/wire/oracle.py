"""The real PostgreSQL the conversations are compared with, and the tables they talk about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from catalog.postgres import EmbeddedPostgres
from tests.wire.raw_client import Address, RawClient

FOLDER = Path(__file__).parent / "conversations"
SETUP = (
    "create schema w",
    "create table w.orders (id integer, customer text, amount numeric(10,2), placed timestamp)",
    "insert into w.orders values (1, 'anna', 10.50, '2024-01-01 10:00:00'), (2, 'bob', 20.00, '2024-01-02 11:30:00'), "
    "(3, 'anna', -3.25, '2024-01-03 00:00:00.5'), (4, null, null, null), (5, 'zoë', 0.00, '1999-12-31 23:59:59')",
    "create table w.sink (id integer, label text)",
)


def set_up(address: Address) -> None:
    """Make the tables of the conversations."""
    with RawClient(address) as client:
        client.log_in()
        for sql in SETUP:
            answer = client.query(sql)
            assert not any(line.startswith("ErrorResponse") for line in answer), (sql, answer)


@contextmanager
def real_postgres(folder: Path) -> Iterator[Address]:
    """A PostgreSQL 16 of its own, with the tables, for as long as the block lasts."""
    server = EmbeddedPostgres(folder / "oracle", durable=False)
    server.start()
    try:
        told = conninfo_to_dict(server.conninfo("postgres"))
        address = Address(str(told["host"]), int(told["port"]), str(told["user"]), "postgres")
        set_up(address)
        yield address
    finally:
        server.stop()
