"""All that belongs to one tenant (a PostgreSQL database name) in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from catalog.history import QueryHistory
from catalog.principal import Principal
from catalog.shadow.instance import ShadowInstance
from catalog.store.tenant_catalog import TenantCatalog
from engine.embedded.engine import EmbeddedEngine
from sql_extensions.compute import ClusterAccess
from sql_extensions.kept import KeptQueries
from sql_extensions.references import NameSet

if TYPE_CHECKING:
    from catalog.clusters.tenant import TenantClusters
    from catalog.connections.tenant import TenantConnections
    from sql_extensions.call import Call


class Calls(Protocol):
    """The calls under way in this process, for SHOW QUERIES and CANCEL QUERY."""

    def running(self) -> list[Call]: ...

    def find(self, call_id: str) -> Call | None: ...

    def by_pid(self, pid: int) -> Call | None: ...

    def logged_in(self, pid: int, principal: Principal) -> None:
        """Note whose connection it is."""
        ...

    def owner(self, pid: int) -> Principal | None:
        """Who is logged in on the connection with this backend pid; None if there is none."""
        ...

    def terminate(self, pid: int) -> bool:
        """End the connection with this backend pid; False if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Tenant:
    """Built once in gateway/build.py, shared by the tenant's sessions; every part is safe for many threads."""

    name: str
    catalog: TenantCatalog
    shadow: ShadowInstance
    engine: EmbeddedEngine
    history: QueryHistory
    calls: Calls
    staging: Path
    """Folder for rows of open transactions and results of held cursors."""
    drop_files: Callable[[Sequence[str]], None]
    """Removes the files of tables that are no more, given their locations."""
    catch_up: Callable[[], None]
    """Brings the shadow in step with the catalog."""
    shadow_seq: Callable[[], int]
    """Number of the last change of a definition or role that the shadow is known to hold."""
    names: NameSet = field(default_factory=NameSet)
    clusters: TenantClusters | None = None
    """None: this server has no clusters."""
    access: ClusterAccess | None = None
    """How its sessions get at them; None with `clusters`."""
    kept: KeptQueries = field(default_factory=KeptQueries)
    connections: TenantConnections | None = None
    """With the tenant's secrets; None where nothing of the kind is set up."""

    def definitions(self) -> tuple[int, int]:
        """What descriptions, rights and the search path depend on: it differs after every change of the catalog, and
        again once the shadow holds a change that another process made.
        """
        return self.catalog.seq, self.shadow_seq()

    def settle(self, transaction: str) -> None:
        """The transaction's definitions stand; the files of what it dropped go. Raises SqlError."""
        self.drop_files(self.catalog.settle(transaction))

    def may_see(self, principal: Principal, call: Call) -> bool:
        """Whether `principal` may see and stop `call`: its own calls; all of the tenant's for administrators."""
        same_tenant = call.principal.tenant == principal.tenant
        return same_tenant and (principal.admin or call.principal.user == principal.user)
