"""Flight SQL's messages inside Flight's: everything travels as a google.protobuf.Any. Pure."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message

from catalog.errors import ProtocolViolation
from gateway.flight.proto import Flight_pb2 as base
from gateway.flight.proto import FlightSql_pb2 as sql

__all__ = ["base", "pack", "sql", "unpack", "unpack_as"]

M = TypeVar("M", bound=Message)
MESSAGE_BYTES_MAX = 16 << 20
"""A command is a text and a few names: one that is larger is refused unread."""
_PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."
_KNOWN: dict[str, type[Message]] = {
    f"{_PREFIX}{name}": getattr(sql, name)
    for name in sql.DESCRIPTOR.message_types_by_name
    if name.startswith(("Command", "Ticket", "Action"))
}


def pack(message: Message) -> bytes:
    """The bytes of an Any that holds `message`."""
    box = Any()
    box.Pack(message)
    return box.SerializeToString()


def unpack(data: bytes) -> Message:
    """The Flight SQL message inside an Any. Raises ProtocolViolation (08P01)."""
    if len(data) > MESSAGE_BYTES_MAX:
        raise ProtocolViolation(f"a Flight SQL message of {len(data)} bytes is too large")
    try:
        box = Any.FromString(data)
        known = _KNOWN.get(box.type_url)
        if known is not None:
            return known.FromString(box.value)
    except DecodeError as error:
        raise ProtocolViolation("malformed Flight SQL message") from error
    raise ProtocolViolation(f'unknown Flight SQL message "{box.type_url[:200]}"')


def unpack_as(kind: type[M], data: bytes) -> M:
    """The message of this type inside an Any. Raises ProtocolViolation (08P01)."""
    message = unpack(data)
    if not isinstance(message, kind):
        raise ProtocolViolation(f"expected {kind.DESCRIPTOR.name}, got {message.DESCRIPTOR.name}")
    return message
