"""The lake as the settings have it: how its store is reached, for each tenant, and the removal of tables' files."""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from catalog.errors import ConfigFileError, SqlError
from engine.storage.options import S3Options
from engine.storage.place import is_s3
from engine.storage.storage import Storage
from gateway.settings import PathStyle, Settings

log = logging.getLogger(__name__)

_TENANTS_OWN = ("access_key_id", "secret_access_key", "session_token")


def s3_options(
    settings: Settings, tenant: str | None = None, environment: Mapping[str, str] | None = None
) -> S3Options | None:
    """How the lake's object store is reached, with the keys of `tenant` if it has its own; None for a local lake.

    What the settings leave open comes from the AWS_* variables. Raises ConfigFileError.
    """
    if not is_s3(settings.lake):
        return None
    found = S3Options(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=settings.s3_secret_access_key,
        session_token=settings.s3_session_token,
        path_style={PathStyle.AUTO: None, PathStyle.PATH: True, PathStyle.HOST: False}[settings.s3_addressing],
        allow_http=settings.s3_allow_http,
        timeout_s=settings.s3_timeout,
    )
    own = _own_keys(settings.s3_tenant_keys, tenant) if tenant is not None and settings.s3_tenant_keys else None
    if own is not None:
        return replace(
            found,
            access_key_id=own.get("access_key_id"),
            secret_access_key=own.get("secret_access_key"),
            session_token=own.get("session_token"),
        )
    return found.with_environment(os.environ if environment is None else environment)


def storage_of(settings: Settings, tenant: str | None = None) -> Storage:
    """The storage of a tenant, or (None) of the server itself. Raises ConfigFileError."""
    return Storage(s3_options(settings, tenant), None if is_s3(settings.lake) else str(settings.lake))


class FileRemoval:
    """Removes the files of tables that are no more."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigFileError."""
        self._storage = storage_of(settings)

    def __call__(self, location: str) -> bool:
        """Whether a table's files are gone. What cannot be removed is logged."""
        try:
            place = self._storage.place(location).rstrip("/") + "/"
            self._storage.files(place).remove([place])
        except (OSError, SqlError):
            log.exception("the files of a dropped table could not be removed: %s", location)
            return False
        return True


def _own_keys(file: Path, tenant: str) -> dict[str, str] | None:
    """The tenant's section of the file of keys; None if it has none. The file is read anew: keys may be changed."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigFileError(f'could not open file "{file}": {error.strerror}') from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigFileError(f'file "{file}" is not valid TOML', hint="Its content is not shown.") from error
    section = found.get(tenant)
    if section is None:
        return None
    if not isinstance(section, dict) or not all(isinstance(value, str) for value in section.values()):
        raise ConfigFileError(f'file "{file}" has no table of texts for tenant "{tenant}"')
    unknown = sorted(set(section) - set(_TENANTS_OWN))
    if unknown:
        raise ConfigFileError(
            f'unrecognized key "{unknown[0]}" for tenant "{tenant}" in file "{file}"',
            hint="Known are: " + ", ".join(_TENANTS_OWN) + ".",
        )
    return {key: section[key] for key in _TENANTS_OWN if key in section}
