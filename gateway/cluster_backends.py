"""Clusters as the settings have them: what runs them, how pods reach tenants' data, and what tenants may have."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from catalog.clusters.model import Backend as BackendKind
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.clusters.tiers import BUILT_IN, Tiers, read_tiers
from catalog.errors import ConfigFileError, SqlError
from catalog.store import Store
from engine.clusters.backend import Backend
from engine.clusters.endpoints import ExternalBackend
from engine.clusters.folder import lake_user
from engine.clusters.kubernetes import IN_CLUSTER, KubernetesApi
from engine.clusters.names import check_prefix
from engine.clusters.origin import networks, own_network
from engine.clusters.place import Place, TenantData
from engine.clusters.pods import KubernetesBackend
from engine.clusters.processes import LocalBackend
from engine.spark.configuration import s3a_environment, s3a_settings
from engine.storage.options import S3Options
from engine.storage.place import bucket_and_key, is_s3, place
from gateway.lake import s3_options
from gateway.settings import Settings

PROGRAM = "agent.py"
"""The driver program: beside this package in a checkout, in the distribution otherwise."""


def backends(settings: Settings, store: Store) -> dict[BackendKind, Backend]:
    """Those that the settings name; servers of others always. Raises ConfigFileError."""
    made: dict[BackendKind, Backend] = {BackendKind.EXTERNAL: ExternalBackend()}
    if settings.kubeconfig is not None:
        made[BackendKind.KUBERNETES] = _kubernetes(settings, store, settings.kubeconfig)
    if settings.spark_home is not None:
        made[BackendKind.LOCAL] = LocalBackend(
            settings.spark_home,
            driver_program(settings.spark_home),
            settings.data_dir / "clusters",
            lambda tenant: _local_settings(settings, store, tenant),
        )
    return made


def tiers_of(settings: Settings) -> Tiers:
    """The built-in tiers and sizes, or a file's. Raises ConfigFileError."""
    return BUILT_IN if settings.tiers is None else read_tiers(settings.tiers)


def tenant_clusters(
    settings: Settings, store: Store, clusters: Clusters, tiers: Tiers
) -> Callable[[str], TenantClusters]:
    """The clusters of a tenant, by its name. What it returns raises SqlError."""
    kind = None
    if settings.kubeconfig is not None:
        kind = BackendKind.KUBERNETES
    elif settings.spark_home is not None:
        kind = BackendKind.LOCAL

    web = web_url(settings)
    external = frozenset(_listed(settings.external_clusters))
    images = [*_listed(settings.cluster_images), *_listed(settings.spark_image)]

    def find(tenant: str) -> TenantClusters:
        found = store.catalog(tenant).tenant
        tier = partial(tiers.of, found.name)
        return TenantClusters(clusters, found.id, found.name, tier, tiers.sizes, kind, external, web, images)

    return find


def _listed(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def web_url(settings: Settings) -> str:
    """Of the HTTP port, as users are told it; empty where nothing is known that they could use."""
    if settings.http_url is not None:
        return settings.http_url.rstrip("/")
    if settings.host in ("0.0.0.0", "::", "") or settings.http_port == 0:  # noqa: S104 - nobody listens here
        return ""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if settings.http_tls else 'http'}://{host}:{settings.http_port}"


def _kubernetes(settings: Settings, store: Store, kubeconfig: str) -> Backend:
    if settings.spark_image is None:
        raise ConfigFileError("setting kubeconfig needs spark_image", hint="Name the image that Spark's pods run.")
    try:
        prefix = check_prefix(settings.namespace_prefix)
    except SqlError as error:
        raise ConfigFileError('invalid value for parameter "namespace_prefix"', hint=error.hint) from error
    api = KubernetesApi(kubeconfig)
    where = Place(server_id(store), prefix, settings.spark_image, gateways=_gateways(settings, api))
    return KubernetesBackend(api, where, tenant_data(settings, store))


def _gateways(settings: Settings, api: KubernetesApi) -> tuple[str, ...]:
    """Networks that gateways outside of Kubernetes come from; those inside are known by their namespace."""
    if settings.gateway_networks is not None:
        return networks(settings.gateway_networks)
    return () if settings.kubeconfig == IN_CLUSTER else own_network(api.server)


def server_id(store: Store) -> str:
    """Tells objects of this store's clusters from those of another: 16 hexadecimal digits, the same on all gateways."""
    return hashlib.sha256(store.secret("clusters")).hexdigest()[:16]


def driver_program(distribution: Path) -> Path:
    """Raises ConfigFileError."""
    for file in (Path(__file__).parents[1] / "docker" / "spark" / PROGRAM, distribution / PROGRAM):
        if file.is_file():
            return file
    raise ConfigFileError(f'folder "{distribution}" holds no driver program', hint=f"{PROGRAM} is missing there.")


def tenant_data(settings: Settings, store: Store) -> Callable[[str], TenantData]:
    """How pods reach the tables of a tenant, by its name. What it returns raises SqlError."""

    def find(tenant: str) -> TenantData:
        root = store.catalog(tenant).root
        if not is_s3(root):
            folder = Path(place(root))
            return TenantData(folder=str(folder), user=lake_user(folder))
        options = _options(settings, tenant)
        return TenantData(
            settings=s3a_settings(options, bucket_and_key(place(root))[0]),
            secrets=s3a_environment(options),
            ports=(_port(options),),
        )

    return find


def _local_settings(settings: Settings, store: Store, tenant: str) -> Mapping[str, str]:
    """For drivers of this machine: keys are in their settings, in a file that only the server's user can read."""
    root = store.catalog(tenant).root
    if not is_s3(root):
        return {}
    options, bucket = _options(settings, tenant), bucket_and_key(place(root))[0]
    mine = f"spark.hadoop.fs.s3a.bucket.{bucket}."
    found = {key: value for key, value in s3a_settings(options, bucket).items() if "credentials.provider" not in key}
    keys = {
        "access.key": options.access_key_id,
        "secret.key": options.secret_access_key,
        "session.token": options.session_token,
    }
    return found | {mine + key: value for key, value in keys.items() if value is not None}


def _options(settings: Settings, tenant: str) -> S3Options:
    options = s3_options(settings, tenant)
    if options is None:
        raise ConfigFileError(f'the lake of tenant "{tenant}" is in an object store that is not set up')
    return options


def _port(options: S3Options) -> int:
    if options.endpoint is None:
        return 443
    parts = urlsplit(options.endpoint)
    return parts.port or (80 if parts.scheme == "http" else 443)
