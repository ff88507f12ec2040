"""The state machine: the same messages however the bytes are cut, and no input that breaks it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import ProtocolViolation, SqlError
from gateway.pgwire import messages as m
from gateway.pgwire.connection import Connection, Phase
from gateway.pgwire.replies import message

STARTUP_BODY = struct.pack("!i", 196608) + b"user\0u\0database\0d\0\0"
STARTUP = struct.pack("!i", len(STARTUP_BODY) + 4) + STARTUP_BODY
CYCLE = [
    message(b"P", b"s\0select $1\0" + struct.pack("!hi", 1, 25)),
    message(b"B", b"\0s\0" + struct.pack("!hhi", 0, 1, 1) + b"x" + struct.pack("!h", 0)),
    message(b"D", b"P\0"),
    message(b"E", b"\0\0\0\0\0"),
    message(b"C", b"Ss\0"),
    message(b"H"),
    message(b"S"),
    message(b"Q", b"select 1; select 2\0"),
    message(b"F", b"whatever"),
    message(b"X"),
]


def ready(**options: int) -> Connection:
    connection = Connection(**options)
    connection.receive_data(STARTUP)
    assert isinstance(connection.next_event(), m.Startup)
    assert connection.phase is Phase.AUTHENTICATION
    connection.logged_in()
    return connection


def events(connection: Connection, pieces: list[bytes]) -> list[object]:
    found: list[object] = []
    for piece in pieces:
        connection.receive_data(piece)
        while (event := connection.next_event()) is not None:
            found.append(event)
    return found


def test_every_split_gives_the_same_messages() -> None:
    stream = b"".join(CYCLE)
    whole = events(ready(), [stream])
    assert len(whole) == len(CYCLE)
    for cut in range(1, len(stream)):
        assert events(ready(), [stream[:cut], stream[cut:]]) == whole
    assert events(ready(), [bytes([byte]) for byte in stream]) == whole


def test_startup_splits() -> None:
    for cut in range(1, len(STARTUP)):
        assert events(Connection(), [STARTUP[:cut], STARTUP[cut:]]) == [m.Startup(0, {"user": "u", "database": "d"})]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from(list(Phase)), st.booleans())
def test_garbage_never_breaks_it(pieces: list[bytes], phase: Phase, bad_then_more: bool) -> None:
    connection = Connection()
    connection.phase = phase
    for piece in pieces:
        connection.receive_data(piece)
        try:
            for _ in range(200):
                if connection.next_event() is None:
                    break
        except SqlError:
            assert connection.phase is Phase.BROKEN
            if bad_then_more:
                connection.receive_data(piece)
            assert connection.next_event() is None
            return


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(b"QPBDECSHXdcfF"), st.binary(max_size=60))
def test_any_body_decodes_or_is_malformed(code: int, body: bytes) -> None:
    event = m.decode(code, body)
    if isinstance(event, m.Malformed):
        assert event.error.code in ("08P01", "22021")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(CYCLE[:-1]), max_size=12), st.integers(min_value=1, max_value=7))
def test_any_sequence_in_pieces_of_any_size(sequence: list[bytes], size: int) -> None:
    stream = b"".join(sequence)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert events(ready(), pieces) == events(ready(), [stream])


def test_after_a_failure_everything_up_to_sync_is_skipped() -> None:
    connection = ready()
    connection.receive_data(b"".join(CYCLE))
    assert isinstance(connection.next_event(), m.Parse)
    connection.failed()
    assert connection.next_event() == m.Sync()
    assert connection.next_event() == m.Query("select 1; select 2")


def test_terminate_is_seen_while_skipping() -> None:
    connection = ready()
    connection.failed()
    connection.receive_data(message(b"P", b"garbage") + message(b"X"))
    assert connection.next_event() == m.Terminate()


def test_skipping_judges_types_all_the_same() -> None:
    connection = ready()
    connection.failed()
    connection.receive_data(message(b"z"))
    with pytest.raises(ProtocolViolation, match="invalid frontend message type 122"):
        connection.next_event()


def test_copy_takes_data_and_ignores_sync_and_flush() -> None:
    connection = ready()
    connection.begin_copy()
    connection.receive_data(message(b"H") + message(b"d", b"1\n") + message(b"S") + message(b"c"))
    assert connection.next_event() == m.CopyData(b"1\n")
    assert connection.next_event() == m.CopyDone()
    connection.end_copy()
    connection.receive_data(message(b"d", b"late") + message(b"c") + message(b"f", b"x\0") + message(b"S"))
    assert connection.next_event() == m.Sync()


def test_another_message_during_copy_breaks_the_stream() -> None:
    connection = ready()
    connection.begin_copy()
    connection.receive_data(message(b"Q", b"select 1\0"))
    with pytest.raises(ProtocolViolation, match="unexpected message type 0x51 during COPY from stdin"):
        connection.next_event()


def test_lengths_are_judged_before_the_bytes_have_come() -> None:
    for head in (b"Q" + struct.pack("!i", 65 << 20), b"Q" + struct.pack("!i", 3), b"S" + struct.pack("!i", 20_000)):
        connection = ready(message_bytes_max=64 << 20)
        connection.receive_data(head)
        with pytest.raises(ProtocolViolation, match="invalid message length"):
            connection.next_event()
    for length in (-1, 7, 10_001):
        connection = Connection()
        connection.receive_data(struct.pack("!i", length))
        with pytest.raises(ProtocolViolation, match="invalid length of startup packet"):
            connection.next_event()


def test_before_login_only_passwords_are_read() -> None:
    connection = Connection()
    connection.receive_data(STARTUP + message(b"Q", b"select 1\0"))
    connection.next_event()
    with pytest.raises(ProtocolViolation, match="expected password response, got message type 81"):
        connection.next_event()
    connection = Connection()
    connection.receive_data(STARTUP + b"p" + struct.pack("!i", 70_000))
    connection.next_event()
    with pytest.raises(ProtocolViolation, match="invalid message length"):
        connection.next_event()
    connection = Connection()
    connection.receive_data(STARTUP + message(b"p", b"secret\0"))
    connection.next_event()
    assert connection.next_event() == m.Password(b"secret\0")
    connection.logged_in()
    connection.receive_data(message(b"p", b"secret\0"))
    with pytest.raises(ProtocolViolation, match="invalid frontend message type 112"):
        connection.next_event()


def test_a_whole_message_is_seen_without_reading_it() -> None:
    connection = ready()
    query = message(b"Q", b"select 1\0")
    for cut in range(len(query)):
        connection = ready()
        connection.receive_data(query[:cut])
        assert not connection.has_message()
    connection.receive_data(query[cut:])
    assert connection.has_message() and connection.buffered == len(query)


def test_sync_is_seen_ahead() -> None:
    connection = ready()
    sync = message(b"S")
    for cut in range(len(sync)):
        connection = ready()
        connection.receive_data(sync[:cut])
        assert not connection.sync_follows()
    connection.receive_data(sync[cut:])
    assert connection.sync_follows()
    connection.failed()
    assert not connection.sync_follows()
