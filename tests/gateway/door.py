"""A door without a wire: real tenants in this process, statements run as the PostgreSQL door runs them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from catalog.errors import SqlError
from catalog.history import QueryHistory
from catalog.principal import Principal
from catalog.store import Store
from engine.base import ArrowRows
from gateway.calls import CallRegister, new_call_id
from gateway.execute import Services, execute, prepare, settle
from gateway.lake import FileRemoval
from gateway.settings import Settings, load
from gateway.tenants import Tenants
from sql_extensions import rows
from sql_extensions.call import Call, Outcome
from sql_extensions.relations import shadow_objects
from sql_extensions.session import Session
from sql_extensions.statement import recognise

TENANT = "shop"


class Door:
    """Owns everything a gateway owns but its sockets. `run` is one simple Query of one statement."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.settings: Settings = load({"data_dir": str(folder)})
        self.store = store
        store.ensure_tenant(TENANT)
        store.users.add("ann", TENANT, "secret words", admin=True)
        self.calls = CallRegister()
        self.history = QueryHistory(store.database, store.instance)
        self.tenants = Tenants(
            self.settings, store, self.history, self.calls, shadow_objects(), FileRemoval(self.settings)
        )
        self._pids = itertools.count(1)
        self._workers = ThreadPoolExecutor(1)
        self._services = Services(self.settings, self._workers, self.calls, (), (), ())
        self._sessions: list[Session] = []

    def open(self, user: str = "ann", *, admin: bool = True) -> Session:
        session = self.tenants.open_session(Principal(user, TENANT, admin), {}, next(self._pids))
        self._sessions.append(session)
        return session

    def run(self, session: Session, sql: str) -> Sequence[tuple[object, ...]]:
        """The rows of one statement. A statement outside of BEGIN is committed before this returns."""
        call = Call(new_call_id(), session.principal, session.pid, sql)
        self.calls.add(call)
        try:
            (call.statement,) = recognise(sql)
            result = execute(call, session, self._services)
            found: list[tuple[object, ...]] = []
            if result.rows is not None:
                answer = result.rows if isinstance(result.rows, ArrowRows) else rows.to_arrow(result.rows)
                found = _tuples(answer.reader.read_all())
            session.transaction.end_implicit()
        except SqlError:
            session.transaction.fail()
            settle(call, Outcome.FAILED, self._services)
            raise
        settle(call, Outcome.DONE, self._services)
        return found

    def describe(self, session: Session, sql: str) -> None:
        prepare(Call(new_call_id(), session.principal, session.pid, sql), session)

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self.tenants.close()
        self.history.close()
        self._workers.shutdown()


def _tuples(table: pa.Table) -> list[tuple[object, ...]]:
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True))
