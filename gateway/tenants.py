"""The tenants this process serves: opened when their first client comes, kept, closed at the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from catalog.clusters.places import CHANNEL as PLACES_CHANNEL
from catalog.clusters.scans import Scans
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.connections.tenant import TenantConnections
from catalog.errors import FeatureNotSupported, SqlError
from catalog.history import QueryHistory
from catalog.model import CatalogSnapshot
from catalog.names import TableName
from catalog.principal import Principal
from catalog.shadow.instance import ShadowInstance
from catalog.shadow.objects import KadaliObject
from catalog.store import Store, TenantCatalog
from catalog.store.change import Op
from engine.clusters.admission import Admission
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo
from engine.delta.transaction import DeltaTransaction, clean_staging
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings, clean_spill
from engine.storage.place import is_s3
from engine.sync.target import clean_staging as clean_sync_staging
from gateway.cluster_access import ClusterDuties, cluster_access
from gateway.lake import storage_of
from gateway.settings import Settings
from sql_extensions import tables
from sql_extensions.cluster_actions import check_usable
from sql_extensions.cluster_guests import Guests
from sql_extensions.kept import KeptQueries
from sql_extensions.session import Session
from sql_extensions.settings import SessionSettings, SettingDefaults, parse_options
from sql_extensions.tenant import Calls, Tenant
from sql_extensions.transaction import Transaction

log = logging.getLogger(__name__)

FOLLOW_EVERY_S = 0.5
"""How late a change made by another gateway or command may be seen in the catalog clients query."""
APPLY_TRIES = 3


class Follower:
    """Keeps one tenant's shadow in step with its catalog. Safe for many threads."""

    def __init__(self, catalog: TenantCatalog, shadow: ShadowInstance) -> None:
        self._catalog, self._shadow = catalog, shadow
        self._lock = threading.Lock()
        self._applied = -1
        self._generation = -1
        self.definitions = -1
        """Number of the last change of a definition or role that the shadow is known to hold."""

    def catch_up(self) -> None:
        """Apply what has changed since the last time; returns when the shadow holds it. Raises SqlError."""
        snapshot = self._catalog.snapshot()
        if snapshot.seq == self._applied and self._shadow.generation == self._generation:
            return
        with self._lock:
            for _ in range(APPLY_TRIES):
                snapshot = self._catalog.snapshot()
                generation = self._shadow.generation
                if not self._apply_feed(snapshot, generation):
                    self._shadow.apply_snapshot(snapshot)
                self._applied, self._generation, self.definitions = snapshot.seq, generation, snapshot.defined
                if self._shadow.generation == generation:  # else views fell with a table, or all was made anew
                    return

    def _apply_feed(self, snapshot: CatalogSnapshot, generation: int) -> bool:
        """Apply single changes if the feed tells them all; False if the whole snapshot must be compared."""
        if self._applied < 0 or generation != self._generation:
            return False
        changes = self._catalog.changes_since(self._applied)
        if changes is None or any(change.op not in (Op.PUT, Op.DROP, Op.STATISTICS) for change in changes):
            return False
        if any(not change.name for change in changes):
            return False
        names = {TableName(change.schema, change.name): change.op for change in changes}
        defined = [name for name, op in names.items() if op is not Op.STATISTICS]
        present = [snapshot.relations[name] for name in defined if name in snapshot.relations]
        gone = [name for name in defined if name not in snapshot.relations]
        if defined:
            self._shadow.apply_relations(snapshot.seq, present, gone)
        counted = {name: snapshot.relations[name].statistics for name in names if name in snapshot.relations}
        self._shadow.set_statistics({name: told for name, told in counted.items() if told is not None})
        return True


