"""Puts the parts together: the one place where concrete classes meet, and the life of a server from start to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from catalog.clusters.model import Backend as BackendKind
from catalog.clusters.store import Clusters
from catalog.history import QueryHistory
from engine.clusters.processes import LocalBackend
from engine.clusters.reconcile import Reconciler
from gateway.calls import CallRegister
from gateway.cluster_backends import backends, tenant_clusters, tiers_of
from gateway.cluster_loop import ClusterLoop
from gateway.connections import tenant_connections
from gateway.data_folder import DataFolder
from gateway.execute import Services
from gateway.flight.door import FlightDoor
from gateway.flight.tls import load_flight_tls
from gateway.http.login import BasicLogin
from gateway.http.server import HttpServer, Readiness
from gateway.http.spark_ui import SparkUi
from gateway.lake import FileRemoval
from gateway.listening import check_ports, is_loopback
from gateway.metadata import Metadata
from gateway.observers.history import HistoryObserver
from gateway.observers.log import LogObserver, set_up_logging
from gateway.observers.metrics import Metrics
from gateway.pgwire.server import PgServer, event_loop
from gateway.pgwire.tls import load_http_tls, load_tls
from gateway.settings import Settings
from gateway.tenants import Tenants
from gateway.version import VERSION
from sql_extensions.kept import KeptQueries
from sql_extensions.relations import shadow_objects

UI_THREADS = 2
"""They check passwords: few, so that guessing is slow."""
log = logging.getLogger(__name__)


class Gateway:
    """A whole server. `start` and `stop` are called on one event loop."""

    def __init__(self, settings: Settings) -> None:
        """Opens the metadata store; blocking. Raises SqlError (port or folder in use, store unreachable)."""
        self.readiness = Readiness.STARTING
        self._settings = settings
        with ExitStack() as made:
            self._make(made)
            self._made = made.pop_all()

    def _make(self, made: ExitStack) -> None:
        """All parts; `made` closes them in the opposite order."""
        settings = self._settings
        folder = DataFolder(settings.data_dir)
        folder.hold()
        made.callback(folder.release)
        check_ports(settings)
        remove_files = FileRemoval(settings)
        tls, http_tls, flight_tls = load_tls(settings), load_http_tls(settings), load_flight_tls(settings)
        metadata = Metadata(settings, folder)
        made.callback(metadata.close)
        store = metadata.store
        store.removed([location for location in store.recover() if remove_files(location)])
        history = QueryHistory(
            store.database,
            store.instance,
            journal=settings.data_dir / "history",
            retention_s=settings.history_retention,
            rows_max=settings.history_limit,
        )
        made.callback(history.close)
        calls = CallRegister()
        metrics = Metrics(VERSION)
        metrics.watch_running(lambda: len(calls.running()))
        recorder = HistoryObserver(history)
        tiers = tiers_of(settings)
        clusters = Clusters(store.database, store.instance, tiers.prices)
        of_tenant, running = tenant_clusters(settings, store, clusters, tiers), backends(settings, store)
        loop = ClusterLoop(clusters.watch, lambda leading: Reconciler(clusters, running, tiers.of, leading=leading))
        if isinstance(drivers := running.get(BackendKind.LOCAL), LocalBackend):
            drivers.changed = loop.wake
        made.callback(loop.stop)
        kept = KeptQueries()
        tenants = Tenants(
            settings,
            store,
            history,
            calls,
            shadow_objects(),
            remove_files,
            of_tenant,
            clusters,
            kept,
            connections=tenant_connections(settings, store),
        )
        made.callback(tenants.close)
        workers = ThreadPoolExecutor(settings.workers, "worker")
        made.callback(workers.shutdown, cancel_futures=True)
        services = Services(
            settings=settings,
            workers=workers,
            calls=calls,
            guards=(),
            starters=(recorder.started,),
            observers=(recorder, kept.note, metrics, LogObserver(every_statement=settings.log_statements)),
        )
        self._pg = PgServer(services, tenants.open_session, store.users, tls)
        self._flight = FlightDoor(services, tenants.open_session, store.users, flight_tls, kept)
        metrics.watch_connections(lambda: self._pg.connections)
        loop.start()
        self._probes = ThreadPoolExecutor(1, "probe")
        logins = ThreadPoolExecutor(UI_THREADS, "http-login")
        made.callback(logins.shutdown, cancel_futures=True)
        secure = settings.http_tls or is_loopback(settings.host)
        self._http = HttpServer(
            readiness=lambda: self.readiness,
            metrics=metrics.text,
            workers=self._probes,
            version=VERSION,
            ui=SparkUi(BasicLogin(store.users), of_tenant, logins, secure=secure),
            tls=http_tls,
        )

    async def start(self) -> None:
        """Listen. Raises SqlError or OSError if an address cannot be had."""
        await self._http.start(self._settings.host, self._settings.http_port)
        await self._pg.start()
        self._flight.start()
        self.readiness = Readiness.READY
        log.info("accepting connections on %s, port %d", self._settings.host, self._pg.port)
        log.info("accepting Flight SQL on %s, port %d", self._settings.host, self._flight.port)

    async def stop(self) -> None:
        """Drain: clients finish or are canceled, then everything is closed in the opposite order of its making."""
        self.readiness = Readiness.DRAINING
        loop, drains = asyncio.get_running_loop(), ThreadPoolExecutor(1, "flight-drain")
        flight = loop.run_in_executor(drains, self._flight.drain, self._settings.shutdown_grace)
        await self._pg.drain(self._settings.shutdown_grace)
        await flight
        drains.shutdown()
        await loop.run_in_executor(self._probes, self._made.close)
        await self._http.close()
        self._probes.shutdown()


def serve(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM; the exit status. Raises SqlError if the server cannot start."""
    set_up_logging(settings)
    gateway = Gateway(settings)
    loop = event_loop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(_serve(gateway))
    finally:
        loop.close()


async def _serve(gateway: Gateway) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    try:
        await gateway.start()
        await stopping.wait()
        log.info("stopping")
    finally:
        await gateway.stop()
    return 0
