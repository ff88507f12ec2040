"""The shadow made anew: after a wipe, after harm to its files, and with other objects of ours."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.model import Column
from catalog.shadow.instance import ShadowInstance
from catalog.shadow.objects import KadaliRelation
from catalog.types import TEXT
from tests.shadow.shop_catalog import CUSTOMERS, FOREIGN_TEXT, OBJECTS, SNAPSHOT
from tests.shadow.test_sync import read_back, shown


def test_content_survives_a_restart_and_a_wipe_calls_for_a_snapshot(fresh: ShadowInstance) -> None:
    generation = fresh.generation
    fresh.stop()
    fresh.start()
    assert fresh.generation == generation
    assert fresh.apply_snapshot(SNAPSHOT).created == []
    fresh.wipe()
    assert fresh.generation == generation + 1
    assert fresh.session("ada") is not None
    assert set(fresh.apply_snapshot(SNAPSHOT).created) == set(SNAPSHOT.relations) - {FOREIGN_TEXT.name}


@pytest.mark.parametrize(
    "harm", ["global/pg_control", "PG_VERSION", "base", "postgresql.conf", "global/pg_filenode.map"]
)
def test_a_broken_cluster_is_made_anew(fresh: ShadowInstance, harm: str) -> None:
    generation = fresh.generation
    fresh.stop()
    target = fresh.directory / "cluster" / harm
    target.rename(Path(f"{target}.gone"))
    fresh.start()
    assert fresh.generation > generation
    fresh.apply_snapshot(SNAPSHOT)
    assert read_back(fresh, CUSTOMERS.name) == shown(CUSTOMERS)


def test_a_cluster_broken_under_way_is_made_anew(fresh: ShadowInstance) -> None:
    generation = fresh.generation
    assert fresh._server is not None
    (fresh.directory / "cluster" / "global" / "pg_control").write_bytes(b"")
    os.kill(fresh._server.pid or 0, signal.SIGKILL)
    assert fresh.session("ada") is not None
    fresh.ensure_running()
    assert fresh.generation == generation + 1


def test_other_objects_make_the_shadow_anew(make_instance: Callable[..., ShadowInstance]) -> None:
    first = make_instance()
    first.apply_snapshot(SNAPSHOT)
    first.stop()
    same = make_instance()
    assert same.generation == 0
    same.stop()
    more = make_instance(objects=(*OBJECTS, KadaliRelation("clusters", (Column("name", TEXT),))))
    assert more.generation == 1
    more.apply_snapshot(SNAPSHOT)
    assert more.session("bob").describe("SELECT name FROM kadali.clusters").columns is not None
