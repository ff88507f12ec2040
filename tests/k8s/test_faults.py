"""Whatever dies or is removed, the clusters come back to what users asked for, and nothing wrong is answered meanwhile.

Two gateways as processes, one store, real pods. The loop at the end breaks things at random: KADALI_FAULTS of them (by
default a few; `make faults` more), the same ones for the same KADALI_FAULTS_SEED.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from singlenode.cluster import Cluster as Machine

from catalog.postgres import EmbeddedPostgres
from tests.k8s.fault_kinds import KINDS, QUOTA, Broken, namespace, node_gone, node_silent
from tests.k8s.fault_traffic import Traffic
from tests.k8s.fault_world import NAMESPACE, OPTIONS, Asked, World, until

FAULTS = int(os.environ.get("KADALI_FAULTS", "4"))
SEED = int(os.environ.get("KADALI_FAULTS_SEED", "1"))
LARGE = 30
"""A run of so many faults has the slow ones too, which have tests of their own, and more of them at once."""
AT_ONCE = (6, 9) if FAULTS >= LARGE else (3, 5)
ASLEEP = Asked(running=False)
SLOW = {"node_silent", "node_gone", "namespace"}


@pytest.fixture(scope="module")
def world(
    kubernetes: Machine, metadata_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE faults")
    made = World(kubernetes, metadata_postgres.conninfo("faults"), tmp_path_factory.mktemp("faults"))
    try:
        made.start()
        made.create("alpha")
        made.settle()
        yield made
    finally:
        made.mend_plane()
        made.mend_node()
        made.stop()
        made.kubectl.remove_namespaces(NAMESPACE)


@pytest.fixture(autouse=True)
def mended(world: World) -> Iterator[None]:
    """A test that fails leaves nothing broken to the next."""
    yield
    world.mend_plane()
    world.mend_node()


def test_a_dead_api_server_stops_no_query_and_loses_no_statement(world: World) -> None:
    world.machine.control_plane.kill_part("apiserver")
    for gateway in world.gateways:
        assert world.answers("alpha", gateway) is None
    world.say(world.gateways[0], "ALTER CLUSTER alpha SCALE TO 2", lambda asked: scaled(asked, 2))
    world.say(world.gateways[1], f"CREATE CLUSTER later WITH ({OPTIONS})", lambda asked: asked.update(later=ASLEEP))
    until(lambda: "cannot be reached" in (world.row("alpha")["reason"] or ""), "the row says why nothing happens")
    assert world.row("alpha")["state"] == "RUNNING"
    with world.gateways[0].connect() as connection:
        told: list[tuple[str | None, str | None]] = []
        connection.add_notice_handler(lambda notice: told.append((notice.message_primary, notice.message_detail)))
        connection.execute("ALTER CLUSTER alpha RESUME IF SUSPENDED WAIT '1 second'")
    assert "the work goes on" in str(told[-1][0])
    assert "cannot be reached" in str(told[-1][1])
    assert world.answers("alpha", world.gateways[1]) is None
    world.mend_plane()
    world.say(world.gateways[1], "DROP CLUSTER later", lambda asked: asked.pop("later"))
    world.settle()


def test_a_token_that_is_no_longer_taken_and_its_successor(world: World) -> None:
    world.access.revoke()
    assert world.answers("alpha", world.gateways[0]) is None
    world.say(world.gateways[0], "ALTER CLUSTER alpha SCALE TO 1", lambda asked: scaled(asked, 1))
    until(lambda: "Unauthorized" in (world.row("alpha")["reason"] or ""), "the row says why nothing happens")
    assert world.answers("alpha", world.gateways[1]) is None
    world.access.renew()
    world.settle()


def test_a_quota_below_use_takes_nothing_away(world: World) -> None:
    world.kubectl.apply(QUOTA)
    world.say(world.gateways[0], "ALTER CLUSTER alpha SCALE TO 2", lambda asked: scaled(asked, 2))
    until(lambda: "exceeded quota: shrunk" in (world.row("alpha")["reason"] or ""), "Kubernetes' own words")
    assert world.row("alpha")["state"] == "SCALING"
    assert world.answers("alpha", world.gateways[0]) is None
    assert len(world.executors("alpha")) == 1
    world.kubectl("delete", "resourcequota", "shrunk", "-n", NAMESPACE)
    until(lambda: world.row("alpha")["workers"] == 2, "there is room")
    world.say(world.gateways[1], "ALTER CLUSTER alpha SCALE TO 1", lambda asked: scaled(asked, 1))
    world.settle()


def test_a_namespace_removed_from_under_a_cluster(world: World) -> None:
    broken = namespace(world, random.Random(SEED))
    assert broken is not None
    until(lambda: "being removed" in (world.row("alpha")["reason"] or ""), "the row says so")
    world.settle()


def test_a_silent_node_stops_no_query_and_a_lost_one_is_said(world: World) -> None:
    broken = node_silent(world, random.Random(SEED))
    assert broken is not None
    for gateway in world.gateways:
        assert world.answers("alpha", gateway) is None
    assert node_gone(world, random.Random(SEED)) is not None
    until(lambda: "no nodes available" in (world.row("alpha")["reason"] or ""), "the scheduler's words")
    told = world.answers("alpha", world.gateways[0])
    broken.mend()
    world.settle()
    assert told is not None
    assert "08006" in told or "57P03" in told


def test_faults_at_random(world: World) -> None:
    randomness = random.Random(SEED)
    world.create("beta")
    world.settle()
    traffic = Traffic(world, ["alpha", "beta"], SEED)
    traffic.start()
    struck: list[str] = []
    try:
        while len(struck) < FAULTS:
            broken = strike(world, randomness, min(randomness.randint(*AT_ONCE), FAULTS - len(struck)))
            struck += [one.what for one in broken]
            took = world.settle()
            traffic.check()
            world.tidy()
            told = "; ".join(one.what for one in broken)
            print(f"{len(struck)}/{FAULTS} {took:.0f} s: {told}", flush=True)
    finally:
        traffic.stop()
    traffic.check()
    traffic.check_rows()
    print(f"{traffic.answered} answers, {len(traffic.acknowledged)} writes, not answered: {traffic.lost}", flush=True)
    assert traffic.answered > len(struck)
    assert traffic.acknowledged
    for name in list(world.asked):
        world.say(world.gateways[0], f"DROP CLUSTER {name} FORCE", lambda asked, name=name: asked.pop(name))  # type: ignore[misc]
    world.settle()
    assert world.rows() == []


def strike(world: World, randomness: random.Random, count: int) -> list[Broken]:
    """Some faults, overlapping; users change clusters meanwhile; all is mended that does not heal by itself."""
    kinds = {name: kind for name, kind in KINDS.items() if FAULTS >= LARGE or name not in SLOW}
    chosen: list[str] = []
    while len(chosen) < count:
        name = randomness.choices(list(kinds), [kind.weight for kind in kinds.values()])[0]
        if name not in chosen:
            chosen.append(name)
    chosen.sort(key=lambda name: not kinds[name].asks)
    broken: list[tuple[str, Broken, float]] = []
    for name in chosen:
        made = kinds[name].strike(world, randomness)
        if made is not None:
            broken.append((name, made, time.monotonic() + randomness.uniform(*kinds[name].lasts)))
        if randomness.random() < 0.4:
            change(world, randomness)
    change(world, randomness)
    for _, made, at in sorted(broken, key=lambda one: kinds[one[0]].asks):
        until(lambda at=at: time.monotonic() >= at, made.what)  # type: ignore[misc]
        made.mend()
    return [made for _, made, _ in broken]


def change(world: World, randomness: random.Random) -> None:
    """A statement of a user, through any gateway that lives: on clusters that no client works on, or a scale."""
    gateway = randomness.choice(world.living)
    name = next((one for one in ("gamma", "delta") if one in world.asked), "gamma")
    if randomness.random() < 0.3:
        name, workers = randomness.choice(["alpha", "beta"]), randomness.randint(1, 2)
        world.say(gateway, f"ALTER CLUSTER {name} SCALE TO {workers}", lambda asked: scaled(asked, workers, name))
    elif name not in world.asked:
        on = randomness.random() < 0.6
        world.say(
            gateway,
            f"CREATE CLUSTER {name} WITH ({OPTIONS}, initially_suspended = {'false' if on else 'true'})",
            lambda asked: asked.update({name: Asked(running=on)}),
        )
    else:
        statement, becomes = randomness.choice(changes(name, randomness.randint(1, 2)))
        world.say(gateway, statement, becomes)


def changes(name: str, workers: int) -> list[tuple[str, Callable[[dict[str, Asked]], object]]]:
    """What users may do to a cluster that is there, and what is asked for then."""
    other = "delta" if name == "gamma" else "gamma"
    return [
        (f"DROP CLUSTER {name} FORCE", lambda asked: asked.pop(name)),
        (f"ALTER CLUSTER {name} RENAME TO {other}", lambda asked: asked.update({other: asked.pop(name)})),
        (f"ALTER CLUSTER {name} SUSPEND FORCE", lambda asked: switched(asked, name, False)),
        (f"ALTER CLUSTER {name} RESUME IF SUSPENDED", lambda asked: switched(asked, name, True)),
        (f"ALTER CLUSTER {name} RESTART", lambda asked: None),
        (f"ALTER CLUSTER {name} SCALE TO {workers}", lambda asked: scaled(asked, workers, name)),
        (f"ALTER CLUSTER {name} SET (max_concurrency = {workers}, driver_cores = 0.{workers + 1})", lambda asked: None),
    ]


def switched(asked: dict[str, Asked], name: str, on: bool) -> None:
    asked[name].running = on


def scaled(asked: dict[str, Asked], workers: int, name: str = "alpha") -> None:
    asked[name].workers = workers
