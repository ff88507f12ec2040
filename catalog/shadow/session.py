"""One client session's connection to its shadow, logged in as the client's role, in autocommit.

Blocking; every wait has a deadline, kept here and not by `statement_timeout`, which a client may unset. The connection
opens when it is first needed and may be replaced between statements (lost, or its backend grew): settings are restored.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from psycopg import pq

from catalog.errors import CannotConnectNow, ConnectionFailure, FeatureNotSupported, ObjectInUse, SqlError
from catalog.names import always_quote
from catalog.shadow import formats
from catalog.shadow.answers import Described, DescribedColumn, ShadowParam, ShadowResult
from catalog.shadow.channel import Channel, ShadowNotice
from catalog.shadow.rows import RowBlocks
from catalog.types import PgType

_T = TypeVar("_T")
DEADLINE_S = 60.0
BACKEND_BYTES_MAX = 96 << 20
CONNECT_DEADLINE_S = 20.0
_EXPLAIN = "EXPLAIN (GENERIC_PLAN) "
_DOTTED_SETTING = re.compile(r"set_config\s*\(\s*'([^'.]+\.[^']+)'", re.IGNORECASE)
_REPORTED = (
    "server_version",
    "server_encoding",
    "client_encoding",
    "application_name",
    "default_transaction_read_only",
    "in_hot_standby",
    "is_superuser",
    "session_authorization",
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "integer_datetimes",
    "standard_conforming_strings",
)


class Server(Protocol):
    """What a session needs of its instance."""

    def ensure_running(self, deadline_s: float = ...) -> None: ...

    def conninfo(self, user: str) -> str: ...


class ShadowSession:
    """Statements come one at a time (a second caller waits); `cancel` may be called from any thread at any time."""

    def __init__(
        self,
        server: Server,
        user: str,
        settings: Mapping[str, str] | None = None,
        *,
        client_pid: int | None = None,
        deadline_s: float = DEADLINE_S,
        backend_bytes_max: int = BACKEND_BYTES_MAX,
        opened: Callable[[ShadowSession], None] = lambda _: None,
    ) -> None:
        """`client_pid` is what pg_backend_pid() answers; None: the backend's own. `opened`: told of each connection."""
        self.user = user
        self._server = server
        self._settings: dict[str, str] = dict(settings or {})
        self._settings_source: Callable[[], Mapping[str, str]] = lambda: self._settings
        self._client_pid = client_pid
        self._deadline_s = deadline_s
        self._backend_bytes_max = backend_bytes_max
        self._mutex = threading.RLock()
        self._channel: Channel | None = None
        self._rows: RowBlocks | None = None
        self._opened = opened
        self.used_at = 0.0

    def describe(self, sql: str, param_oids: Sequence[int] = ()) -> Described:
        """Parameter types and columns of one statement, which is parsed and not run.

        Raises SqlError as PostgreSQL's Parse does (positions too). Types not given are inferred.
        """

        def work(channel: Channel) -> Described:
            channel.run(lambda c: c.send_prepare(b"", sql.encode(), list(param_oids) or None))
            (result,) = channel.run(lambda c: c.send_describe_prepared(b""))
            oids = tuple(result.param_type(number) for number in range(result.nparams))
            return Described(oids, _columns(result) if result.nfields else None)

        return self._with_channel(work)

    def check_rights(self, sql: str, param_oids: Sequence[int] = ()) -> list[ShadowNotice]:
        """Have PostgreSQL plan a SELECT, INSERT, UPDATE, DELETE or MERGE: 42501 and every other error it would give.

        The plan is generic: `$n` need no values. Nothing runs, but constants are evaluated, hence the deadline.
        """

        def work(channel: Channel) -> list[ShadowNotice]:
            _parse_explain(channel, sql, param_oids)
            (told,) = channel.run(lambda c: c.send_describe_prepared(b""))
            nulls: list[bytes | None] = [None] * told.nparams
            channel.run(lambda c: c.send_query_prepared(b"", nulls))
            return channel.take_notices()

        return self._with_channel(work)

    def explain(self, sql: str) -> list[str]:
        """The lines of the generic plan: `$n` in it as written, its types inferred."""

        def work(channel: Channel) -> list[str]:
            # Parse refuses what is not one statement, so that the simple protocol may be used after it: there, unlike
            # after Bind, parameters have no values that the planner would put in.
            _parse_explain(channel, sql, ())
            (result,) = channel.run(lambda c: c.send_query((_EXPLAIN + sql).encode()))
            return [(result.get_value(row, 0) or b"").decode() for row in range(result.ntuples)]

        return self._with_channel(work)

    def query(
        self, sql: str, params: Sequence[ShadowParam] = (), result_binary: Sequence[bool] | bool = False
    ) -> ShadowResult:
        """Run one statement and stream its rows, each value in the format asked for.

        Rows not read yet go to memory when the next statement comes. A connection lost before the first row is replaced
        and the statement sent once more: use it only for statements that read. Raises GuardHit if a shell is scanned.
        """
        with self._exclusive():
            text, binary, columns = self._for_formats(sql, [param.type_oid for param in params], result_binary)
            result = self._query(text, params, binary)
        if result.columns is None or isinstance(result_binary, bool):
            return result
        return ShadowResult(columns or result.columns, tuple(result_binary), "", result.rows, result.notices)

    def evaluate(self, sql: str, params: Sequence[ShadowParam] = ()) -> list[tuple[str | None, ...]]:
        """All rows of a small query that reads, as text values. Raises SqlError."""
        with self._exclusive():
            rows = self._rows_of(sql, params)
        if "set_config" in sql.lower():
            self.resync(sql)
        return rows

    def read_text(self, sql: str, params: tuple[str | None, ...] = ()) -> list[tuple[str | None, ...]]:
        """All rows of a small query as text values; `$n` take the types PostgreSQL infers. Raises SqlError.

        What set_config does in it is the caller's to remember (see `restore_from`).
        """
        given = [ShadowParam(0, None if value is None else value.encode()) for value in params]
        with self._exclusive():
            return self._rows_of(sql, given)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection; if not, the next statement makes one, with the settings restored."""
        return self._channel is not None

    def restore_from(self, settings: Callable[[], Mapping[str, str]]) -> None:
        """Have new connections take their settings from there, instead of those set through this object."""
        self._settings_source = settings

    def set(self, name: str, value: str) -> list[ShadowNotice]:
        """SET name = 'value'; kept, and restored on a new connection. Raises SqlError."""
        with self._exclusive():
            result = self.query("SELECT set_config($1, $2, false)", [_text(name), _text(value)])
            if result.rows is not None:
                result.rows.close()
            self._settings[name.lower()] = value
            return result.notices

    def reset(self, name: str | None = None) -> None:
        """RESET name, or RESET ALL for None."""
        with self._exclusive():
            target = "ALL" if name is None else ".".join(always_quote(part) for part in name.lower().split("."))
            self.query(f"RESET {target}")
            if name is None:
                self._settings.clear()
            else:
                self._settings.pop(name.lower(), None)

    def show(self, name: str) -> str:
        """The value of a setting, as SHOW prints it. Raises SqlError (42704)."""
        ((value,),) = self.evaluate("SELECT current_setting($1)", [_text(name)])
        return value or ""

    def parameter_status(self, name: str) -> str | None:
        """A value PostgreSQL reports by itself (ParameterStatus); connects if needed."""
        value = self._with_channel(lambda channel: channel.connection.parameter_status(name.encode()))
        return None if value is None else value.decode()

    def settings(self) -> dict[str, str]:
        """All reported settings, and search_path: what a client may be told."""
        told = {name: value for name in _REPORTED if (value := self.parameter_status(name)) is not None}
        return told | {"search_path": self.show("search_path")}

    def resync(self, sql: str = "") -> None:
        """Note what `set_config` calls in a query (its text: `sql`) changed, so that a new connection has it too."""
        with self._exclusive():
            rows = self._rows_of("SELECT name, setting, unit FROM pg_settings WHERE source = 'session'")
            dotted = {name for name in self._settings if "." in name} | set(_DOTTED_SETTING.findall(sql))
            kept = {str(name): f"{value}{unit or ''}" for name, value, unit in rows}
            for name in sorted(dotted):
                ((value,),) = self._rows_of("SELECT current_setting($1, true)", [_text(name)])
                if value is not None:
                    kept[name.lower()] = value
            self._settings = kept

    def cancel(self) -> None:
        """Stop the statement that runs now (57014 to its caller), if one does."""
        channel = self._channel
        if channel is not None:
            channel.cancel()

    def close(self) -> None:
        """Any number of times; the session may be used again afterwards."""
        self.cancel()
        with self._exclusive():
            self._drop_channel()

    def release(self) -> bool:
        """Give up the connection if nothing is under way; whether it did. Does not wait."""
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            if self._rows is not None and not self._rows.ended:
                return False
            self._rows = None
            self._drop_channel()
            return True
        finally:
            self._mutex.release()

    # -- statements -----------------------------------------------------------------------------------------------

    def _query(self, sql: str, params: Sequence[ShadowParam], binary: bool) -> ShadowResult:
        for attempt in (1, 2):
            channel = self._open()
            try:
                channel.begin(self._deadline_s)
                first = channel.first_rows(
                    sql.encode(),
                    [param.data for param in params],
                    [param.type_oid for param in params],
                    [int(param.binary) for param in params],
                    result_format=int(binary),
                )
            except ConnectionFailure:
                self._drop_channel()
                if attempt == 2:
                    raise
                continue
            except SqlError:
                channel.end()
                if channel.broken:
                    self._drop_channel()
                raise
            if first.status == pq.ExecStatus.COMMAND_OK:
                channel.end()
                return ShadowResult(None, (), first.command_status_text, None, channel.take_notices())
            columns = _columns(first.result)
            rows = self._rows = RowBlocks(channel, first.result, self._deadline_s)
            return ShadowResult(columns, (binary,) * len(columns), "", rows, channel.notices)
        raise ConnectionFailure("the connection to the catalog was lost")

    def _for_formats(
        self, sql: str, oids: Sequence[int], wanted: Sequence[bool] | bool
    ) -> tuple[str, bool, tuple[DescribedColumn, ...] | None]:
        """The text to send, the one format to ask for (libpq knows only one for all columns), the columns of `sql`."""
        if isinstance(wanted, bool) or len(set(wanted)) <= 1:
            return sql, wanted if isinstance(wanted, bool) else any(wanted), None
        columns = self.describe(sql, oids).columns
        if columns is None:
            return sql, False, None
        text, binary = formats.one_format(sql, [column.type.oid for column in columns], wanted)
        if text == sql:
            return sql, binary, columns
        try:
            self.describe(text, oids)
        except SqlError as error:
            raise FeatureNotSupported("mixed text and binary result formats are not supported here") from error
        return text, binary, columns

    def _rows_of(self, sql: str, params: Sequence[ShadowParam] = ()) -> list[tuple[str | None, ...]]:
        """Sent once more where the connection is lost, also between the first row and the last."""
        try:
            rows = self._all_rows(sql, params)
        except ConnectionFailure:
            rows = self._all_rows(sql, params)
        return [tuple(None if value is None else value.decode() for value in row) for row in rows]

    def _all_rows(self, sql: str, params: Sequence[ShadowParam]) -> list[tuple[bytes | None, ...]]:
        result = self.query(sql, params)
        return [] if result.rows is None else result.rows.all()

    # -- connection -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """This thread's turn; rows of an earlier statement that are not read yet go to memory."""
        if not self._mutex.acquire(timeout=self._deadline_s + 5.0):
            raise ObjectInUse("another command is already in progress")
        try:
            if self._rows is not None:
                self._rows.spool()
                self._rows = None
            yield
        finally:
            self._mutex.release()

    def _with_channel(self, work: Callable[[Channel], _T]) -> _T:
        """Something that only looks: done once more on a new connection if the old one turns out to be lost."""
        with self._exclusive():
            for attempt in (1, 2):
                channel = self._open()
                channel.begin(self._deadline_s)
                try:
                    return work(channel)
                except ConnectionFailure:
                    if attempt == 2:
                        raise
                finally:
                    channel.end()
                    if channel.broken:
                        self._drop_channel()
        raise ConnectionFailure("the connection to the catalog was lost")

    def _open(self) -> Channel:
        self.used_at = time.monotonic()
        channel = self._channel
        if channel is not None and (channel.broken or _backend_bytes(channel) > self._backend_bytes_max):
            self._drop_channel()
            channel = None
        if channel is None:
            channel = self._connect()
            try:
                settings = self._settings_source()
                self._apply(channel, {name: settings[name] for name in settings if name.lower() != "client_encoding"})
            except BaseException:
                channel.close()
                raise
            self._channel = channel
            self._opened(self)
        elif channel.connection.parameter_status(b"client_encoding") != b"UTF8":
            self._apply(channel, {"client_encoding": "UTF8"})  # a set_config; between us and the shadow all is UTF-8
        return channel

    def _connect(self) -> Channel:
        """Wait through a start or a crash recovery of the server, up to a deadline (57P03)."""
        end = time.monotonic() + CONNECT_DEADLINE_S
        while True:
            self._server.ensure_running(max(0.1, end - time.monotonic()))
            try:
                return Channel.open(self._server.conninfo(self.user), self._client_pid)
            except (CannotConnectNow, ConnectionFailure) as error:
                if time.monotonic() > end:
                    raise CannotConnectNow("the catalog of this database is starting up") from error
                time.sleep(0.02)

    def _apply(self, channel: Channel, settings: Mapping[str, str]) -> None:
        channel.begin(self._deadline_s)
        try:
            for name, value in settings.items():
                channel.run(
                    lambda c, name=name, value=value: c.send_query_params(  # type: ignore[misc]
                        b"SELECT set_config($1, $2, false)", [name.encode(), value.encode()]
                    )
                )
            channel.take_notices()
        finally:
            channel.end()

    def _drop_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None


def _parse_explain(channel: Channel, sql: str, param_oids: Sequence[int]) -> None:
    channel.position_shift = len(_EXPLAIN)
    channel.run(lambda c: c.send_prepare(b"", (_EXPLAIN + sql).encode(), list(param_oids) or None))


def _columns(result: pq.abc.PGresult) -> tuple[DescribedColumn, ...]:
    return tuple(
        DescribedColumn(
            (result.fname(number) or b"").decode(),
            PgType(result.ftype(number), result.fmod(number)),
            result.ftable(number),
            result.ftablecol(number),
        )
        for number in range(result.nfields)
    )


def _text(value: str) -> ShadowParam:
    return ShadowParam(25, value.encode())


def _backend_bytes(channel: Channel) -> int:
    """Private resident memory of the backend; 0 where it cannot be seen."""
    try:
        resident, shared = Path(f"/proc/{channel.connection.backend_pid}/statm").read_text().split()[1:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