class Tenants:
    """Opens tenants by name and sessions on them; owns a thread that keeps their shadows in step."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        history: QueryHistory,
        calls: Calls,
        objects: Sequence[KadaliObject],
        drop_files: Callable[[str], bool],
        clusters: Callable[[str], TenantClusters] | None = None,
        cluster_store: Clusters | None = None,
        kept: KeptQueries | None = None,
        connections: Callable[[str], TenantConnections] | None = None,
    ) -> None:
        """`clusters` are those of a tenant, by its name; None: this server has none. `connections` likewise."""
        self._kept = kept or KeptQueries()
        self._settings, self._store, self._history, self._calls = settings, store, history, calls
        self._objects = tuple(objects)
        self._drop_files = drop_files
        self._clusters, self._connections = clusters, connections
        self._places = None if cluster_store is None else cluster_store.places()
        self._admission = None if self._places is None else Admission(self._places)
        self._guests = Guests()
        self._duties: ClusterDuties | None = None
        if cluster_store is not None and self._admission is not None:
            store.hear(PLACES_CHANNEL, self._admission.heard)
            self._duties = ClusterDuties(cluster_store, self._admission, self._guests)
        self._defaults = SettingDefaults()
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        self._open: dict[str, tuple[Tenant, Follower]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="shadow-follower", daemon=True)
        self._thread.start()

    def open_session(self, principal: Principal, parameters: Mapping[str, str], pid: int) -> Session:
        """A session of `principal` with the start-up packet's settings. Blocking; raises SqlError."""
        tenant, follower = self._tenant(principal.tenant)
        if tenant.catalog.snapshot().roles.get(principal.user) != principal.admin:
            tenant.catalog.refresh()  # the user was made, or became administrator, a moment ago
        follower.catch_up()
        shadow = tenant.shadow.session(principal.user, client_pid=pid)
        stored = [("statement_timeout", f"{round(self._settings.statement_timeout * 1000)}ms")]
        for role in ("", principal.user):
            stored.extend(tenant.catalog.snapshot().settings.get(role, {}).items())
        start: list[tuple[str, str]] = []
        for name, value in parameters.items():
            start.extend(parse_options(value) if name == "options" else [(name, value)])
        transaction = Transaction(lambda: self._delta(tenant, principal))
        try:
            settings = SessionSettings(
                shadow,
                self._defaults,
                user=principal.user,
                definitions=tenant.definitions,
                stored=stored,
                start=start,
                check_cluster=lambda name: check_usable(tenant.clusters, principal, name),
            )
        except BaseException:
            shadow.close()
            raise
        transaction.committed = lambda versions: self._committed(tenant, versions)
        self._calls.logged_in(pid, principal)
        return Session(principal, pid, tenant, shadow, settings, transaction)

    def close(self) -> None:
        """Stop following, engines and shadows. No session may be open any more."""
        self._stop.set()
        self._thread.join()
        with self._lock:
            opened = list(self._open.values())
            self._open.clear()
        with ExitStack() as closing:
            for tenant, _ in opened:
                closing.callback(tenant.shadow.stop)
                closing.callback(tenant.engine.close)
            if self._places is not None:
                closing.callback(self._places.close)

    def _tenant(self, name: str) -> tuple[Tenant, Follower]:
        with self._lock:
            known = self._open.get(name)
            opening = self._opening.setdefault(name, threading.Lock())
        if known is not None:
            return known
        with opening:
            if name not in self._open:
                opened = self._open_tenant(name)
                with self._lock:
                    self._open[name] = opened
            return self._open[name]

    def _open_tenant(self, name: str) -> tuple[Tenant, Follower]:
        settings = self._settings
        catalog = self._store.catalog(name)
        folder = settings.data_dir / "tenants" / str(catalog.tenant.id)
        staging, spill = _made(folder / "staging"), _made(folder / "spill")
        clean_staging(staging)
        clean_sync_staging(staging)
        clean_spill(spill)
        storage = storage_of(settings, name)
        root = storage.place(catalog.root)
        if not is_s3(root):
            _made(Path(root))
        shadow = ShadowInstance(name, folder / "shadow", objects=self._objects).start()
        follower = Follower(catalog, shadow)
        try:
            follower.catch_up()
        except BaseException:
            shadow.stop()  # the next client tries again, and needs the folder
            raise
        engine = EmbeddedEngine(
            EmbeddedSettings(
                roots=(root,),
                staging_dir=staging,
                memory_bytes=settings.memory_limit,
                threads=settings.engine_threads or _cores(),
                spill_dir=spill,
                spill_bytes=settings.spill_limit,
            ),
            Snapshots(storage),
        )
        clusters = None if self._clusters is None else self._clusters(name)
        access = None
        if clusters is not None and self._admission is not None and self._duties is not None:
            scans = Scans(self._store.database, catalog.tenant.id)
            abort = self._duties.abort
            access = cluster_access(settings, scans, clusters, self._admission, self._guests, root, storage, abort)
        connections = None if self._connections is None else self._connections(name)
        tenant = Tenant(
            name,
            catalog,
            shadow,
            engine,
            self._history,
            self._calls,
            staging,
            lambda locations: self._drop(catalog, locations),
            follower.catch_up,
            lambda: follower.definitions,
            clusters=clusters,
            access=access,
            kept=self._kept,
            connections=connections,
        )
        return tenant, follower

    def _drop(self, catalog: TenantCatalog, locations: Sequence[str]) -> None:
        """Remove files; what is not removed, or not noted as removed, is tried again at the next start."""
        gone = [location for location in locations if self._drop_files(location)]
        try:
            catalog.removed(gone)
        except SqlError:
            log.exception("the removal of files could not be noted: %s", gone)

    def _delta(self, tenant: Tenant, principal: Principal) -> DeltaTransaction:
        return DeltaTransaction(tenant.staging, tenant.engine.snapshots, CommitInfo(principal.user))

    def _committed(self, tenant: Tenant, versions: tuple[tuple[TableName, int], ...]) -> None:
        """After a commit: statistics follow. The commit stands whatever happens here."""
        for name, _ in versions:
            relation = tenant.catalog.snapshot().relations.get(name)
            try:
                if relation is not None:
                    tables.refresh(tenant, relation)
            except FeatureNotSupported as error:
                log.info("the statistics of %s are not known: %s", name, error)
            except SqlError:
                log.exception("the statistics of %s could not be refreshed", name)

    def _follow(self) -> None:
        while not self._stop.wait(FOLLOW_EVERY_S):
            with self._lock:
                opened = list(self._open.values())
            try:
                if self._duties is not None:
                    self._duties.tick()
            except Exception:
                log.exception("queries on clusters could not be looked after; it is tried again")
            for tenant, follower in opened:
                try:
                    tenant.drop_files(tenant.catalog.settle_late())
                    follower.catch_up()
                    if tenant.access is not None:
                        tenant.access.note_busy()
                except Exception:
                    log.exception("a shadow catalog could not be brought up to date; it is tried again")


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
