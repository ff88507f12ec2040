"""A door whose tenant has a cluster: a real one, on the Spark server of the tests, noted in a real metadata store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from catalog.clusters.model import Backend, ClusterSpec, ClusterState, Desired, EngineKind, Observed, Tier
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.errors import SqlError
from catalog.history import QueryHistory
from catalog.principal import Principal
from catalog.store import Store
from engine.base import ArrowRows, Notice, Result
from gateway.build import FileRemoval
from gateway.calls import CallRegister, new_call_id
from gateway.execute import Services, execute, settle
from gateway.settings import load
from gateway.tenants import Tenants
from sql_extensions import rows
from sql_extensions.call import Call, Outcome
from sql_extensions.relations import shadow_objects
from sql_extensions.session import Session
from sql_extensions.statement import recognise
from tests.spark.servers import SparkServer

TENANT = "shop"
GIB = 1 << 30


class ClusterDoor:
    """`tier` may be replaced while it is open. Statements run one by one, as simple queries."""

    def __init__(self, store: Store, folder: Path, **settings: str) -> None:
        self.tier = Tier("default")
        self.settings = load({"data_dir": str(folder)} | settings)
        store.ensure_tenant(TENANT)
        store.users.add("ann", TENANT, "secret words", admin=True)
        store.users.add("bob", TENANT, "secret words")
        self.calls = CallRegister()
        self.history = QueryHistory(store.database, store.instance)
        self.cluster_store = Clusters(store.database, store.instance)
        tenant = store.catalog(TENANT).tenant
        self.clusters = TenantClusters(self.cluster_store, tenant.id, TENANT, lambda: self.tier, {})
        self.tenants = Tenants(
            self.settings,
            store,
            self.history,
            self.calls,
            shadow_objects(),
            FileRemoval(self.settings),
            lambda _: self.clusters,
            self.cluster_store,
        )
        self._services = Services(self.settings, None, self.calls, (), (), ())  # type: ignore[arg-type]
        self._sessions: list[Session] = []

    def add_cluster(self, name: str, token: str = "token", **options: object) -> None:
        """SUSPENDED, as the store has new ones."""
        spec = ClusterSpec(EngineKind.SPARK, Backend.EXTERNAL, "xsmall", 0, 0, 1, GIB, 1, GIB, **options)  # type: ignore[arg-type]
        self.clusters.create(name, spec, "ann", token=token)

    def start_cluster(self, name: str, server: SparkServer) -> None:
        """What the reconciler does once the driver answers."""
        self.clusters.want(name, Desired.RUNNING, "ann")
        self.observe(name, ClusterState.RUNNING, endpoint=server.endpoint)

    def observe(
        self, name: str, state: ClusterState, *, reason: str | None = None, endpoint: str | None = None
    ) -> None:
        cluster = self.clusters.get(name, fresh=True)
        self.cluster_store.observe(cluster.id, Observed(state, reason, cluster.generation, 0, endpoint))
        self.clusters.list(fresh=True)

    def open(self, cluster: str, user: str = "ann") -> Session:
        """A session whose setting kadali.cluster is `cluster`."""
        session = self.tenants.open_session(Principal(user, TENANT, admin=user == "ann"), {}, len(self._sessions) + 1)
        session.compute._setting = lambda: cluster
        self._sessions.append(session)
        return session

    def call(self, session: Session, sql: str) -> Call:
        call = Call(new_call_id(), session.principal, session.pid, sql)
        self.calls.add(call)
        return call

    def run(self, session: Session, sql: str, call: Call | None = None) -> tuple[str, list[tuple[object, ...]]]:
        """(tag, rows) of one statement."""
        call = call or self.call(session, sql)
        session.transaction.alone = True
        try:
            (call.statement,) = recognise(sql)
            result = execute(call, session, self._services)
            found = _rows(result)
            session.transaction.end_implicit()
        except SqlError as error:
            session.transaction.fail()
            call.error = error
            settle(call, Outcome.FAILED, self._services)
            raise
        finally:
            session.transaction.alone = False
        settle(call, Outcome.DONE, self._services)
        tag = f"{result.tag}{len(found)}" if result.tag.endswith(" ") else result.tag
        return tag, found

    def tried(self, session: Session, sql: str) -> object:
        """The answer, or what is told instead."""
        try:
            return self.run(session, sql)
        except SqlError as error:
            return error.code, error.message

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self.tenants.close()
        self.history.close()


def _rows(result: Result) -> list[tuple[object, ...]]:
    if result.rows is None:
        return []
    answer = result.rows if isinstance(result.rows, ArrowRows) else rows.to_arrow(result.rows)
    table: pa.Table = answer.reader.read_all()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def told(notices: Sequence[Notice]) -> list[str]:
    return [notice.message for notice in notices]
