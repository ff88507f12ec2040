"""One call on its way to the client: run it, pull its rows and encode them chunk by chunk. Blocking, no sockets.

`start`, `resume`, `more` and the rest run in worker threads, one at a time; the session sends what they return.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import pyarrow as pa

from catalog.errors import (
    FeatureNotSupported,
    InternalError,
    ObjectNotInPrerequisiteState,
    SqlError,
    sql_error_in,
)
from engine.base import ArrowRows, CopyIn, Field, Notice, Result, Rows, WireRows
from gateway.execute import Services, execute, settle
from gateway.pgwire import replies
from gateway.pgwire.copy.out import CopyOutEncoder
from gateway.pgwire.rows import ChunkRamp, RowEncoder, Style, encode_blocks, row_description
from sql_extensions.call import Call, Outcome
from sql_extensions.portal import RowsReader
from sql_extensions.rows import to_arrow
from sql_extensions.session import Session
from sql_extensions.settings import SessionSettings

FLUSH_BYTES = 8 << 10
"""Rows are held back until this many bytes are together, as PostgreSQL's send buffer does."""
CHUNK_BYTES_MAX = 2 << 20


class Stop(Enum):
    """Why a chunk is the last one for now."""

    COMPLETE = "CommandComplete has been said"
    SUSPENDED = "the row limit is reached"
    COPY_IN = "data is awaited"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes to send; `stop` None: more will follow."""

    parts: tuple[bytes | memoryview, ...]
    stop: Stop | None = None


class Execution:
    """`formats` are those of Bind, 0 or 1: none, one for all, one for each. `describe`: say RowDescription first.

    `described` are the fields the client was told, which the answer must keep to. `finish` is done before
    CommandComplete: a simple query's commit.
    """

    def __init__(
        self,
        call: Call,
        session: Session,
        services: Services,
        *,
        formats: Sequence[int] = (),
        describe: bool = False,
        described: tuple[Field, ...] | None = None,
        finish: Callable[[], None] | None = None,
    ) -> None:
        self.call = call
        self.sink: CopyIn | None = None
        self.settled = False
        self._session, self._services = session, services
        self._formats, self._describe, self._described, self._finish = tuple(formats), describe, described, finish
        self._result: Result | None = None
        self._source: _RowSource | None = None
        self._limit = 0
        self._sent = 0

    def start(self, max_rows: int = 0) -> Chunk:
        """Run the statement and encode its first rows. `max_rows` 0: no limit. Raises SqlError."""
        self._result = result = execute(self.call, self._session, self._services)
        wants = self._session.settings.wants_notice
        head: list[bytes | memoryview] = [
            replies.notice_response(notice) for notice in result.notices if wants(notice.severity)
        ]
        if result.copy_in is not None:
            self.sink = result.copy_in
            head.append(replies.copy_in_response(self.sink.columns, binary=self.sink.binary))
            return Chunk(tuple(head), Stop.COPY_IN)
        if result.rows is None:
            return self._complete(head, result.tag)
        self._source = source = self._open(result, head)
        self._limit = 0 if source.is_copy else max_rows
        return self._pull(head)

    def resume(self, max_rows: int = 0) -> Chunk:
        """Go on after a suspension, or repeat the end of what has ended, as PostgreSQL does."""
        self._limit, self._sent = max_rows, 0
        if self.settled or self._result is None:
            if self._result is None or self._result.rows is None or self._result.copy_out is not None:
                raise ObjectNotInPrerequisiteState('portal "" cannot be run')
            return Chunk((replies.command_complete(_tag(self._result.tag, 0)),), Stop.COMPLETE)
        return self._pull([])

    def more(self) -> Chunk:
        """The next chunk of rows."""
        return self._pull([])

    def copy_done(self) -> Chunk:
        """The client has sent all of its data."""
        if self.sink is None or self._result is None:
            raise InternalError("no COPY under way")
        self.call.rows = self._sent = self.sink.finish()
        return self._complete([], self._result.tag)

    def settle(self, outcome: Outcome, error: SqlError | None = None) -> None:
        """Let go of the engine and tell the observers, once."""
        if self.settled:
            return
        self.settled = True
        try:
            self.close()
        finally:
            self.call.error = error
            settle(self.call, outcome, self._services)

    def notices_left(self) -> tuple[bytes, ...]:
        """What the statement had to say before it failed."""
        wants, notices = self._session.settings.wants_notice, list(self.call.notices)
        self.call.notices.clear()
        return tuple(replies.notice_response(notice) for notice in notices if wants(notice.severity))

    def notice(self, notice: Notice) -> tuple[bytes, ...]:
        """A notice as it goes out while the statement runs; nothing if the client wants none of its kind."""
        return (replies.notice_response(notice),) if self._session.settings.wants_notice(notice.severity) else ()

    def close(self) -> None:
        """Let go of the engine's query; safe to call twice."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _open(self, result: Result, head: list[bytes | memoryview]) -> _RowSource:
        """The rows with their encoder; what comes before them is added to `head`."""
        rows = given = result.rows
        if rows is None or given is None:
            raise InternalError("no rows")
        style, columns = style_of(self._session.settings), len(rows.fields)
        if result.copy_out is not None:
            binary = result.copy_out.binary
            rows = _in_formats(rows, [int(binary)] * columns)
            copy = CopyOutEncoder(rows.fields, result.copy_out, style)
            head += [replies.copy_out_response(columns, binary=binary), copy.header()]
            return _RowSource(given, rows, copy.encode, copy.encode_blocks, copy.trailer)
        if self._described is not None and not _same_types(self._described, rows.fields):
            raise FeatureNotSupported("cached plan must not change result type")
        # The only statement that chooses its own formats is FETCH from a BINARY cursor, in a simple query.
        formats = spread(
            [int(binary) for binary in self.call.result_binary] if self._describe else self._formats, columns
        )
        rows = _in_formats(rows, formats)
        if self._describe:
            head.append(row_description(rows.fields, formats))
        return _RowSource(given, rows, RowEncoder(rows.fields, formats, style).encode, encode_blocks)

    def _pull(self, head: list[bytes | memoryview]) -> Chunk:
        """Encode rows until a chunk is worth sending, the limit is reached, or there are no more."""
        source, result = self._source, self._result
        if source is None or result is None:
            raise InternalError("no rows under way")
        parts, size = head, 0
        while size < FLUSH_BYTES:
            self.call.check_canceled()
            left = self._limit - self._sent if self._limit else None
            if left == 0:
                parts.append(replies.PORTAL_SUSPENDED)
                return Chunk(tuple(parts), Stop.SUSPENDED)
            piece = source.next(left)
            if piece is None:
                return self._complete([*parts, *source.end()], result.tag)
            data, rows = piece
            parts.append(data)
            size += len(data)
            self._sent += rows
            self.call.rows += rows
            self.call.bytes += len(data)
        return Chunk(tuple(parts))

    def _complete(self, parts: list[bytes | memoryview], tag: str) -> Chunk:
        if self._finish is not None:
            self._finish()
        parts.append(replies.command_complete(_tag(tag, self._sent)))
        return Chunk(tuple(parts), Stop.COMPLETE)


