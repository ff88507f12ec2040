"""Whatever users want and whatever goes wrong, in any order: once both stop, rounds end at what is wanted.

The world is a model in memory that behaves as Kubernetes and drivers do (objects by uid, pods that start slowly and die
with their driver, a driver that keeps to the number of workers it was told); the reconciler is the real one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from uuid import UUID

import pytest

from catalog.clusters.model import Backend, Cluster, ClusterState, Desired, Tier
from engine.clusters.backend import BackendError, Deed
from engine.clusters.plan import Apply, Ask, Destroy, Replace, Sweep
from engine.clusters.reconcile import Reconciler
from engine.clusters.sight import Agent, Driver, Ground, Problem, Sight, Worker
from tests.clusters.samples import NOW, TIER, MemoryStore, cluster

STEPS, SETTLE = 40, 40


@dataclass
class Thing:
    """What is there of one cluster."""

    applied: str | None = None
    on: bool = False
    template: tuple[int, str] = (0, "")
    objects: int = 0
    driver: Driver | None = None
    age: int = 0
    application: str = ""
    workers: list[Worker] = field(default_factory=list)
    wanted: int = 0
    problem: Problem | None = None


class World:
    """A backend in memory."""

    def __init__(self) -> None:
        self.things: dict[UUID, Thing] = {}
        self.unreachable = self.refuses = self.silent = False
        self._uids = count(1)

    def of(self, row: Cluster) -> Thing:
        return self.things.setdefault(row.id, Thing())

    def survey(self, clusters: Sequence[Cluster]) -> None:
        if self.unreachable:
            raise BackendError("down", unreachable=True)

    def look(self, row: Cluster, tier: Tier) -> Sight:
        if self.unreachable:
            raise BackendError("down", unreachable=True)
        thing = self.of(row)
        driver = thing.driver
        ready = driver is not None and driver.ready
        agent = None
        if ready and not self.silent:
            agent = Agent(len(thing.workers), wanted=thing.wanted, application=thing.application, uptime_s=10)
        return Sight(
            revision=revision(row),
            settings=settings(row),
            ground=Ground.READY if thing.objects else Ground.MISSING,
            applied=thing.applied,
            on=thing.on,
            driver=driver,
            workers=tuple(thing.workers),
            agent=agent,
            leftovers=thing.objects,
        )

    def act(self, row: Cluster, tier: Tier, deed: Deed) -> None:
        if self.unreachable or self.refuses:
            raise BackendError("refused", unreachable=self.unreachable)
        thing = self.of(row)
        match deed:
            case Apply(on=True):
                thing.applied, thing.on, thing.objects = revision(row), True, 4
                thing.template = (row.restarts, settings(row))
            case Apply():
                thing.on = False
            case Replace(driver, _):
                if thing.driver is not None and thing.driver.id == driver.id:
                    self.end_driver(thing)
            case Ask(workers):
                if thing.driver is not None and thing.driver.ready:
                    thing.wanted = workers
            case Sweep(workers):
                doomed = {worker.uid for worker in workers}
                thing.workers = [worker for worker in thing.workers if worker.uid not in doomed]
            case Destroy():
                thing.objects, thing.applied, thing.on = 0, None, False

    def close(self) -> None: ...

    def end_driver(self, thing: Thing) -> None:
        if thing.driver is not None:
            thing.driver = replace(thing.driver, ending=True, ready=False)

    def passes(self) -> None:
        """A moment passes: pods come and go."""
        for thing in self.things.values():
            driver = thing.driver
            if driver is not None and (driver.ending or not thing.on):
                thing.driver = None  # its workers are its own: they follow
                thing.workers = []
            elif driver is None and thing.on:
                restarts, wanted = thing.template
                thing.driver = Driver(f"uid-{next(self._uids)}", restarts, wanted, endpoint="h:15002")
                thing.age = 0
            elif driver is not None and not driver.ready:
                thing.age += 1
                stuck = thing.problem
                thing.driver = replace(driver, ready=thing.age > 2 and stuck is None, problem=stuck)
                if thing.driver.ready:
                    thing.application, thing.wanted = f"app-{driver.id}", 0
            elif driver is not None and len(thing.workers) < thing.wanted:
                name = f"worker-{next(self._uids)}"
                thing.workers.append(Worker(name, name, thing.application))
            elif driver is not None and len(thing.workers) > thing.wanted:
                thing.workers.pop()


def settings(row: Cluster) -> str:
    return str(row.spec.driver_memory)


def revision(row: Cluster) -> str:
    return f"{settings(row)} {row.restarts} {row.name}"


def user(chance: random.Random, store: MemoryStore, row: Cluster) -> None:
    match chance.randrange(7):
        case 0 | 1:
            store.change(row.id, desired=Desired.RUNNING)
        case 2:
            store.change(row.id, desired=Desired.SUSPENDED)
        case 3:
            store.change(row.id, workers_wanted=chance.randrange(4))
        case 4:
            store.change(row.id, restarts=row.restarts + 1)
        case 5:
            store.change(row.id, name=f"name{chance.randrange(3)}")
        case 6:
            store.change(row.id, spec=replace(row.spec, driver_memory=chance.choice((1 << 30, 2 << 30))))


def fault(chance: random.Random, world: World, thing: Thing) -> None:
    match chance.randrange(9):
        case 0:
            world.end_driver(thing)
        case 1:
            thing.driver = None  # its workers stay
        case 2 if thing.workers:
            thing.workers.pop(chance.randrange(len(thing.workers)))
        case 3:
            thing.workers.append(Worker("lost", f"lost-{chance.random()}", "app-of-old"))
        case 4:
            thing.applied, thing.on = None, False  # somebody deletes the StatefulSet
        case 5:
            world.unreachable = not world.unreachable
        case 6:
            world.refuses = not world.refuses
        case 7:
            world.silent = not world.silent
        case 8:
            thing.problem = None if thing.problem else Problem("no node", lasting=chance.random() < 0.5)


def settled(store: MemoryStore, world: World, row: Cluster) -> bool:
    thing = world.of(row)
    driver = thing.driver
    if row.desired is Desired.SUSPENDED:
        return row.state is ClusterState.SUSPENDED and driver is None and not thing.workers and not thing.on
    return (
        row.state is ClusterState.RUNNING
        and row.observed.generation == row.generation
        and row.observed.workers == row.workers_wanted == len(thing.workers)
        and driver is not None
        and row.observed.endpoint == driver.endpoint
        and (driver.restarts, driver.settings) == (row.restarts, settings(row))
        and thing.applied == revision(row)
        and all(worker.application == thing.application for worker in thing.workers)
    )


@pytest.mark.parametrize("seed", range(60))
def test_rounds_end_at_what_is_wanted(seed: int) -> None:
    chance = random.Random(seed)
    world, store = World(), MemoryStore()
    reconciler = Reconciler(store, {Backend.KUBERNETES: world}, lambda _: TIER, now=lambda: NOW, threads=1)
    rows = [store.put(cluster(id=UUID(int=i), name=f"c{i}")) for i in (1, 2)]
    try:
        for _ in range(STEPS):
            for row in rows:
                if chance.random() < 0.2:
                    user(chance, store, store.rows[row.id])
                if chance.random() < 0.2:
                    fault(chance, world, world.of(row))
            if chance.random() < 0.8:
                reconciler.round()
            world.passes()
        world.unreachable = world.refuses = world.silent = False
        for thing in world.things.values():
            thing.problem = None
        for _ in range(SETTLE):
            reconciler.round()
            world.passes()
        for row in rows:
            assert settled(store, world, store.rows[row.id]), (store.rows[row.id], world.of(row))
        before = list(store.events)
        assert reconciler.round().steady
        assert store.events == before
        for row in rows:
            store.change(row.id, desired=Desired.TERMINATED)
        for _ in range(SETTLE):
            reconciler.round()
            world.passes()
        assert store.rows == {}
        assert all((thing.driver, thing.workers, thing.objects) == (None, [], 0) for thing in world.things.values())
    finally:
        reconciler.close()
