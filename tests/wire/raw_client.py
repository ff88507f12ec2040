"""A PostgreSQL client without a library behind it: says exactly what it is told to, and shows exactly what it hears."""

from __future__ import annotations

import json
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import Any

from tests.wire.scram_client import ScramClient

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Address:
    """Where a server listens: TCP, or a Unix socket if `host` is a folder. No password: it must not ask for one."""

    host: str
    port: int
    user: str
    database: str
    password: str | None = None


class Closed(Exception):
    """The server has closed the connection."""


class RawClient:
    def __init__(self, address: Address) -> None:
        self.address = address
        if address.host.startswith("/"):
            self.socket: socket.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(TIMEOUT_S)
            self.socket.connect(f"{address.host}/.s.PGSQL.{address.port}")
        else:
            self.socket = socket.create_connection((address.host, address.port), TIMEOUT_S)
        self.buffer = b""
        self.pid, self.key = 0, b""
        self.parameters: dict[str, str] = {}

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def start_tls(self) -> None:
        self.socket.sendall(struct.pack("!ii", 8, 80877103))
        assert self.socket.recv(1) == b"S"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)

    def log_in(self, version: int = 196608, **params: str) -> list[tuple[bytes, bytes]]:
        """Up to the first ReadyForQuery, or an error; gives all messages heard."""
        told = {"user": self.address.user, "database": self.address.database, **params}
        body = struct.pack("!i", version)
        body += b"".join(f"{name}\0{value}\0".encode() for name, value in told.items()) + b"\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        heard: list[tuple[bytes, bytes]] = []
        scram = ScramClient(self.address.password or "")
        while not heard or heard[-1][0] not in (b"Z", b"E"):
            heard.append(self.receive())
            code, body = heard[-1]
            if code == b"R":
                self._authenticate(scram, body)
            elif code == b"S":
                name, value = body[:-1].decode().split("\0")
                self.parameters[name] = value
            elif code == b"K":
                self.pid, self.key = struct.unpack_from("!i", body)[0], body[4:]
        return heard

    def send(self, *messages: bytes) -> None:
        self.socket.sendall(b"".join(messages))

    def receive(self) -> tuple[bytes, bytes]:
        """The next message: type and body. Raises Closed."""
        head = self._take(5)
        return head[:1], self._take(struct.unpack("!i", head[1:])[0] - 4)

    def until(self, *codes: bytes) -> list[tuple[bytes, bytes]]:
        """Messages up to the first of one of these types."""
        heard = [self.receive()]
        while heard[-1][0] not in codes:
            heard.append(self.receive())
        return heard

    def query(self, sql: str) -> list[str]:
        """A simple query's whole answer, as lines."""
        self.send(build("Query", {"sql": sql}))
        return [show(*message) for message in self.until(b"Z")]

    def cancel(self) -> None:
        """Ask on a second connection to stop what runs on this one; returns when the server has closed that."""
        with RawClient(self.address) as other:
            body = struct.pack("!ii", 80877102, self.pid) + self.key
            other.send(struct.pack("!i", len(body) + 4) + body)
            assert other.socket.recv(1) == b""

    def is_closed(self) -> bool:
        """Whether the server closes the connection within the time limit, whatever it says before."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    def _take(self, length: int) -> bytes:
        while len(self.buffer) < length:
            data = self.socket.recv(65536)
            if not data:
                raise Closed
            self.buffer += data
        piece, self.buffer = self.buffer[:length], self.buffer[length:]
        return piece

    def _authenticate(self, scram: ScramClient, body: bytes) -> None:
        kind = struct.unpack_from("!i", body)[0]
        if kind == 10:
            first = scram.first()
            self.send(message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first))
        elif kind == 11:
            self.send(message(b"p", scram.final(body[4:])))
        elif kind == 12:
            assert body[4:] == scram.expected
        else:
            assert kind == 0


def message(code: bytes, body: bytes = b"") -> bytes:
    return code + struct.pack("!i", len(body) + 4) + body


def build(name: str, fields: dict[str, Any]) -> bytes:
    """A client's message from its name and fields as written in a conversation."""
    get = fields.get
    if name == "Query":
        return message(b"Q", _text(fields["sql"]))
    if name == "Parse":
        oids = get("oids", [])
        return message(
            b"P", _text(get("name", "")) + _text(fields["sql"]) + struct.pack(f"!h{len(oids)}I", len(oids), *oids)
        )
    if name == "Bind":
        return message(b"B", _bind(fields))
    if name in ("Describe", "Close"):
        kind = b"P" if "portal" in fields else b"S"
        target = get("portal", get("statement", ""))
        return message(b"D" if name == "Describe" else b"C", kind + _text(target))
    if name == "Execute":
        return message(b"E", _text(get("portal", "")) + struct.pack("!i", get("max_rows", 0)))
    if name == "CopyData":
        return message(b"d", bytes.fromhex(fields["hex"]) if "hex" in fields else fields["data"].encode())
    if name == "CopyFail":
        return message(b"f", _text(fields["reason"]))
    if name == "Raw":
        return bytes.fromhex(fields["hex"])
    return message(
        {"Sync": b"S", "Flush": b"H", "CopyDone": b"c", "Terminate": b"X", "FunctionCall": b"F"}[name], _call(name)
    )


