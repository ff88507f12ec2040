"""The queue in front of a cluster: places, turns, limits, leaving it early, two gateways, one that dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy import func, select

from catalog.clusters.places import CHANNEL, Places
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.clusters.tiers import BUILT_IN
from catalog.errors import CannotConnectNow, QueryCanceled, TooManyConnections
from catalog.store import Store
from engine.clusters import admission
from engine.clusters.admission import Admission, Limits, Ticket, Waiting
from tests.clusters.samples import SPEC

WAIT_S = 10.0
ONE = Limits(1, 10)


@dataclass
class Site:
    """A gateway, as far as queues go."""

    store: Store
    tenant: TenantClusters
    places: Places
    admission: Admission
    etl: UUID

    @staticmethod
    def of(store: Store) -> Site:
        clusters = Clusters(store.database, store.instance)
        tenant = TenantClusters(clusters, store.ensure_tenant("acme").id, "acme", lambda: BUILT_IN.of("acme"), {})
        found = [one.id for one in tenant.list()]
        etl = found[0] if found else tenant.create("etl", replace(SPEC, initially_suspended=True), "ann").id
        places = clusters.places()
        site = Site(store, tenant, places, Admission(places), etl)
        store.hear(CHANNEL, site.admission.heard)
        return site

    @property
    def counts(self) -> tuple[int, int]:
        """(running, queued), over all gateways."""
        cluster = self.tenant.get("etl", fresh=True)
        return cluster.running, cluster.queued


class Guest:
    """Somebody who asks for a place, in a thread of its own once `come` is called."""

    def __init__(self, site: Site, user: str, limits: Limits) -> None:
        self.user, self.limits = user, limits
        self.places: list[tuple[int, int]] = []
        self.seated = threading.Event()
        self._queued = threading.Event()
        self._canceled = False
        self._site = site
        self._waiting = Waiting(self._tell, self._check)
        self.ticket: Future[Ticket] | None = None

    def come(self, pool: ThreadPoolExecutor) -> Guest:
        """Returns once it has a place, or stands in the queue, or was refused."""
        self.ticket = pool.submit(self._enter)
        self.ticket.add_done_callback(lambda _: self._queued.set())
        assert self._queued.wait(WAIT_S)
        return self

    def leave(self) -> None:
        assert self.ticket is not None
        self.ticket.result(WAIT_S).release()

    def cancel(self) -> None:
        self._canceled = True
        self._waiting.cancel()

    def _enter(self) -> Ticket:
        etl = self._site.etl
        ticket = self._site.admission.enter(etl, "etl", self.user, self.limits, self._waiting, started=False)
        self.seated.set()
        return ticket

    def _tell(self, place: int, length: int) -> None:
        self.places.append((place, length))
        self._queued.set()

    def _check(self) -> Limits:
        if self._canceled:
            raise QueryCanceled("canceling statement due to user request")
        return self.limits


Come = Callable[..., Guest]


@pytest.fixture
def site(store: Store) -> Iterator[Site]:
    made = Site.of(store)
    yield made
    made.places.close()


@pytest.fixture
def other(site: Site, open_store: Callable[[], Store]) -> Iterator[Site]:
    made = Site.of(open_store())
    yield made
    made.places.close()


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(16)


@pytest.fixture
def come(site: Site, pool: ThreadPoolExecutor) -> Come:
    return lambda user, at=site, limits=ONE: Guest(at, user, limits).come(pool)


def test_no_limits_no_waiting(site: Site, come: Come) -> None:
    guests = [come("ann", limits=Limits()) for _ in range(5)]
    assert all(guest.seated.wait(WAIT_S) for guest in guests)
    assert site.counts == (0, 5)
    for guest in guests:
        assert guest.ticket is not None
        guest.ticket.result().started()
    assert site.counts == (5, 0)
    for guest in guests:
        guest.leave()
        guest.leave()
    assert site.counts == (0, 0)
    assert site.admission.busy() == []


def test_users_take_turns_over_all_gateways(site: Site, other: Site, come: Come) -> None:
    working = come("ann")
    assert working.seated.wait(WAIT_S)
    queue = [
        come("ann"),
        come("ann", other),
        come("ann"),
        come("bob", other),
        come("bob"),
        come("cy", other),
    ]
    # places are those of the turns to come, not of arrival: ann, bob, cy, ann, bob, ann
    assert [guest.places[-1][0] for guest in queue[:3]] == [1, 2, 3]  # as it was when they came
    assert queue[3].places[-1] == (2, 4)
    assert queue[5].places[-1] == (3, 6)
    order: list[Guest] = []
    for _ in queue:
        working.leave()
        working = next(guest for guest in queue * 20 if guest not in order and guest.seated.wait(0.05))
        assert sum(guest.seated.is_set() for guest in queue) == len(order) + 1
        order.append(working)
    assert [guest.user for guest in order] == ["ann", "bob", "cy", "ann", "bob", "ann"]
    assert {guest._site is site for guest in order} == {True, False}
    working.leave()
    assert site.counts == other.counts == (0, 0)


def test_who_waits_is_told_by_the_other_gateway(other: Site, come: Come, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "LOOK_S", 10 * WAIT_S)  # nobody finds out by looking
    deadline = time.monotonic() + WAIT_S
    while CHANNEL not in other.store._listener._listening:
        assert time.monotonic() < deadline
    working, waiting = come("ann"), come("bob", other)
    working.leave()
    assert waiting.seated.wait(WAIT_S)


def test_a_full_queue_refuses(site: Site, other: Site, come: Come) -> None:
    limits = Limits(1, 1)
    first, second = come("ann", limits=limits), come("ann", other, limits)
    refused = come("bob", limits=limits)
    assert refused.ticket is not None
    error = refused.ticket.exception(WAIT_S)
    assert isinstance(error, TooManyConnections)
    assert (error.code, error.hint) == ("53300", "At most 1 may wait (queue_limit).")
    assert site.counts == (0, 2)
    first.leave()
    assert second.seated.wait(WAIT_S)
    second.leave()


def test_waiting_has_an_end(site: Site, come: Come) -> None:
    first, second = come("ann"), come("bob", limits=Limits(1, None, 0.05))
    assert second.ticket is not None
    error = second.ticket.exception(WAIT_S)
    assert isinstance(error, CannotConnectNow)
    assert error.detail == "The query was number 1 of 1 in its queue when queue_timeout was over."
    assert site.counts == (0, 1)
    first.leave()
    assert site.counts == (0, 0)


def test_who_gives_up_loses_its_place(site: Site, come: Come) -> None:
    working, gone, last = come("ann"), come("bob"), come("cy")
    gone.cancel()
    assert gone.ticket is not None
    assert isinstance(gone.ticket.exception(WAIT_S), QueryCanceled)
    working.leave()
    assert last.seated.wait(WAIT_S)
    last.leave()
    assert site.counts == (0, 0)


def test_a_higher_limit_lets_in_who_waits(site: Site, other: Site, come: Come) -> None:
    come("ann")
    waiting, elsewhere = come("bob"), come("cy", other)
    waiting.limits = Limits(3, 10)  # ALTER CLUSTER while they wait: seen by the next look
    assert waiting.seated.wait(WAIT_S)
    assert elsewhere.seated.wait(WAIT_S)
    assert site.counts == (0, 3)


def test_garbage_collection_gives_places_back_later(site: Site, come: Come) -> None:
    guest = come("ann")
    assert guest.ticket is not None
    guest.ticket.result(WAIT_S).release(later=True)
    assert (site.counts, site.admission.busy()) == ((0, 1), [])
    site.admission.flush()
    assert site.counts == (0, 0)


def test_a_gateway_that_is_gone_holds_no_places(site: Site, other: Site, come: Come) -> None:
    held, waiting = come("ann", other), come("bob")
    assert held.seated.is_set()
    assert not waiting.seated.is_set()
    other.store.close()
    assert waiting.seated.wait(WAIT_S)
    assert site.counts == (0, 1)
    waiting.leave()


def test_places_outlive_a_lost_connection(site: Site, come: Come) -> None:
    first, second = come("ann", limits=Limits(2)), come("bob", limits=Limits(2))
    lost = site.places._connection
    assert lost is not None
    with site.store.database.begin() as connection:
        connection.execute(select(func.pg_terminate_backend(lost.info.backend_pid)))
    third = come("cy", limits=Limits(2))
    assert third.places == [(1, 1)]
    for guest in (first, second, third):
        guest.leave()
    assert site.counts == (0, 0)


def test_many_at_once(site: Site, other: Site) -> None:
    """Never more than the limit, over both gateways; nobody forgotten, nothing left over."""
    lock, inside, most = threading.Lock(), 0, 0
    limits = Limits(4, 1000, WAIT_S)

    def visit(number: int) -> None:
        nonlocal inside, most
        at = site if number % 2 else other
        waiting = Waiting(lambda *_: None, lambda: limits)
        ticket = at.admission.enter(at.etl, "etl", f"u{number % 3}", limits, waiting, started=True)
        with lock:
            inside += 1
            most = max(most, inside)
        with lock:
            inside -= 1
        ticket.release()

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(visit, range(400)))
    assert 1 <= most <= 4
    assert site.counts == (0, 0)
    assert site.admission.busy() == other.admission.busy() == []
