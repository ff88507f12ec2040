"""The one module that talks to Kubernetes: plain objects in and out, every call with a deadline. No decisions here.

The client library takes a quarter of a second to import: it is imported when the first `KubernetesApi` is made.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog.errors import ConfigFileError
from engine.clusters.objects import Manifest
from engine.clusters.reading import Object

if TYPE_CHECKING:
    from kubernetes.client import ApiClient, Configuration

IN_CLUSTER = "in-cluster"
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5.0, 15.0
PAGE = 500
MANAGER = "kadali"
CREDENTIALS_AGAIN_S = 10.0
"""Where the API server does not take our credentials, they are read anew, at most so often."""
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

_PLACES: Mapping[str, tuple[str, str, bool]] = {
    "Namespace": ("api/v1", "namespaces", False),
    "PersistentVolume": ("api/v1", "persistentvolumes", False),
    "ResourceQuota": ("api/v1", "resourcequotas", True),
    "LimitRange": ("api/v1", "limitranges", True),
    "ServiceAccount": ("api/v1", "serviceaccounts", True),
    "Secret": ("api/v1", "secrets", True),
    "ConfigMap": ("api/v1", "configmaps", True),
    "Service": ("api/v1", "services", True),
    "Pod": ("api/v1", "pods", True),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims", True),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies", True),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices", True),
    "StatefulSet": ("apis/apps/v1", "statefulsets", True),
}
"""Kinds we touch: API, resource, whether in a namespace."""

log = logging.getLogger("kadali.clusters")


class KubernetesError(Exception):
    """The API server refused, or could not be reached (`status` 0). `reason` is its word: Forbidden, Conflict."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message

    @property
    def unreachable(self) -> bool:
        """Nothing is known of what is there: not the same as a refusal."""
        return self.status == 0 or self.status >= 500


class KubernetesApi:
    """A connection pool to one API server. Safe for many threads.

    `config` is a kubeconfig file, or `in-cluster` for the service account of the pod we are in; it is read again when
    the API server no longer takes what it says. Raises ConfigFileError.
    """

    def __init__(self, config: str) -> None:
        self._config: str | None = config
        self._client = _client(config)
        self._read_at = time.monotonic()
        self._reading = threading.Lock()

    @property
    def server(self) -> str:
        """The API server's URL."""
        return str(self._client.configuration.host)

    @classmethod
    def with_token(cls, other: KubernetesApi, token: str) -> KubernetesApi:
        """The same API server as somebody else."""
        from kubernetes.client import ApiClient

        made = cls.__new__(cls)
        made._config, made._read_at, made._reading = None, 0.0, threading.Lock()
        configuration = _copy(other._client.configuration)
        configuration.api_key = {"authorization": f"Bearer {token}"}
        made._client = ApiClient(configuration)
        return made

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """None if there is none. Raises KubernetesError."""
        try:
            return self._json("GET", _path(kind, namespace, name))
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def list(
        self,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        only_metadata: bool = False,
    ) -> list[Object]:
        """All of them, in one namespace or in all. Raises KubernetesError."""
        found: list[Object] = []
        accept = _METADATA if only_metadata else ""
        query = {"limit": str(PAGE), "labelSelector": labels, "fieldSelector": fields}
        while True:
            page = self._json("GET", _path(kind, namespace), query, accept=accept)
            found += page.get("items") or ()
            more = page.get("metadata", {}).get("continue")
            if not more:
                return found
            query["continue"] = more

    def apply(self, manifest: Manifest) -> Object:
        """Server-side apply: ours is what we name, whatever anybody else has said of it. Raises KubernetesError."""
        metadata = manifest["metadata"]
        path = _path(manifest["kind"], metadata.get("namespace"), metadata["name"])
        query = {"fieldManager": MANAGER, "force": "true"}
        return self._json("PATCH", path, query, manifest, content="application/apply-patch+yaml")

    def scale(self, stateful_set: str, namespace: str, replicas: int) -> None:
        """Nothing else of it changes. Raises KubernetesError."""
        path = _path("StatefulSet", namespace, stateful_set)
        body = {"spec": {"replicas": replicas}}
        self._json("PATCH", path, {"fieldManager": MANAGER}, body, content="application/merge-patch+json")

    def refusal(self, manifest: Manifest) -> str | None:
        """Why an object like this would not be admitted now; None if it would, or is there. Raises KubernetesError if
        nobody can say.
        """
        path = _path(manifest["kind"], manifest["metadata"].get("namespace"))
        try:
            self._json("POST", path, {"dryRun": "All", "fieldManager": MANAGER}, manifest)
        except KubernetesError as error:
            if error.unreachable or error.status == 401:
                raise
            return None if error.status in (404, 409) else f"{error.reason}: {error.message}"
        return None

    def delete(
        self, kind: str, name: str, namespace: str | None = None, *, uid: str, grace_s: int | None = None
    ) -> bool:
        """Just this one, not another of the same name; what it owns follows. False if it is no more."""
        options: dict[str, Any] = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        if grace_s is not None:
            options["gracePeriodSeconds"] = grace_s
        try:
            self._json("DELETE", _path(kind, namespace, name), {}, options)
        except KubernetesError as error:
            if error.status in (404, 409):  # gone, or another one by now
                return False
            raise
        return True

    def close(self) -> None:
        self._client.close()

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        data = self._call(method, path, query or {}, body, content, accept)
        made: dict[str, Any] = json.loads(data)
        return made

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object = None,
        content: str = "",
        accept: str = "",
    ) -> bytes:
        headers = {"Accept": accept or "application/json"}
        if body is not None:
            headers["Content-Type"] = content or "application/json"
        sent = json.dumps(body) if content.endswith("yaml") else body  # the client encodes what is called JSON
        client = self._client
        status, reason, data = _sent(client, method, path, query, headers, sent)
        if status == 401 and self._has_other_credentials(client):
            status, reason, data = _sent(self._client, method, path, query, headers, sent)
        if not 200 <= status <= 299:
            raise _refused(status, reason, data)
        return data

    def _has_other_credentials(self, refused: ApiClient) -> bool:
        """Read the configuration anew, unless another thread just has: tokens expire, files get new ones."""
        with self._reading:
            if self._client is not refused:
                return True
            if self._config is None or time.monotonic() - self._read_at < CREDENTIALS_AGAIN_S:
                return False
            self._read_at = time.monotonic()
            try:
                self._client = _client(self._config)
            except ConfigFileError as error:  # half written, or not there now
                log.warning("%s: %s", error.message, error.detail)
                return False
        return True


