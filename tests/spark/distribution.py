"""The Spark distribution that tests run: made once for each version of what is in it, kept in the user's cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docker" / "k8s"))
sys.path.insert(0, str(Path(__file__).parents[2] / "docker" / "spark"))

import distribution
from singlenode.cache import cache_dir, made

LIBRARIES_KEPT = 8
"""Distributions of earlier Java sources that are kept, for processes that may be running from them."""
OVERRIDE = "KADALI_TEST_SPARK_DIST"
"""A variable: a distribution made by hand, to be taken as it is."""


def spark_distribution() -> Path:
    """A folder with `env/bin/python` and `jars/*.jar`, kadali-spark.jar among them. Skips where a tool is missing.

    The first call on a machine downloads about 500 MB; one after a change of the Java sources compiles them.
    """
    if by_hand := os.environ.get(OVERRIDE):
        return Path(by_hand)
    whole = cache_dir() / "spark" / f"whole-{distribution.key()}-{distribution.library_key()}"
    absent = {} if whole.exists() else distribution.missing()
    if absent:
        pytest.skip(f"not installed here: {', '.join(absent)}")
    return made(whole, distribution.make_linked, keep=LIBRARIES_KEPT)
