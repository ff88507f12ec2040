"""The rows of a query as PostgreSQL encoded them, streamed in blocks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice

from psycopg import pq
from psycopg.adapt import Transformer

from catalog.errors import ProgramLimitExceeded, SqlError
from catalog.shadow.channel import Channel

SPOOLED_ROWS_MAX = 2_000_000
_BYTEA = 17
Row = tuple[bytes | None, ...]


class RowBlocks:
    """Reads from a channel until the end, an error, or `close`. Another statement of the session makes it `spool`."""

    def __init__(self, channel: Channel, first: pq.abc.PGresult, deadline_s: float) -> None:
        self.tag = ""
        """The command tag, once all rows are read."""
        self._channel = channel
        self._deadline_s = deadline_s
        self._mutex = threading.Lock()
        self._rows: deque[Row] = deque()
        self._done = False
        self._error: SqlError | None = None
        self._take(first)

    def next_block(self, max_rows: int) -> Sequence[Row] | None:
        """Up to `max_rows` rows; None at the end. Blocking; raises SqlError."""
        with self._mutex:
            while not self._rows and not self._done:
                self._read()
            if not self._rows:
                if self._error is not None:
                    error, self._error = self._error, None
                    raise error
                return None
            taken = list(islice(self._rows, max_rows))
            for _ in taken:
                self._rows.popleft()
            return taken

    @property
    def ended(self) -> bool:
        """Whether the server has nothing more to give: the channel is free."""
        return self._done

    def all(self) -> list[Row]:
        """The rest. For results known to be small."""
        rows: list[Row] = []
        while block := self.next_block(1 << 30):
            rows += block
        return rows

    def spool(self) -> None:
        """Read the rest into memory, so that the channel is free; an error waits for the reader of the rows."""
        with self._mutex:
            while not self._done:
                self._read()
                if len(self._rows) > SPOOLED_ROWS_MAX:
                    self._abandon()
                    self._error = ProgramLimitExceeded(
                        f"an open result of more than {SPOOLED_ROWS_MAX} catalog rows cannot be kept"
                    )

    def close(self) -> None:
        """Any number of times; the rest of the rows is given up, the statement cancelled if it still runs."""
        with self._mutex:
            self._abandon()
            self._rows.clear()
            self._error = None

    def _abandon(self) -> None:
        if not self._done:
            self._channel.cancel()
            self._channel.extend(self._deadline_s)
            try:
                self._channel.drain()
            except SqlError as error:
                self._error = error
            finally:
                self._finish()

    def _read(self) -> None:
        self._channel.extend(self._deadline_s)
        try:
            result = self._channel.next_result()
            if result is None:
                self._finish()
            else:
                self._take(result)
        except SqlError as error:
            self._error = error
            self._finish()

    def _take(self, result: pq.abc.PGresult) -> None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            self._error = self._channel.error(result)
        elif result.ntuples:
            self._rows.extend(raw_rows(result))
        # libpq tells the tag with the last rows, or with the empty result after them.
        self.tag = (result.command_status or b"").decode() or self.tag
        if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.FATAL_ERROR):
            self._channel.drain()
            self._finish()

    def _finish(self) -> None:
        if not self._done:
            self._done = True
            self._channel.end()


def raw_rows(result: pq.abc.PGresult) -> list[Row]:
    """All values of a result as they came: psycopg's loader of binary bytea hands bytes through, at C speed."""
    loader = Transformer()
    loader.set_pgresult(result, set_loaders=False)
    loader.set_loader_types([_BYTEA] * result.nfields, pq.Format.BINARY)
    return loader.load_rows(0, result.ntuples, tuple)
