"""The metadata store: tenants, users, catalogs and histories, in any PostgreSQL. Clients never see its tables."""

from catalog.store.change import Change, Op
from catalog.store.store import Store
from catalog.store.tenant_catalog import Changed, Tenant, TenantCatalog
from catalog.store.undo import Undo
from catalog.store.users import User, Users

__all__ = ["Change", "Changed", "Op", "Store", "Tenant", "TenantCatalog", "Undo", "User", "Users"]
