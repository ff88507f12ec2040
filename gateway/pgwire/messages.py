"""The client's messages: bytes to frozen dataclasses. Only this file knows the layouts; `replies` has the server's.

After PostgreSQL's "Message Formats". A body that does not fit its format raises ProtocolViolation (08P01), text that is
not UTF-8 raises CharacterNotInRepertoire (22021).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from catalog.errors import CharacterNotInRepertoire, ProtocolViolation, SqlError

CANCEL_CODE = 80877102
SSL_CODE = 80877103
GSSENC_CODE = 80877104
CANCEL_KEY_BYTES_MAX = 256


@dataclass(frozen=True, slots=True)
class Startup:
    """`minor` of protocol 3; `params` are the client's settings, `user` and `database` among them."""

    minor: int
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class SslRequest: ...


@dataclass(frozen=True, slots=True)
class GssEncRequest: ...


@dataclass(frozen=True, slots=True)
class CancelRequest:
    pid: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Password:
    """PasswordMessage, SASLInitialResponse or SASLResponse: which one depends on what was asked."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Query:
    sql: str


@dataclass(frozen=True, slots=True)
class Parse:
    name: str
    sql: str
    param_oids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bind:
    """`params` None is NULL; formats are 0 (text) or 1 (binary): none, one for all, or one for each."""

    portal: str
    statement: str
    param_formats: tuple[int, ...] = ()
    params: tuple[bytes | None, ...] = ()
    result_formats: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Describe:
    """`kind` is "S" (prepared statement) or "P" (portal)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Execute:
    """`max_rows` 0: no limit."""

    portal: str
    max_rows: int = 0


@dataclass(frozen=True, slots=True)
class Close:
    """`kind` is "S" (prepared statement) or "P" (portal)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Sync: ...


@dataclass(frozen=True, slots=True)
class Flush: ...


@dataclass(frozen=True, slots=True)
class Terminate: ...


@dataclass(frozen=True, slots=True)
class CopyData:
    data: bytes


@dataclass(frozen=True, slots=True)
class CopyDone: ...


@dataclass(frozen=True, slots=True)
class CopyFail:
    reason: str


@dataclass(frozen=True, slots=True)
class FunctionCall: ...


@dataclass(frozen=True, slots=True)
class Malformed:
    """A whole message of type `code` whose body could not be read: answered like any other failed message."""

    code: str
    error: SqlError


StartupMessage = Startup | SslRequest | GssEncRequest | CancelRequest
Message = (
    Query
    | Parse
    | Bind
    | Describe
    | Execute
    | Close
    | Sync
    | Flush
    | Terminate
    | Password
    | CopyData
    | CopyDone
    | CopyFail
    | FunctionCall
    | Malformed
)


class Reader:
    """Takes values off a body from left to right."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def text(self) -> str:
        """A string that ends in a zero byte."""
        end = self._body.find(0, self._at)
        if end < 0:
            raise ProtocolViolation("invalid string in message")
        raw = self._body[self._at : end]
        self._at = end + 1
        return decode_text(raw)

    def int16(self) -> int:
        return int.from_bytes(self.take(2), "big", signed=True)

    def int32(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def count(self) -> int:
        """A number of items: 0 to 65535, as PostgreSQL reads it."""
        return int.from_bytes(self.take(2), "big")

    def take(self, length: int) -> bytes:
        piece = self._body[self._at : self._at + length]
        if length < 0 or len(piece) < length:
            raise ProtocolViolation("insufficient data left in message")
        self._at += length
        return piece

    def value(self) -> bytes | None:
        """A length (-1: NULL) and that many bytes."""
        length = self.int32()
        return None if length == -1 else self.take(length)

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)

    def end(self) -> None:
        if self._at != len(self._body):
            raise ProtocolViolation("invalid message format")


