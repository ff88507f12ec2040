"""A client that does next to nothing: logs in by libpq, then reads the socket raw, so that only the server counts."""

from __future__ import annotations

import os
import socket
import struct

import psycopg

BUFFER = 1 << 18


class RawClient:
    """Sends messages made beforehand and drains answers up to ReadyForQuery without looking at rows."""

    def __init__(self, conninfo: str) -> None:
        self.connection = psycopg.connect(conninfo, autocommit=True)
        self.pid = self.connection.info.backend_pid
        self.socket = socket.socket(fileno=os.dup(self.connection.pgconn.socket))
        self.socket.setblocking(True)
        self._buffer = bytearray(BUFFER)

    def close(self) -> None:
        self.socket.close()
        self.connection.close()

    def drain(self, request: bytes) -> int:
        """Bytes of the whole answer. Raises RuntimeError for an ErrorResponse at its beginning or its end."""
        self.socket.sendall(request)
        view, total, head, tail = memoryview(self._buffer), 0, b"", b""
        while True:
            got = self.socket.recv_into(view)
            if not got:
                raise RuntimeError("the server closed the connection")
            if not total:
                head = bytes(view[:400])
            total += got
            tail = (tail + bytes(view[max(0, got - 400) : got]))[-400:]
            if tail[-6:-1] == b"Z\0\0\0\x05":
                break
        if head[:1] == b"E" or b"SERROR\0" in tail:
            raise RuntimeError(f"the server answered with an error: {(head if head[:1] == b'E' else tail)!r}")
        return total

    def read_some(self, request: bytes, size: int) -> int:
        """Send, and read the first `size` bytes of the answer."""
        if request:
            self.socket.sendall(request)
        got = 0
        while got < size:
            piece = self.socket.recv(min(BUFFER, size - got))
            if not piece:
                raise RuntimeError("the server closed the connection")
            got += len(piece)
        return got


def simple(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


def extended(sql: str, *, binary: bool = False) -> bytes:
    """Parse, Bind, Describe, Execute, Sync of the unnamed statement."""
    bind = b"\0\0" + struct.pack("!hhhh", 0, 0, 1, int(binary))
    return (
        message(b"P", b"\0" + sql.encode() + b"\0" + struct.pack("!h", 0))
        + message(b"B", bind)
        + message(b"D", b"P\0")
        + message(b"E", b"\0" + struct.pack("!i", 0))
        + message(b"S", b"")
    )


def message(tag: bytes, body: bytes) -> bytes:
    return tag + struct.pack("!i", len(body) + 4) + body
