"""Prometheus metrics of the gateway, in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from sql_extensions.call import Call, Outcome

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """Made once per process; the object is the observer of calls. `text()` is what /metrics answers."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._statements = Counter(
            "kadali_statements",
            "Statements ended.",
            ("action", "engine", "reason", "outcome", "sqlstate"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "kadali_statement_seconds",
            "Time from receiving a statement to the end of its answer.",
            ("action", "engine"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._rows = Counter("kadali_rows_sent", "Rows sent to clients.", ("engine",), registry=self.registry)
        self._bytes = Counter(
            "kadali_bytes_sent", "Bytes of rows sent to clients.", ("engine",), registry=self.registry
        )
        build = Gauge("kadali_build_info", "Version of the gateway, in a label.", ("version",), registry=self.registry)
        build.labels(version).set(1)

    def watch_running(self, count: Callable[[], int]) -> None:
        """Show `count()` as the number of statements running now."""
        gauge = Gauge("kadali_statements_running", "Statements running now.", registry=self.registry)
        gauge.set_function(lambda: float(count()))

    def watch_connections(self, count: Callable[[], int]) -> None:
        """Show `count()` as the number of client connections open now."""
        gauge = Gauge("kadali_connections", "Client connections open now.", registry=self.registry)
        gauge.set_function(lambda: float(count()))

    def __call__(self, call: Call, outcome: Outcome) -> None:
        action = call.statement.action.value if call.statement is not None else "unknown"
        engine = call.route.engine if call.route is not None else "none"
        reason = call.route.reason.name.lower() if call.route is not None else "none"
        sqlstate = call.error.code if call.error is not None else "00000"
        self._statements.labels(action, engine, reason, outcome.value, sqlstate).inc()
        self._seconds.labels(action, engine).observe(call.seconds)
        self._rows.labels(engine).inc(call.rows)
        self._bytes.labels(engine).inc(call.bytes)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)