class _RowSource:
    """Rows as DataRow or, if there is a `trailer`, as CopyData messages. `given` are `rows` as the engine gave them."""

    def __init__(
        self,
        given: Rows,
        rows: Rows,
        encode: Callable[[pa.RecordBatch], bytes | memoryview],
        encode_block: Callable[[Sequence[Sequence[bytes | None]]], bytes],
        trailer: Callable[[], bytes] | None = None,
    ) -> None:
        self._reader = RowsReader(rows)
        self._given = given
        self._arrow = isinstance(rows, ArrowRows)
        self._encode, self._encode_block, self._trailer = encode, encode_block, trailer
        self._ramp = ChunkRamp(CHUNK_BYTES_MAX)

    @property
    def is_copy(self) -> bool:
        return self._trailer is not None

    def end(self) -> tuple[bytes, ...]:
        """What goes out after the last row."""
        return () if self._trailer is None else (self._trailer(), replies.COPY_DONE)

    def next(self, limit: int | None) -> tuple[bytes | memoryview, int] | None:
        """Encoded rows and how many, at most `limit`; None at the end. Raises SqlError."""
        want = self._ramp.next_rows() if limit is None else min(limit, self._ramp.next_rows())
        try:
            if self._arrow:
                batch = self._reader.next_batch(want, CHUNK_BYTES_MAX)
                if batch is None:
                    return None
                data, rows = self._encode(batch), batch.num_rows
            else:
                block = self._reader.next_block(want)
                if block is None:
                    return None
                data, rows = self._encode_block(block), len(block)
        except SqlError:
            raise
        except Exception as error:
            known = sql_error_in(error)
            if known is None:
                raise
            raise known from error
        self._ramp.sent(rows, len(data))
        return data, rows

    def close(self) -> None:
        self._reader.close()
        if isinstance(self._given, WireRows):
            self._given.blocks.close()


def spread(formats: Sequence[int], columns: int) -> tuple[int, ...]:
    """Bind's formats as one per column."""
    return tuple(formats) * columns if len(formats) == 1 else tuple(formats) or (0,) * columns


def style_of(settings: SessionSettings) -> Style:
    """The settings that change how values print."""
    return Style(
        settings.date_style,
        settings.interval_style,
        settings.time_zone,
        settings.bytea_output,
        settings.extra_float_digits,
    )


def _in_formats(rows: Rows, formats: Sequence[int]) -> Rows:
    """Rows that PostgreSQL has encoded in other formats (a cursor's, say) are decoded, to be encoded as asked for."""
    if isinstance(rows, ArrowRows) or rows.binary == tuple(code == 1 for code in formats):
        return rows
    return to_arrow(rows)


def _same_types(told: Sequence[Field], given: Sequence[Field]) -> bool:
    return [field.type.oid for field in told] == [field.type.oid for field in given]


def _tag(tag: str, rows: int) -> str:
    return f"{tag}{rows}" if tag.endswith(" ") else tag
