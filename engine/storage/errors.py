"""What an object store refuses or does not answer, in our words: its own name hosts and keys."""

from __future__ import annotations

import re

from catalog.errors import InsufficientPrivilege, IoError, SqlError

_DENIED = re.compile(r"lacked the necessary privileges|\b401 Unauthorized\b|\b403 Forbidden\b")


def refusal(text: str) -> SqlError | None:
    """What a store's error says by itself; None for anything else."""
    if _DENIED.search(text):
        return denied()
    if "NoSuchBucket" in text:
        return no_bucket()
    return None


def denied() -> InsufficientPrivilege:
    return InsufficientPrivilege("the object store denied access to the table's files")


def no_bucket() -> IoError:
    return IoError("the bucket of the table's files does not exist")


def unreachable() -> IoError:
    return IoError("input/output error: the object store could not be reached or failed")
