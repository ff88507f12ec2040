"""The protocol as a state machine with no socket, clock or thread in it: bytes in, messages out (after h11).

STARTUP --Startup--> AUTHENTICATION --logged_in()--> READY <--> COPY_IN
                                                     READY --failed()--> SKIPPING --Sync--> READY
"""

from __future__ import annotations

from enum import Enum

from catalog.errors import ProtocolViolation, SqlError
from gateway.pgwire import messages as m

MESSAGE_BYTES_MAX = 256 << 20
STARTUP_BYTES_MAX = 10_000
_SYNC, _TERMINATE = ord("S"), ord("X")
_WHOLE_SYNC = b"S\0\0\0\4"
_COPY_TYPES = frozenset(b"dcf")
_IGNORED_IN_COPY = frozenset(b"HS")


class Phase(Enum):
    """Where the conversation stands: it decides which messages are understood."""

    STARTUP = "before the start-up message"
    AUTHENTICATION = "only passwords are read"
    READY = "any message"
    SKIPPING = "an extended message failed: all up to Sync is dropped"
    COPY_IN = "COPY FROM STDIN takes data"
    BROKEN = "the stream can no longer be understood"


class Connection:
    """One client's stream. Messages are read one at a time, as what is next depends on how the last one went."""

    def __init__(self, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self.phase = Phase.STARTUP
        self._buffer = bytearray()
        self._message_bytes_max = message_bytes_max

    @property
    def buffered(self) -> int:
        """Bytes received and not yet read."""
        return len(self._buffer)

    def receive_data(self, data: bytes) -> None:
        self._buffer += data

    def has_message(self) -> bool:
        """Whether a whole message, or a fault, is at hand: more bytes need not be read now."""
        head = 0 if self.phase is Phase.STARTUP else 1
        if len(self._buffer) < head + 4:
            return False
        length = int.from_bytes(self._buffer[head : head + 4], "big", signed=True)
        return len(self._buffer) >= head + length

    def sync_follows(self) -> bool:
        """Whether the next message, at hand already, is Sync."""
        return self.phase is Phase.READY and self._buffer.startswith(_WHOLE_SYNC)

    def next_event(self) -> m.Message | m.StartupMessage | None:
        """The next message to serve; None: more bytes are needed.

        Raises SqlError when the stream can no longer be understood: send it as FATAL and close.
        """
        if self.phase is Phase.BROKEN:
            return None
        try:
            return self._startup_event() if self.phase is Phase.STARTUP else self._event()
        except SqlError:
            self.phase = Phase.BROKEN
            self._buffer.clear()
            raise

    def start_up(self) -> None:
        """A Startup message has come: from here messages have types."""
        self.phase = Phase.AUTHENTICATION

    def logged_in(self) -> None:
        self.phase = Phase.READY

    def failed(self) -> None:
        """The last message, of the extended protocol, failed: drop what follows up to Sync."""
        self.phase = Phase.SKIPPING

    def begin_copy(self) -> None:
        self.phase = Phase.COPY_IN

    def end_copy(self) -> None:
        """COPY is over, however it ended; data still under way is ignored."""
        if self.phase is Phase.COPY_IN:
            self.phase = Phase.READY

    def _startup_event(self) -> m.StartupMessage | None:
        if len(self._buffer) < 4:
            return None
        length = int.from_bytes(self._buffer[:4], "big", signed=True)
        if not 8 <= length <= STARTUP_BYTES_MAX:
            raise ProtocolViolation("invalid length of startup packet")
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[4:length])
        del self._buffer[:length]
        event = m.decode_startup(body)
        if isinstance(event, m.Startup):
            self.start_up()
        return event

    def _event(self) -> m.Message | None:
        while True:
            frame = self._frame()
            if frame is None:
                return None
            code, body = frame
            if self.phase is Phase.SKIPPING:
                if code not in (_SYNC, _TERMINATE):
                    continue
                self.phase = Phase.READY
            elif self.phase is Phase.COPY_IN:
                if code in _IGNORED_IN_COPY:  # libpq may have sent them before it knew of the COPY
                    continue
            elif self.phase is Phase.READY and code in _COPY_TYPES:
                continue  # still sent after a COPY that failed
            return m.decode(code, body)

    def _frame(self) -> tuple[int, bytes] | None:
        """One whole message, cut off the buffer; its length is judged before its bytes have come."""
        if not self._buffer:
            return None
        code = self._buffer[0]
        limit = self._limit(code)
        if len(self._buffer) < 5:
            return None
        length = int.from_bytes(self._buffer[1:5], "big", signed=True)
        if not 4 <= length <= limit + 4:
            raise ProtocolViolation("invalid message length")
        if len(self._buffer) <= length:
            return None
        body = bytes(self._buffer[5 : length + 1])
        del self._buffer[: length + 1]
        return code, body

    def _limit(self, code: int) -> int:
        """The most bytes a message of this type may have; raises ProtocolViolation if it may not come now."""
        if self.phase is Phase.AUTHENTICATION:
            if code != ord("p"):
                raise ProtocolViolation(f"expected password response, got message type {code}")
            return m.PASSWORD_BYTES_MAX
        if code not in m.DECODERS or code == ord("p"):
            raise ProtocolViolation(f"invalid frontend message type {code}")
        if self.phase is Phase.COPY_IN and code not in _COPY_TYPES and code not in _IGNORED_IN_COPY:
            raise ProtocolViolation(f"unexpected message type 0x{code:02X} during COPY from stdin")
        return self._message_bytes_max if code in m.LARGE else m.SMALL_BYTES_MAX
