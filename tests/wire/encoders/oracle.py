"""A real PostgreSQL as judge: loads samples as text, and gives back its own bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import psycopg
from psycopg import sql

from gateway.pgwire.rows import Style
from tests.wire.encoders.samples import Sample, literal

Row = list[bytes | None]


class Oracle:
    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def load(self, table: str, samples: Sequence[Sample]) -> None:
        """A temporary table with the samples as columns, and `i` as the row's number."""
        columns = ", ".join(f'"{sample.name}" {sample.sql_type}' for sample in samples)
        self.connection.execute(f"DROP TABLE IF EXISTS {table}")
        self.connection.execute(f"CREATE TEMPORARY TABLE {table} (i int4, {columns})")
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row, values in enumerate(zip(*(sample.texts for sample in samples), strict=True)):
                copy.write_row((row, *values))

    def set(self, style: Style) -> None:
        for name in ("date_style", "interval_style", "time_zone", "bytea_output", "extra_float_digits"):
            value = sql.Literal(str(getattr(style, name)))
            setting = sql.Identifier(
                {"date_style": "datestyle", "interval_style": "intervalstyle", "time_zone": "timezone"}.get(name, name)
            )
            self.connection.execute(sql.SQL("SET {} = {}").format(setting, value))

    def rows(self, query: str, *, binary: bool) -> list[Row]:
        result = self.connection.pgconn.exec_params(query.encode(), [], result_format=1 if binary else 0)
        if result.error_message:
            raise AssertionError(result.error_message.decode())
        return [[result.get_value(row, at) for at in range(result.nfields)] for row in range(result.ntuples)]

    def array(self, texts: Sequence[str | None]) -> bytes:
        """A text[] literal, as a parameter."""
        return literal(list(texts)).encode()

    def copied(self, statement: str) -> list[bytes]:
        """The CopyData messages of a COPY TO STDOUT."""
        with self.connection.cursor() as cursor, cursor.copy(sql.SQL(statement)) as copy:
            return [bytes(data) for data in copy]


def data_rows(rows: Sequence[Row], tag: bytes = b"D") -> list[bytes]:
    """DataRow messages, framed by hand."""
    messages = []
    for row in rows:
        body = b"".join(struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v for v in row)
        messages.append(tag + struct.pack("!ih", len(body) + 6, len(row)) + body)
    return messages


def messages_of(stream: bytes) -> list[bytes]:
    """The stream cut into its messages."""
    found, at = [], 0
    while at < len(stream):
        (length,) = struct.unpack_from("!i", stream, at + 1)
        found.append(stream[at : at + 1 + length])
        at += 1 + length
    return found