def _call(name: str) -> bytes:
    return struct.pack("!ihhh", 1598, 0, 0, 0) if name == "FunctionCall" else b""


def _bind(fields: dict[str, Any]) -> bytes:
    formats, params, results = fields.get("formats", []), fields.get("params", []), fields.get("results", [])
    body = _text(fields.get("portal", "")) + _text(fields.get("statement", ""))
    body += struct.pack(f"!h{len(formats)}h", len(formats), *formats) + struct.pack("!h", len(params))
    for param in params:
        if param is None:
            body += struct.pack("!i", -1)
            continue
        data = bytes.fromhex(param["hex"]) if isinstance(param, dict) else param.encode()
        body += struct.pack("!i", len(data)) + data
    return body + struct.pack(f"!h{len(results)}h", len(results), *results)


def _text(value: str) -> bytes:
    return value.encode() + b"\0"


_NAMES = {
    b"1": "ParseComplete", b"2": "BindComplete", b"3": "CloseComplete", b"n": "NoData", b"I": "EmptyQueryResponse",
    b"s": "PortalSuspended", b"c": "CopyDone",
}  # fmt: skip


def show(code: bytes, body: bytes) -> str:
    """A server's message as one line of a conversation. OIDs of tables become "table"."""
    if code in _NAMES:
        return _NAMES[code]
    if code == b"T":
        return "RowDescription " + json.dumps(_columns(body), ensure_ascii=False)
    if code == b"D":
        return "DataRow " + json.dumps(_values(body), ensure_ascii=False)
    if code == b"C":
        return f"CommandComplete {json.dumps(body[:-1].decode())}"
    if code == b"Z":
        return f"ReadyForQuery {body.decode()}"
    if code in b"EN":
        return ("ErrorResponse " if code == b"E" else "NoticeResponse ") + _error(body)
    if code == b"S":
        return "ParameterStatus " + "=".join(body[:-1].decode().split("\0"))
    if code == b"t":
        return f"ParameterDescription {list(struct.unpack_from(f'!{(len(body) - 2) // 4}I', body, 2))}"
    if code in b"GH":
        form, count = struct.unpack_from("!bh", body)
        name = "CopyInResponse" if code == b"G" else "CopyOutResponse"
        return f"{name} {form} {list(struct.unpack_from(f'!{count}h', body, 3))}"
    if code == b"d":
        return "CopyData " + json.dumps(_shown(body), ensure_ascii=False)
    return f"{code!r} {body.hex()}"


def _columns(body: bytes) -> list[str]:
    count, at, found = struct.unpack_from("!h", body)[0], 2, []
    for _ in range(count):
        end = body.index(0, at)
        table, attnum, oid, size, typmod, form = struct.unpack_from("!IhIhih", body, end + 1)
        origin = f" table.{attnum}" if table else ""
        found.append(f"{body[at:end].decode()} {oid} {size} {typmod} {form}{origin}")
        at = end + 19
    return found


def _values(body: bytes) -> list[str | None]:
    count, at = struct.unpack_from("!h", body)[0], 2
    found: list[str | None] = []
    for _ in range(count):
        length = struct.unpack_from("!i", body, at)[0]
        at += 4
        found.append(None if length < 0 else _shown(body[at : at + length]))
        at += max(length, 0)
    return found


def _shown(data: bytes) -> str:
    """Text as it is; bytes that are none as \\x and hexadecimal digits."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "\\x" + data.hex()
    return text if all(char.isprintable() or char in "\n\t\r" for char in text) else "\\x" + data.hex()


def _error(body: bytes) -> str:
    fields = {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}
    shown = f"{fields['S']} {fields['C']} {json.dumps(fields['M'], ensure_ascii=False)}"
    assert fields["V"] == fields["S"]
    return shown + (f" at {fields['P']}" if "P" in fields else "")
