"""The driver that copies rows out of a source as Arrow batches: one connection for each statement, in the snapshot of
the session's, which can be cancelled from any thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

import adbc_driver_manager
import adbc_driver_postgresql
import pyarrow as pa
from adbc_driver_manager._reader import AdbcRecordBatchReader

from engine.connectors.postgres.errors import login_error, source_error

_BATCH_BYTES = 16 << 20
"""What the driver gathers at most before it hands over a batch, about."""
_READ_ONLY = "begin isolation level repeatable read read only"


class RowCopy:
    """Rows of one SELECT, under way. `pid`: the source's process. `batches` is used by one thread; `cancel` by any.

    `snapshot`: the exported snapshot to see; `settings`: for SET LOCAL. All raise SqlError.
    """

    def __init__(self, conninfo: str, where: str, snapshot: str, settings: Sequence[str]) -> None:
        self._guard = threading.Lock()
        self._statement: adbc_driver_manager.AdbcStatement | None = None
        self._reader: AdbcRecordBatchReader | None = None
        self._closed = False
        self._ended = False
        try:
            self._database = adbc_driver_postgresql.connect(conninfo)
        except adbc_driver_manager.Error as error:
            raise login_error(error, where) from error
        try:
            self._connection = adbc_driver_manager.AdbcConnection(self._database)
        except adbc_driver_manager.Error as error:
            self._database.close()
            raise login_error(error, where) from error
        try:
            for command in (_READ_ONLY, f"set transaction snapshot '{snapshot}'", *settings):
                self._command(command)
            self.pid = self._own_pid()
        except adbc_driver_manager.Error as error:
            self.close()
            raise source_error(error) from error

    def start(self, sql: str) -> pa.Schema:
        """Of the batches to come; the source's locks are taken when this returns."""
        statement = self._made(sql)
        with self._guard:
            self._statement = statement
        try:
            handle, _ = statement.execute_query()
            self._reader = AdbcRecordBatchReader._import_from_c(handle.address)
            return self._reader.schema
        except adbc_driver_manager.Error as error:
            raise source_error(error) from error

    def batches(self) -> Iterator[pa.RecordBatch]:
        """After `start`, once."""
        if self._reader is None:
            return
        try:
            yield from self._reader
        except adbc_driver_manager.Error as error:
            raise source_error(error) from error
        self._ended = True

    def cancel(self) -> None:
        """The statement that runs ends with 57014; nothing if none does."""
        with self._guard:
            if self._statement is not None and not self._closed:
                try:
                    self._statement.cancel()
                except adbc_driver_manager.Error as error:
                    raise source_error(error) from error

    def close(self) -> None:
        """Ends what runs. Any number of times."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            if self._statement is not None and not self._ended:
                with contextlib.suppress(adbc_driver_manager.Error):  # closing says the same, only later
                    self._statement.cancel()
            for part in (self._reader, self._statement, self._connection, self._database):
                if part is not None:
                    part.close()

    def _command(self, sql: str) -> None:
        with self._made(sql) as statement:
            statement.execute_update()

    def _own_pid(self) -> int:
        with self._made("select pg_catalog.pg_backend_pid()") as statement:
            handle, _ = statement.execute_query()
            return int(AdbcRecordBatchReader._import_from_c(handle.address).read_all().column(0)[0].as_py())

    def _made(self, sql: str) -> adbc_driver_manager.AdbcStatement:
        statement = adbc_driver_manager.AdbcStatement(self._connection)
        statement.set_options(
            **{adbc_driver_postgresql.StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BATCH_BYTES)}
        )
        statement.set_sql_query(sql)
        return statement
