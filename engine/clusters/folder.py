"""A tenant's folder of this machine, opened to the pods that mount it. Nothing else on disk is touched."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from catalog.errors import IoError
from engine.clusters.place import IMAGE_USER

_ACCESS, _DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
_VERSION = 2
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_ANYONE = 0xFFFFFFFF
_READ_WRITE, _ALL = 0o6, 0o7


def lake_user(folder: Path) -> int:
    """The uid that pods must have to work in a folder.

    It is the folder's owner. If that is root, which pods may not be, the image's own user is let in by access control
    lists: on all that is there, and as default for what will be made. Raises IoError where the file system has none.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.stat().st_uid
        if owner != 0:
            return owner
        if not _is_open(folder):
            _open_tree(folder)
    except OSError as error:
        raise IoError(
            "the tenant's folder cannot be opened to pods",
            detail=f"{error.strerror}: the server runs as root, and its file system takes no access control lists.",
            hint="Run the server as an ordinary user, or keep the lake in an object store.",
        ) from error
    return IMAGE_USER


def _is_open(folder: Path) -> bool:
    """The topmost folder is opened last: what is found there holds for all below."""
    try:
        return os.getxattr(folder, _DEFAULT) == _list(_ALL)
    except OSError:
        return False


def _open_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                os.setxattr(path, _ACCESS, _list(_READ_WRITE))
        os.setxattr(parent, _ACCESS, _list(_ALL))
        os.setxattr(parent, _DEFAULT, _list(_ALL))


def _list(rights: int) -> bytes:
    """An access control list as Linux stores it: the owner and the image's user have `rights`, nobody else any."""
    entries = (
        (_USER_OBJ, rights, _ANYONE),
        (_USER, rights, IMAGE_USER),
        (_GROUP_OBJ, 0, _ANYONE),
        (_MASK, rights, _ANYONE),
        (_OTHER, 0, _ANYONE),
    )
    return struct.pack("<I", _VERSION) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
