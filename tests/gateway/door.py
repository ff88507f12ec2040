"""A door without a wire: real tenants in this process, statements run as the PostgreSQL door runs them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.errors import SqlError
from catalog.history import QueryHistory
from catalog.principal import Principal
from catalog.store import Store
from engine.base import ArrowRows
from gateway.calls import CallRegister, new_call_id
from gateway.configuration import load
from gateway.execute import Services, execute, prepare, settle
from gateway.lake import FileRemoval
from gateway.settings import Settings
from gateway.tenants import Tenants
from sql_extensions import rows
from sql_extensions.call import Call, Outcome
from sql_extensions.relations import shadow_objects
from sql_extensions.session import Session
from sql_extensions.statement import recognise

TENANT = "shop"


class WirelessGateway:
    """Owns everything a gateway owns but its sockets, and has a tenant that ann administers."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        clusters: Callable[[str], TenantClusters] | None = None,
        cluster_store: Clusters | None = None,
        **settings: str,
    ) -> None:
        self.settings: Settings = load({"data_dir": str(folder)} | settings)
        self.store = store
        store.ensure_tenant(TENANT)
        store.users.add("ann", TENANT, "secret words", admin=True)
        self.calls = CallRegister()
        self.history = QueryHistory(store.database, store.instance)
        removal = FileRemoval(self.settings)
        self.tenants = Tenants(
            self.settings, store, self.history, self.calls, shadow_objects(), removal, clusters, cluster_store
        )
        self._pids = itertools.count(1)
        self._workers = ThreadPoolExecutor(1)
        self._services = Services(self.settings, self._workers, self.calls, (), (), ())
        self._sessions: list[Session] = []

    def session(self, user: str, *, admin: bool) -> Session:
        session = self.tenants.open_session(Principal(user, TENANT, admin), {}, next(self._pids))
        self._sessions.append(session)
        return session

    def call(self, session: Session, sql: str) -> Call:
        call = Call(new_call_id(), session.principal, session.pid, sql)
        self.calls.add(call)
        return call

    def answer(self, call: Call, session: Session, data: bytes = b"") -> tuple[str, list[tuple[object, ...]]]:
        """(tag, rows) of a simple Query of one statement. Outside of BEGIN it is committed before this returns.

        `data`: what the client sends to COPY FROM STDIN.
        """
        session.transaction.alone = True
        try:
            (call.statement,) = recognise(call.sql)
            result = execute(call, session, self._services)
            found: list[tuple[object, ...]] = []
            if result.rows is not None:
                answer = result.rows if isinstance(result.rows, ArrowRows) else rows.to_arrow(result.rows)
                found = _tuples(answer.reader.read_all())
            count = len(found)
            if result.copy_in is not None:
                result.copy_in.write(data)
                count = result.copy_in.finish()
            session.transaction.end_implicit()
        except SqlError as error:
            session.transaction.fail()
            call.error = error
            settle(call, Outcome.FAILED, self._services)
            raise
        finally:
            session.transaction.alone = False
        settle(call, Outcome.DONE, self._services)
        return f"{result.tag}{count}" if result.tag.endswith(" ") else result.tag, found

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self.tenants.close()
        self.history.close()
        self._workers.shutdown()


class Door(WirelessGateway):
    """One whose tenant has no clusters."""

    def open(self, user: str = "ann", *, admin: bool = True) -> Session:
        return self.session(user, admin=admin)

    def run(self, session: Session, sql: str) -> Sequence[tuple[object, ...]]:
        """The rows of one statement."""
        return self.answer(self.call(session, sql), session)[1]

    def describe(self, session: Session, sql: str) -> None:
        prepare(Call(new_call_id(), session.principal, session.pid, sql), session)


def _tuples(table: pa.Table) -> list[tuple[object, ...]]:
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True))
