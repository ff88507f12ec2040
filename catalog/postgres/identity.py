"""As whom a PostgreSQL program runs: PostgreSQL refuses root, so root drops to a uid or enters a user namespace."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from catalog.postgres.binaries import Binaries

NOBODY = 65534
_LIKELY_UIDS = (NOBODY, 1000, 1, 2)


@dataclass(frozen=True, slots=True)
class Direct:
    """As the user we are."""

    @property
    def mode(self) -> str:
        return "direct"


@dataclass(frozen=True, slots=True)
class Drop:
    """As another user: our directories are given to it."""

    uid: int
    gid: int

    @property
    def mode(self) -> str:
        return f"drop:{self.uid}:{self.gid}"


@dataclass(frozen=True, slots=True)
class Namespace:
    """As ourselves, seeming to be `uid` inside a user namespace: files and folders stay ours."""

    uid: int

    @property
    def mode(self) -> str:
        return f"namespace:{self.uid}"


RunAs = Direct | Drop | Namespace


def choose(binaries: Binaries, data_dir: Path, run_as_uid: int) -> RunAs:
    """How to run over `data_dir` (which need not exist yet); `run_as_uid` is where root drops to if it can.

    A cluster that exists decides by its owner: PostgreSQL insists on owning its directory.
    """
    if os.geteuid() != 0:
        return Direct() if _has_passwd_entry(os.geteuid()) else Namespace(_uid_with_passwd_entry())
    cluster = data_dir / "cluster"
    if cluster.exists():
        owner = cluster.stat()
        return Drop(owner.st_uid, owner.st_gid) if owner.st_uid != 0 else Namespace(_uid_with_passwd_entry())
    drop = Drop(run_as_uid, _group_of(run_as_uid))
    needed = (binaries.postgres, binaries.bin_dir.parent / "share", data_dir.parent)
    if _has_passwd_entry(drop.uid) and all(_may_read(path, drop) for path in needed):
        return drop
    return Namespace(_uid_with_passwd_entry())


def _may_read(path: Path, who: Drop) -> bool:
    """Whether the classic permission bits let `who` reach `path` (access lists are not looked at)."""
    path = path.absolute()
    return all(_allowed(folder, who, 0o1) for folder in path.resolve().parents) and _allowed(path, who, 0o1)


def _allowed(path: Path, who: Drop, bit: int) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return True
    if status.st_uid == who.uid:
        return bool(status.st_mode & (bit << 6))
    return bool(status.st_mode & (bit << 3 if status.st_gid == who.gid else bit))


def _has_passwd_entry(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _group_of(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


def _uid_with_passwd_entry() -> int:
    """A uid to seem to be: initdb wants one with a name."""
    return next((uid for uid in _LIKELY_UIDS if _has_passwd_entry(uid)), 1000)
