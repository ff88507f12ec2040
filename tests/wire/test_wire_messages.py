"""Decoding of the client's messages, and the bytes of ours."""

from __future__ import annotations

import struct

import pytest

from catalog.errors import CharacterNotInRepertoire, ProtocolViolation, SqlError, SqlSyntaxError
from engine.base import Notice
from gateway.pgwire import messages as m
from gateway.pgwire import replies


def test_bind_with_every_part() -> None:
    body = b"portal\0stmt\0" + struct.pack("!hhh", 2, 0, 1) + struct.pack("!hi", 2, -1)
    body += struct.pack("!i", 3) + b"abc" + struct.pack("!hh", 1, 1)
    assert m.decode(ord("B"), body) == m.Bind("portal", "stmt", (0, 1), (None, b"abc"), (1,))


def test_parse_reads_oids_unsigned() -> None:
    body = b"s\0select $1\0" + struct.pack("!hI", 1, 4_000_000_000)
    assert m.decode(ord("P"), body) == m.Parse("s", "select $1", (4_000_000_000,))


@pytest.mark.parametrize(
    ("code", "body", "message"),
    [
        (b"Q", b"no end", "invalid string in message"),
        (b"Q", b"select 1\0extra", "invalid message format"),
        (b"S", b"x", "invalid message format"),
        (b"D", b"X\0", "invalid DESCRIBE message subtype 88"),
        (b"C", b"Q\0", "invalid CLOSE message subtype 81"),
        (b"D", b"", "insufficient data left in message"),
        (b"E", b"p\0\0\0", "insufficient data left in message"),
        (b"B", b"\0\0" + struct.pack("!hhi", 0, 1, 100) + b"short", "insufficient data left in message"),
        (b"B", b"\0\0" + struct.pack("!hhi", 0, 1, -2), "insufficient data left in message"),
        (b"B", b"\0\0" + struct.pack("!h", -1), "insufficient data left in message"),
        (b"P", b"\0\0" + struct.pack("!h", 2) + b"\0\0\0\1", "insufficient data left in message"),
    ],
)
def test_malformed_bodies_are_08p01(code: bytes, body: bytes, message: str) -> None:
    event = m.decode(code[0], body)
    assert isinstance(event, m.Malformed)
    assert (event.code, event.error.code, event.error.message) == (code.decode(), "08P01", message)


def test_bad_utf8_is_22021() -> None:
    event = m.decode(ord("Q"), b"select '\xff'\0")
    assert isinstance(event, m.Malformed) and isinstance(event.error, CharacterNotInRepertoire)
    assert event.error.message == 'invalid byte sequence for encoding "UTF8": 0xff'


def test_startup_and_its_kin() -> None:
    assert m.decode_startup(struct.pack("!i", 196608) + b"user\0u\0\0") == m.Startup(0, {"user": "u"})
    assert m.decode_startup(struct.pack("!i", 196610) + b"user\0u\0database\0d\0\0") == m.Startup(
        2, {"user": "u", "database": "d"}
    )
    assert m.decode_startup(struct.pack("!i", m.SSL_CODE)) == m.SslRequest()
    assert m.decode_startup(struct.pack("!i", m.GSSENC_CODE)) == m.GssEncRequest()
    for key in (b"1234", b"k" * 32, b"k" * 256):
        assert m.decode_startup(struct.pack("!ii", m.CANCEL_CODE, 7) + key) == m.CancelRequest(7, key)


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("!ii", m.CANCEL_CODE, 7),
        struct.pack("!ii", m.CANCEL_CODE, 7) + b"k" * 257,
        struct.pack("!i", 196608) + b"user\0u\0",
        struct.pack("!i", 196608) + b"user\0u\0\0more",
        struct.pack("!i", m.SSL_CODE) + b"x",
        b"\0",
    ],
)
def test_bad_startup_packets(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        m.decode_startup(body)


def test_other_protocol_versions_are_refused() -> None:
    with pytest.raises(SqlError, match=r"unsupported frontend protocol 2\.0: server supports 3\.0 to 3\.2") as refused:
        m.decode_startup(struct.pack("!i", 2 << 16))
    assert refused.value.code == "0A000"


def test_error_response_has_every_field_that_is_known() -> None:
    error = SqlSyntaxError("wrong", detail="d", hint="h", position=5, context="COPY t, line 3")
    body = b"SERROR\0VERROR\0C42601\0Mwrong\0Dd\0Hh\0P5\0WCOPY t, line 3\0\0"
    assert replies.error_response(error) == b"E" + struct.pack("!i", len(body) + 4) + body
    assert b"SFATAL\0VFATAL\0C42601\0" in replies.error_response(error, "FATAL")


def test_other_replies() -> None:
    assert replies.notice_response(Notice("WARNING", "w", "01000")) == (
        b"N" + struct.pack("!i", 33) + b"SWARNING\0VWARNING\0C01000\0Mw\0\0"
    )
    assert replies.negotiate_protocol_version(2, ["_pq_.x"]) == (
        b"v" + struct.pack("!iii", 19, 196610, 1) + b"_pq_.x\0"
    )
    assert replies.parameter_description((25, 4_000_000_000)) == b"t" + struct.pack("!iHII", 14, 2, 25, 4_000_000_000)
    assert replies.copy_in_response(2, binary=True) == b"G" + struct.pack("!ibhhh", 11, 1, 2, 1, 1)
    assert replies.command_complete("SELECT 1") == b"C" + struct.pack("!i", 13) + b"SELECT 1\0"
    assert replies.ready_for_query("T") == b"Z\0\0\0\x05T"