def _sent(
    client: ApiClient, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: object
) -> tuple[int, str, bytes]:
    """Status, its word, and what came. Raises KubernetesError if nothing did."""
    with _transport_errors():
        request = client.param_serialize(
            method=method,
            resource_path="/" + path,
            query_params=[(key, value) for key, value in query.items() if value],
            header_params=dict(headers),
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = client.call_api(*request, _request_timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
        return answer.status, answer.reason or "", answer.read() or b""


@contextmanager
def _transport_errors() -> Iterator[None]:
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except HTTPError as error:
        raise KubernetesError(0, "Unreachable", f"the Kubernetes API cannot be reached: {error}") from error
    except ApiException as error:
        raise KubernetesError(error.status or 0, error.reason or "", str(error.body or error.reason)) from error
    except OSError as error:
        raise KubernetesError(0, "Unreachable", f"the Kubernetes API cannot be reached: {error}") from error


def _refused(status: int, reason: str, data: bytes) -> KubernetesError:
    if status == 401:  # its own word says it twice, and no more
        return KubernetesError(status, "Unauthorized", "the API server does not take the gateway's credentials")
    try:
        told = json.loads(data)
    except ValueError:
        return KubernetesError(status, reason, data.decode("utf-8", "replace")[:500] or reason)
    if not isinstance(told, dict):
        return KubernetesError(status, reason, str(told)[:500])
    return KubernetesError(status, told.get("reason") or reason, told.get("message") or reason)


def _path(kind: str, namespace: str | None, name: str | None = None) -> str:
    api, resource, namespaced = _PLACES[kind]
    parts = [api]
    if namespaced and namespace is not None:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(resource)
    if name is not None:
        parts.append(quote(name, safe=""))
    return "/".join(parts)


def _client(config: str) -> ApiClient:
    from kubernetes import config as loading
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config.config_exception import ConfigException
    from yaml import YAMLError  # type: ignore[import-untyped]

    configuration = Configuration()  # never the process-wide default: its refresh hook would bring other rights along
    configuration.retries = False  # the next round is the retry
    configuration.client_side_validation = False
    try:
        if config == IN_CLUSTER:
            loading.load_incluster_config(client_configuration=configuration)
        else:
            file = str(Path(config).expanduser())
            loading.load_kube_config(config_file=file, client_configuration=configuration, persist_config=False)
    except (ConfigException, OSError, YAMLError, TypeError) as error:  # TypeError: YAML of something else
        raise ConfigFileError(f'"{config}" does not say how to reach Kubernetes', detail=str(error)) from error
    return ApiClient(configuration)


def _copy(configuration: Configuration) -> Configuration:
    """As it is, without its way to renew its owner's token: that would silently put the owner's rights back."""
    from kubernetes.client import Configuration

    made = Configuration(host=configuration.host)
    made.ssl_ca_cert, made.verify_ssl = configuration.ssl_ca_cert, configuration.verify_ssl
    made.ca_cert_data, made.tls_server_name = configuration.ca_cert_data, configuration.tls_server_name
    made.retries, made.client_side_validation = False, False
    made.refresh_api_key_hook = None
    return made
