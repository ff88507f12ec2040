"""A door whose tenant has a cluster: a real one, on the Spark server of the tests, noted in a real metadata store."""

from __future__ import annotations

from pathlib import Path

from catalog.clusters.model import Backend, ClusterSpec, ClusterState, Desired, EngineKind, Observed, Tier
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.errors import SqlError
from catalog.store import Store
from sql_extensions.call import Call
from sql_extensions.session import Session
from tests.gateway.door import TENANT, WirelessGateway
from tests.spark.servers import SparkServer

GIB = 1 << 30


class ClusterDoor(WirelessGateway):
    """`tier` may be replaced while it is open. Statements run one by one, as simple queries."""

    def __init__(self, store: Store, folder: Path, **settings: str) -> None:
        self.tier = Tier("default")
        self.cluster_store = Clusters(store.database, store.instance)
        super().__init__(store, folder, lambda _: self.clusters, self.cluster_store, **settings)
        store.users.add("bob", TENANT, "secret words")
        tenant = store.catalog(TENANT).tenant
        self.clusters = TenantClusters(self.cluster_store, tenant.id, TENANT, lambda: self.tier, {})

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
        session = self.session(user, admin=user == "ann")
        session.compute._setting = lambda: cluster
        return session

    def run(self, session: Session, sql: str, call: Call | None = None) -> tuple[str, list[tuple[object, ...]]]:
        """(tag, rows) of one statement."""
        return self.answer(call or self.call(session, sql), session)

    def tried(self, session: Session, sql: str) -> object:
        """The answer, or what is told instead."""
        try:
            return self.run(session, sql)
        except SqlError as error:
            return error.code, error.message
