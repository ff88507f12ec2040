"""Values of secrets that are not in the store: variables and files of the server, Secrets of Kubernetes.

They belong to the server, and databases to others: a database's administrator reaches what the server's has listed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import (
    FeatureNotSupported,
    InsufficientPrivilege,
    InvalidParameterValue,
    IoError,
    ObjectNotInPrerequisiteState,
)
from catalog.secrets.model import Origin, SecretSource

VALUE_BYTES_MAX = 65_536
KubernetesReader = Callable[[str, str, str, str], str]
"""(tenant, namespace, name, key) -> the value. Raises SqlError; 42501 for another namespace than the tenant's."""
_ENTRY = re.compile(r"(?:(?P<tenant>[^:=/]+):)?(?P<what>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of `secret_env` or `secret_paths`. `tenant` None: for all databases."""

    what: str
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """What of the server secrets may be read from; nothing by default. `kubernetes` None: no clusters run there."""

    env: Sequence[Listed] = ()
    paths: Sequence[Listed] = ()
    kubernetes: KubernetesReader | None = None

    def check(self, origin: Origin, tenant: str) -> None:
        """That it may be read, and can be. Raises as `read` does."""
        if origin.source is not SecretSource.VALUE:
            self.read(origin, tenant)

    def read(self, origin: Origin, tenant: str) -> str:
        """The value there now. Raises InsufficientPrivilege (42501) for what is not listed, FeatureNotSupported,
        ObjectNotInPrerequisiteState (55000) if there is nothing, IoError.
        """
        name = origin.reference or ""
        match origin.source:
            case SecretSource.ENV:
                return self._variable(name, tenant)
            case SecretSource.FILE:
                return self._file(name, tenant)
            case SecretSource.KUBERNETES:
                if self.kubernetes is None:
                    raise FeatureNotSupported("this server is not connected to Kubernetes")
                namespace, slash, secret = name.partition("/")
                if not slash or not namespace or not secret or "/" in secret:
                    raise InvalidParameterValue(
                        f'"{name}" does not name a Secret of Kubernetes', hint="Write 'namespace/name'."
                    )
                return checked(self.kubernetes(tenant, namespace, secret, origin.key or ""))
            case SecretSource.VALUE:
                raise TypeError("a value is in the store")

    def _variable(self, name: str, tenant: str) -> str:
        if not any(entry.what == name for entry in _of(self.env, tenant)):
            raise InsufficientPrivilege(
                f'secrets may not be read from the environment variable "{name}"',
                hint="The server's setting secret_env lists those that they may be read from.",
            )
        value = os.environ.get(name)
        if value is None:
            raise ObjectNotInPrerequisiteState(f'the server has no environment variable "{name}"')
        return checked(value)

    def _file(self, name: str, tenant: str) -> str:
        real = os.path.realpath(name) if name.startswith("/") and "\0" not in name else ""
        folders = [os.path.realpath(entry.what) for entry in _of(self.paths, tenant)]
        if not any(Path(real).is_relative_to(folder) for folder in folders if real):
            raise InsufficientPrivilege(
                f'secrets may not be read from file "{name}"',
                hint="The server's setting secret_paths lists the folders that they may be read from; write an "
                "absolute path below one.",
            )
        try:
            descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ObjectNotInPrerequisiteState(f'"{name}" is not a regular file')
                data = file.read(VALUE_BYTES_MAX + 2)
        except FileNotFoundError as error:
            raise ObjectNotInPrerequisiteState(f'the server has no file "{name}"') from error
        except OSError as error:
            raise IoError(f'could not read file "{name}": {error.strerror}') from error
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise ObjectNotInPrerequisiteState(f'file "{name}" is not text in UTF-8') from error
        return checked(text.removesuffix("\n").removesuffix("\r"))


def listed(text: str | None) -> tuple[Listed, ...]:
    """Entries with commas between: `[database:]what`. Raises ValueError with what is expected."""
    found = []
    for part in (text or "").split(","):
        entry = _ENTRY.fullmatch(part.strip())
        if entry is not None:
            found.append(Listed(entry["what"], entry["tenant"]))
        elif part.strip():
            raise ValueError(f'"{part.strip()}" is not an entry of the form [database:]name')
    return tuple(found)


def checked(value: str) -> str:
    """A value that can be one. Raises InvalidParameterValue (22023)."""
    if not value or len(value.encode()) > VALUE_BYTES_MAX or "\0" in value:
        raise InvalidParameterValue("a secret's value has 1 to 65536 bytes, and no zero byte among them")
    return value


def _of(entries: Sequence[Listed], tenant: str) -> list[Listed]:
    return [entry for entry in entries if entry.tenant in (None, tenant)]
