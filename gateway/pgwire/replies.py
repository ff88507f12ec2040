"""The server's messages as bytes, but for rows (`rows`) and COPY data (`copy`)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from catalog.errors import SqlError
from engine.base import Notice

PARSE_COMPLETE = b"1\0\0\0\4"
BIND_COMPLETE = b"2\0\0\0\4"
CLOSE_COMPLETE = b"3\0\0\0\4"
NO_DATA = b"n\0\0\0\4"
EMPTY_QUERY = b"I\0\0\0\4"
PORTAL_SUSPENDED = b"s\0\0\0\4"
COPY_DONE = b"c\0\0\0\4"
AUTHENTICATION_OK = b"R\0\0\0\x08\0\0\0\0"
_SASL, _SASL_CONTINUE, _SASL_FINAL = 10, 11, 12


def message(code: bytes, body: bytes = b"") -> bytes:
    """A message: its type, its length, its body."""
    return code + struct.pack("!i", len(body) + 4) + body


def _text(value: str) -> bytes:
    """A string that ends in a zero byte; a zero inside cannot be sent and is left out."""
    return value.encode(errors="replace").replace(b"\0", b"") + b"\0"


def ready_for_query(state: str) -> bytes:
    """`state` is I, T or E."""
    return b"Z\0\0\0\5" + state.encode()


def command_complete(tag: str) -> bytes:
    return message(b"C", _text(tag))


def parameter_status(name: str, value: str) -> bytes:
    return message(b"S", _text(name) + _text(value))


def parameter_description(oids: Sequence[int]) -> bytes:
    return message(b"t", struct.pack(f"!H{len(oids)}I", len(oids), *oids))


def backend_key_data(pid: int, key: bytes) -> bytes:
    return message(b"K", struct.pack("!i", pid) + key)


def negotiate_protocol_version(minor: int, unknown_options: Sequence[str]) -> bytes:
    """The newest minor version of protocol 3 we speak, and the options we do not know."""
    head = struct.pack("!ii", 3 << 16 | minor, len(unknown_options))
    return message(b"v", head + b"".join(_text(option) for option in unknown_options))


def authentication_sasl(mechanisms: Sequence[str]) -> bytes:
    return message(b"R", struct.pack("!i", _SASL) + b"".join(_text(name) for name in mechanisms) + b"\0")


def authentication_sasl_continue(data: bytes) -> bytes:
    return message(b"R", struct.pack("!i", _SASL_CONTINUE) + data)


def authentication_sasl_final(data: bytes) -> bytes:
    return message(b"R", struct.pack("!i", _SASL_FINAL) + data)


def copy_in_response(columns: int, *, binary: bool) -> bytes:
    return _copy_response(b"G", columns, binary=binary)


def copy_out_response(columns: int, *, binary: bool) -> bytes:
    return _copy_response(b"H", columns, binary=binary)


def _copy_response(code: bytes, columns: int, *, binary: bool) -> bytes:
    form = int(binary)
    return message(code, struct.pack(f"!bh{columns}h", form, columns, *[form] * columns))


def error_response(error: SqlError, severity: str | None = None) -> bytes:
    """ErrorResponse with the fields that are known; `severity` FATAL overrides the error's own."""
    fields = {
        "M": error.message,
        "D": error.detail,
        "H": error.hint,
        "P": None if error.position is None else str(error.position),
        "W": error.context,
    }
    if error.subject is not None:
        about = error.subject
        fields |= {"s": about.schema, "t": about.table, "c": about.column, "n": about.constraint}
    return message(b"E", _fields(severity or error.severity, error.code, fields))


def notice_response(notice: Notice) -> bytes:
    fields = {"M": notice.message, "D": notice.detail, "H": notice.hint}
    return message(b"N", _fields(notice.severity, notice.sqlstate, fields))


def _fields(severity: str, code: str, fields: dict[str, str | None]) -> bytes:
    head = b"S" + _text(severity) + b"V" + _text(severity) + b"C" + _text(code)
    return head + b"".join(key.encode() + _text(value) for key, value in fields.items() if value is not None) + b"\0"
