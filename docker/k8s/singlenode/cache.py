"""Things that take long to make are made once, by one process, and kept in the user's cache under a name that tells
what went into them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def cache_dir() -> Path:
    """XDG_CACHE_HOME or ~/.cache, with `kadali` below."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kadali"


def made(target: Path, make: Callable[[Path], None], keep: int = 4) -> Path:
    """`target`, made by `make(folder)` unless it is there. What lies there is whole: it comes by rename.

    Of folders whose names differ after the last hyphen only, the `keep` used last are kept.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            fresh = target.with_name(f".{target.name}.making")
            shutil.rmtree(fresh, ignore_errors=True)  # what a killed process left
            fresh.mkdir()
            try:
                make(fresh)
                fresh.rename(target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    os.utime(target)
    _forget(target, keep)
    return target


def _forget(target: Path, keep: int) -> None:
    kind = target.name.rpartition("-")[0]
    kin = [one for one in target.parent.iterdir() if one.name.rpartition("-")[0] == kind and one.is_dir()]
    for one in sorted(kin, key=lambda one: one.stat().st_mtime, reverse=True)[keep:]:
        shutil.rmtree(one, ignore_errors=True)
