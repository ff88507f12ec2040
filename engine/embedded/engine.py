"""The embedded engine of one tenant: DuckDB in this process over the tenant's Delta tables."""

from __future__ import annotations

from engine.base import Dialect, Query
from engine.delta.snapshot import Snapshots
from engine.embedded.instance import EmbeddedSettings, Instance
from engine.embedded.running import EmbeddedRunning
from engine.storage.storage import Storage


class EmbeddedEngine:
    """Answers SELECT. Safe for many threads; each query has a cursor of its own."""

    name = "embedded"
    dialect = Dialect.DUCKDB

    def __init__(self, settings: EmbeddedSettings, snapshots: Snapshots | None = None) -> None:
        self._settings = settings
        self.snapshots = snapshots or Snapshots()
        self._instance = Instance(settings, self.storage.s3)

    @property
    def storage(self) -> Storage:
        """Where the tenant's tables lie."""
        return self.snapshots.storage

    def start(self, query: Query) -> EmbeddedRunning:
        """Nothing happens before `result()` is called."""
        return EmbeddedRunning(self._instance, self.snapshots, self._settings, query)

    def explain(self, query: Query) -> str:
        """DuckDB's plan for the query as text."""
        return self.start(query).explain()

    def close(self) -> None:
        """Running queries fail; the instance's memory and spill files are given back."""
        self._instance.close()
