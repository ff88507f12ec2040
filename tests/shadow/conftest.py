"""A tenant's shadow with a small shop in it: shared where tests only read, or one of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.shadow.instance import ShadowInstance
from tests.shadow.shop_catalog import OBJECTS, SNAPSHOT


@pytest.fixture(scope="session")
def cache_dir() -> Iterator[Path]:
    """The user's own cache stays as it is; the template is made once for the run."""
    folder = Path(tempfile.mkdtemp(prefix="kc-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_instance(cache_dir: Path) -> Iterator[Callable[..., ShadowInstance]]:
    """Makes started instances, stopped at the end of the test."""
    folder = Path(tempfile.mkdtemp(prefix="kt-"))
    made: list[ShadowInstance] = []

    def make(name: str = "acme", tenant: str = "acme", **options: object) -> ShadowInstance:
        instance = ShadowInstance(
            tenant,
            folder / name,
            **({"objects": OBJECTS, "cache_dir": cache_dir} | options),  # type: ignore[arg-type]
        )
        made.append(instance)
        return instance.start()

    yield make
    for instance in made:
        instance.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh(make_instance: Callable[..., ShadowInstance]) -> ShadowInstance:
    """An instance with the shop that the test may change."""
    instance = make_instance()
    instance.apply_snapshot(SNAPSHOT)
    return instance


@pytest.fixture(scope="session")
def shop(cache_dir: Path) -> Iterator[ShadowInstance]:
    """An instance with the shop, only to read from."""
    folder = Path(tempfile.mkdtemp(prefix="kt-"))
    instance = ShadowInstance("acme", folder / "acme", objects=OBJECTS, cache_dir=cache_dir).start()
    report = instance.apply_snapshot(SNAPSHOT)
    assert report.failed == []
    yield instance
    instance.stop()
    shutil.rmtree(folder, ignore_errors=True)
