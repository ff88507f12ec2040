"""A client's session as statements see it: who, settings, transaction, cursors, prepared statements.

The doors (PostgreSQL wire, Flight SQL) own one each and run one statement at a time on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.principal import Principal
from catalog.shadow.session import ShadowSession
from engine.base import Description
from engine.spark.running import ResultMode
from sql_extensions.compute import Compute
from sql_extensions.own_cluster import OwnCluster
from sql_extensions.plan import PlanCache
from sql_extensions.settings import SessionSettings
from sql_extensions.sql_cursor import SqlCursor
from sql_extensions.statement import Statement
from sql_extensions.tenant import Tenant
from sql_extensions.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared statement, by SQL's PREPARE or the protocol's Parse: one name space, as in PostgreSQL.

    `statement` None is the empty query. `catalog_seq` is the state of the catalog it was described in.
    """

    statement: Statement | None
    description: Description
    catalog_seq: int
    from_sql: bool = False


@dataclass(slots=True)
class Session:
    """One client's; used by one thread at a time."""

    principal: Principal
    pid: int
    """The backend pid the client was told."""
    tenant: Tenant
    shadow: ShadowSession
    settings: SessionSettings
    transaction: Transaction
    prepared: dict[str, Prepared] = field(default_factory=dict)
    cursors: dict[str, SqlCursor] = field(default_factory=dict)
    plans: PlanCache = field(default_factory=PlanCache)
    compute: Compute = field(init=False)
    """Its engines, embedded and on clusters."""

    def __post_init__(self) -> None:
        self.compute = Compute(
            self.tenant.engine,
            self.tenant.access,
            self.principal,
            lambda: self.settings.cluster,
            lambda: ResultMode(self.settings.spark_result),
            OwnCluster(self.tenant.clusters, self.principal, lambda: self.settings.sizing),
        )
        self.settings.before_change = self.before_setting_change
        self.transaction.before_commit(self._hold_cursors)
        self.transaction.at_end(self._transaction_ended)

    def before_setting_change(self) -> None:
        """Call before changing settings: the transaction's undoing brings them back."""
        settings = self.settings
        mark = settings.mark()
        self.transaction.undo_with(lambda: settings.restore(mark), writes=False)

    def close_cursors(self, *, held: bool = True) -> None:
        """Close all cursors; `held` False spares those declared WITH HOLD."""
        for name, cursor in list(self.cursors.items()):
            if held or not cursor.hold:
                del self.cursors[name]
                cursor.close()

    def close(self) -> None:
        """Roll back what is open and let go of everything; blocking."""
        try:
            self.close_cursors()
            self.transaction.rollback()
        finally:
            try:
                self.shadow.close()
            finally:
                self.compute.close()

    def _hold_cursors(self) -> None:
        """What WITH HOLD promises: the rows outlive the transaction. Blocking; raises SqlError."""
        for cursor in self.cursors.values():
            if cursor.hold:
                cursor.keep()

    def _transaction_ended(self, _committed: bool) -> None:
        self.close_cursors(held=False)
        self.settings.end_transaction()
