"""The Spark distribution that tests run: made once for each version of what is in it, kept in the user's cache."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.clients.downloads import folder

ROOT = Path(__file__).parents[2]
LIBRARIES_KEPT = 8
"""Distributions of earlier Java sources that are kept, for processes that may be running from them."""


def spark_distribution(*, s3: bool = True) -> Path:
    """A folder with `env/bin/python` and `jars/*.jar`, kadali-spark.jar among them. Skips where a tool is missing.

    The first call on a machine downloads about 500 MB; one after a change of the Java sources compiles them.
    """
    maker = distribution_module()
    base = folder(f"spark-{maker.key(s3)}")
    whole = folder(f"spark-{maker.key(s3)}-{maker.library_key()}")
    if not whole.exists():
        absent = maker.missing()
        if absent:
            pytest.skip(f"not installed here: {', '.join(absent)}")
        made(base, lambda fresh: maker.make_base(fresh, s3))
        made(whole, lambda fresh: _with_library(maker, base, fresh))
        _forget_oldest(base)
    os.utime(whole)
    return whole


def made(target: Path, make: Callable[[Path], None]) -> Path:
    """`target`, made by `make(temporary folder)` unless it is there; of several processes one makes it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            fresh = target.with_name(f".{target.name}.making")
            shutil.rmtree(fresh, ignore_errors=True)  # what a killed process left
            try:
                make(fresh)
                fresh.rename(target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return target


def distribution_module() -> ModuleType:
    """docker/spark/distribution.py, which is a script and in no package."""
    name = "kadali_spark_distribution"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "docker" / "spark" / "distribution.py")
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def _with_library(maker: ModuleType, base: Path, fresh: Path) -> None:
    """The base's environment and jars under another name, and our jar beside them."""
    (fresh / "jars").mkdir(parents=True)
    (fresh / "env").symlink_to(base / "env")
    for jar in (base / "jars").iterdir():
        (fresh / "jars" / jar.name).hardlink_to(jar)
    maker.add_library(fresh)


def _forget_oldest(base: Path) -> None:
    found = sorted(base.parent.glob(f"{base.name}-*"), key=lambda one: one.stat().st_mtime, reverse=True)
    for one in found[LIBRARIES_KEPT:]:
        shutil.rmtree(one, ignore_errors=True)
