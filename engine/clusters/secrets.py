"""Secrets of Kubernetes as tenants' secrets: those of the tenant's own namespace that are not the server's own."""

from __future__ import annotations

import base64
import binascii
import re

from catalog.errors import ConnectionFailure, InsufficientPrivilege, ObjectNotInPrerequisiteState
from catalog.secrets.outside import KubernetesReader
from engine.clusters.kubernetes import KubernetesApi, KubernetesError
from engine.clusters.names import namespace_name
from engine.clusters.objects import MANAGED_BY

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - the type's name


def secret_reader(api: KubernetesApi, prefix: str) -> KubernetesReader:
    """`prefix` is what tenants' namespaces begin with. What is returned raises InsufficientPrivilege (42501) for other
    namespaces and for what the server has put there (keys of the lake, tokens of drivers), ObjectNotInPrerequisiteState
    (55000) if there is nothing, ConnectionFailure.
    """

    def read(tenant: str, namespace: str, name: str, key: str) -> str:
        own = namespace_name(prefix, tenant)
        if namespace != own:
            raise InsufficientPrivilege(
                f'secrets may not be read from namespace "{namespace}"',
                hint=f'Those of this database are in namespace "{own}".',
            )
        try:
            listed = api.list("Secret", namespace, fields=f"metadata.name={name}") if _NAME.fullmatch(name) else []
        except KubernetesError as error:
            raise ConnectionFailure("Kubernetes gives no Secret", detail=f"{error.reason}: {error.message}") from error
        found = next(iter(listed), None)  # listed, not got: the gateway's account has no other right on them
        if found is None:
            raise ObjectNotInPrerequisiteState(f'there is no Secret "{name}" in namespace "{namespace}"')
        labels = found.get("metadata", {}).get("labels") or {}
        if labels.get(MANAGED_BY) == "kadali" or found.get("type") == _TOKEN:
            raise InsufficientPrivilege(f'Secret "{name}" is not for the database\'s use')
        data = (found.get("data") or {}).get(key)
        if data is None:
            raise ObjectNotInPrerequisiteState(f'Secret "{name}" has no key "{key}"')
        try:
            return base64.b64decode(data).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ObjectNotInPrerequisiteState(f'key "{key}" of Secret "{name}" is not text in UTF-8') from error

    return read
