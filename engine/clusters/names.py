"""Kubernetes' names for tenants and clusters: any SQL name becomes a DNS label, two different ones never the same."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from uuid import UUID

from catalog.errors import InvalidParameterValue

LABEL_MAX = 63
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_ENCODED = re.compile(r".*-x[a-z2-7]{13}|x[a-z2-7]{13}")
_HASH_CHARS = 13
"""65 bits: nobody can look for two names that meet."""


def dns_label(name: str, length_max: int = LABEL_MAX) -> str:
    """The name itself if it is a DNS label (RFC 1123) of at most `length_max` characters; else what is readable of it,
    `-x`, and a hash of the whole. A name that looks like such an outcome is encoded as well.
    """
    if len(name) <= length_max and _PLAIN.fullmatch(name) and not _ENCODED.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    suffix = "x" + base64.b32encode(digest).decode().lower()[:_HASH_CHARS]
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[: length_max - len(suffix) - 1].strip("-")
    return f"{readable}-{suffix}" if readable else suffix


def check_prefix(prefix: str) -> str:
    """The prefix of tenants' namespaces, as it is. Raises InvalidParameterValue."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", prefix):
        raise InvalidParameterValue(
            f'"{prefix}" cannot begin the name of a namespace',
            hint="Small letters, digits and hyphens, 31 at most, beginning with a letter or digit.",
        )
    return prefix


def namespace_name(prefix: str, tenant: str) -> str:
    """The namespace of a tenant."""
    return prefix + dns_label(tenant, LABEL_MAX - len(prefix))


def object_name(cluster: UUID) -> str:
    """What all objects of a cluster are called: by its id, so that it can be renamed while it runs."""
    return f"c-{cluster.hex[:12]}"


def volume_name(server: str, tenant: str) -> str:
    """A persistent volume belongs to no namespace: the server's id tells those of two servers apart."""
    return f"kadali-{server}-" + dns_label(tenant, LABEL_MAX - len(server) - 8)
