"""How an S3-compatible store is reached and with which keys, and the same said to each library that goes there."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from catalog.errors import ConfigFileError

RETRIES_MAX = 4
CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class S3Options:
    """`endpoint` None: AWS. Without keys the machine's own role is used. `timeout_s` is for one request.

    `path_style`: the bucket is in the path, not in the host's name; None: just if there is an endpoint.
    """

    endpoint: str | None = None
    region: str = "us-east-1"
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    path_style: bool | None = None
    allow_http: bool = False
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        """Raises ConfigFileError for what cannot be right."""
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ConfigFileError(
                "settings s3_access_key_id and s3_secret_access_key go together", hint="Set both, or none."
            )
        if self.endpoint is None:
            return
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigFileError(
                f'invalid value for parameter "s3_endpoint": "{self.endpoint}"',
                hint="A URL is expected, as in https://store.example.com:9000.",
            )
        if parts.scheme == "http" and not (self.allow_http or _is_loopback(parts.hostname)):
            raise ConfigFileError(
                f'the object store "{self.endpoint}" would be reached without encryption',
                hint="Use https, or set s3_allow_http if the network can be trusted.",
            )

    @property
    def in_path(self) -> bool:
        return self.endpoint is not None if self.path_style is None else self.path_style

    @property
    def plain_http(self) -> bool:
        return self.endpoint is not None and self.endpoint.startswith("http://")

    def with_environment(self, environment: Mapping[str, str]) -> S3Options:
        """With what is not set taken from the AWS_* variables that all clients of S3 know."""
        found = self
        if self.access_key_id is None and environment.get("AWS_ACCESS_KEY_ID"):
            found = replace(
                found,
                access_key_id=environment["AWS_ACCESS_KEY_ID"],
                secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
                session_token=environment.get("AWS_SESSION_TOKEN"),
            )
        if self.endpoint is None and environment.get("AWS_ENDPOINT_URL"):
            found = replace(found, endpoint=environment["AWS_ENDPOINT_URL"])
        return found


def delta_options(options: S3Options) -> dict[str, str]:
    """deltalake's `storage_options`. A commit is put only if there is none of its version (If-None-Match)."""
    found = {
        "aws_region": options.region,
        "aws_virtual_hosted_style_request": str(not options.in_path).lower(),
        "aws_conditional_put": "etag",
        "aws_allow_http": str(options.plain_http).lower(),
        "timeout": f"{options.timeout_s:g}s",
        "connect_timeout": f"{CONNECT_TIMEOUT_S:g}s",
        "max_retries": str(RETRIES_MAX),
        "retry_timeout": f"{options.timeout_s * 2:g}s",
    }
    for key, value in (
        ("aws_endpoint", options.endpoint),
        ("aws_access_key_id", options.access_key_id),
        ("aws_secret_access_key", options.secret_access_key),
        ("aws_session_token", options.session_token),
    ):
        if value is not None:
            found[key] = value
    return found


def store_arguments(options: S3Options) -> dict[str, Any]:
    """The keyword arguments of obstore's S3Store, but for the bucket."""
    found: dict[str, Any] = {
        "region": options.region,
        "virtual_hosted_style_request": not options.in_path,
        "client_options": {
            "allow_http": options.plain_http,
            "timeout": timedelta(seconds=options.timeout_s),
            "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT_S),
        },
        "retry_config": {"max_retries": RETRIES_MAX, "retry_timeout": timedelta(seconds=options.timeout_s * 2)},
    }
    for key, value in (
        ("endpoint", options.endpoint),
        ("access_key_id", options.access_key_id),
        ("secret_access_key", options.secret_access_key),
        ("session_token", options.session_token),
    ):
        if value is not None:
            found[key] = value
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