def decode_text(raw: bytes) -> str:
    """UTF-8 to text, with PostgreSQL's error (22021)."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        bad = " ".join(f"0x{byte:02x}" for byte in raw[error.start : max(error.end, error.start + 1)])
        raise CharacterNotInRepertoire(f'invalid byte sequence for encoding "UTF8": {bad}') from error


def decode(code: int, body: bytes) -> Message:
    """One message of type `code` (a byte of DECODERS). What cannot be read comes as Malformed."""
    try:
        reader = Reader(body)
        message = DECODERS[code](reader)
        reader.end()
    except SqlError as error:
        return Malformed(chr(code), error)
    return message


def decode_startup(body: bytes) -> StartupMessage:
    """The message without a type byte that opens a connection. Raises ProtocolViolation, FeatureNotSupported's kin."""
    reader = Reader(body)
    version = reader.int32()
    if version == SSL_CODE:
        reader.end()
        return SslRequest()
    if version == GSSENC_CODE:
        reader.end()
        return GssEncRequest()
    if version == CANCEL_CODE:
        pid, key = reader.int32(), reader.rest()
        if not 1 <= len(key) <= CANCEL_KEY_BYTES_MAX:
            raise ProtocolViolation("invalid length of cancel request packet")
        return CancelRequest(pid, key)
    major, minor = version >> 16, version & 0xFFFF
    if major != 3:
        raise SqlError(
            f"unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.2",
            code="0A000",
        )
    return Startup(minor, _startup_params(reader))


def _startup_params(reader: Reader) -> dict[str, str]:
    params: dict[str, str] = {}
    while name := reader.text():
        params[name] = reader.text()
    try:
        reader.end()
    except ProtocolViolation:
        raise ProtocolViolation("invalid startup packet layout: expected terminator as last byte") from None
    return params


def _parse(r: Reader) -> Parse:
    return Parse(r.text(), r.text(), tuple(r.int32() & 0xFFFFFFFF for _ in range(r.count())))


def _bind(r: Reader) -> Bind:
    portal, statement = r.text(), r.text()
    formats = _formats(r)
    params = tuple(r.value() for _ in range(r.count()))
    return Bind(portal, statement, formats, params, _formats(r))


def _formats(r: Reader) -> tuple[int, ...]:
    count = r.count()
    return struct.unpack(f"!{count}h", r.take(2 * count))


def _target(r: Reader) -> tuple[str, str]:
    return chr(r.take(1)[0]), r.text()


def _describe(r: Reader) -> Describe:
    kind, name = _target(r)
    if kind not in "SP":
        raise ProtocolViolation(f"invalid DESCRIBE message subtype {ord(kind)}")
    return Describe(kind, name)


def _close(r: Reader) -> Close:
    kind, name = _target(r)
    if kind not in "SP":
        raise ProtocolViolation(f"invalid CLOSE message subtype {ord(kind)}")
    return Close(kind, name)


def _function_call(r: Reader) -> FunctionCall:
    r.rest()
    return FunctionCall()


DECODERS: dict[int, Callable[[Reader], Message]] = {
    ord("Q"): lambda r: Query(r.text()),
    ord("P"): _parse,
    ord("B"): _bind,
    ord("D"): _describe,
    ord("E"): lambda r: Execute(r.text(), r.int32()),
    ord("C"): _close,
    ord("S"): lambda _: Sync(),
    ord("H"): lambda _: Flush(),
    ord("X"): lambda _: Terminate(),
    ord("p"): lambda r: Password(r.rest()),
    ord("d"): lambda r: CopyData(r.rest()),
    ord("c"): lambda _: CopyDone(),
    ord("f"): lambda r: CopyFail(r.text()),
    ord("F"): _function_call,
}
"""How to read the body of each type of message."""
LARGE = frozenset(b"QPBdF")
"""Types that may be long; the others are limited to SMALL_BYTES_MAX (PostgreSQL's PQ_SMALL_MESSAGE_LIMIT)."""
SMALL_BYTES_MAX = 10_000
PASSWORD_BYTES_MAX = 65_535
EXTENDED = frozenset(b"PBDECHS")
"""Types of the extended protocol: after one fails, all is skipped up to Sync."""
