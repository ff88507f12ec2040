"""Secrets and connections as the settings have them: the key, what of the server may be read, where to connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from catalog.connections.outbound import Outbound, rules_of
from catalog.connections.tenant import TenantConnections
from catalog.errors import ConfigFileError
from catalog.secrets.keys import ServerKeys
from catalog.secrets.outside import KubernetesReader, Outside, listed
from catalog.secrets.tenant import TenantSecrets
from catalog.store import Store
from engine.clusters.kubernetes import KubernetesApi
from engine.clusters.secrets import secret_reader
from gateway.settings import Settings

KEY_FILE = "secrets.key"
T = TypeVar("T")
R = TypeVar("R")


def tenant_connections(settings: Settings, store: Store) -> Callable[[str], TenantConnections]:
    """Those of a tenant, by its name. Raises ConfigFileError; what it returns raises SqlError."""
    keys = ServerKeys(settings.secret_key_file or settings.data_dir / KEY_FILE)
    outside = Outside(
        _read("secret_env", settings.secret_env, listed),
        _read("secret_paths", settings.secret_paths, listed),
        _kubernetes(settings),
    )
    outbound = Outbound(_read("connect_to", settings.connect_to, rules_of))

    def find(tenant: str) -> TenantConnections:
        found = store.catalog(tenant).tenant
        secrets = TenantSecrets(store.database, found.id, found.name, keys, outside)
        return TenantConnections(secrets, outbound)

    return find


def _kubernetes(settings: Settings) -> KubernetesReader | None:
    if settings.kubeconfig is None:
        return None
    return secret_reader(KubernetesApi(settings.kubeconfig), settings.namespace_prefix)


def _read(name: str, text: T, read: Callable[[T], R]) -> R:
    try:
        return read(text)
    except ValueError as error:
        raise ConfigFileError(f'invalid value for parameter "{name}": "{text}"', hint=f"{error}.") from error
