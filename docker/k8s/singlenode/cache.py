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


def made(target: Path, make: Callable[[Path], None]) -> Path:
    """`target`, made by `make(folder)` unless it is there. What lies there is whole: it comes by rename."""
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
    return target
