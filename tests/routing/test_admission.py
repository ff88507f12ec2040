"""The queue in front of a cluster: places, turns, limits, and leaving it early."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import pytest

from catalog.errors import QueryCanceled, TooManyConnections
from engine.clusters.admission import Admission, Limits, Ticket, Waiting

ETL = uuid4()
WAIT_S = 10.0


class Guest:
    """Somebody who asks for a place, in a thread of its own once `come` is called."""

    def __init__(self, admission: Admission, user: str, limits: Limits) -> None:
        self.user = user
        self.places: list[tuple[int, int]] = []
        self.seated = threading.Event()
        self._queued = threading.Event()
        self._canceled = False
        self._admission, self._limits = admission, limits
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
        ticket = self._admission.enter(ETL, "etl", self.user, self._limits, self._waiting)
        self.seated.set()
        return ticket

    def _tell(self, place: int, length: int) -> None:
        self.places.append((place, length))
        self._queued.set()

    def _check(self) -> None:
        if self._canceled:
            raise QueryCanceled("canceling statement due to user request")


Come = Callable[[str], Guest]


@pytest.fixture
def admission() -> Admission:
    return Admission()


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(16)


@pytest.fixture
def come(admission: Admission, pool: ThreadPoolExecutor) -> Come:
    return lambda user: Guest(admission, user, Limits(1, 10, None)).come(pool)


def test_no_limits_no_waiting(admission: Admission, pool: ThreadPoolExecutor) -> None:
    guests = [Guest(admission, "ann", Limits()).come(pool) for _ in range(5)]
    assert all(guest.seated.wait(WAIT_S) for guest in guests)
    assert admission.counts(ETL) == (0, 5)
    for guest in guests:
        assert guest.ticket is not None
        guest.ticket.result().started()
    assert admission.counts(ETL) == (5, 0)
    for guest in guests:
        guest.leave()
        guest.leave()
    assert admission.counts(ETL) == (0, 0)


def test_users_take_turns(admission: Admission, come: Come) -> None:
    working = come("ann")
    assert working.seated.wait(WAIT_S)
    queue = [come("ann"), come("ann"), come("ann"), come("bob"), come("bob"), come("cy")]
    # places are those of the turns to come, not of arrival: ann, bob, cy, ann, bob, ann
    assert [guest.places[-1][0] for guest in queue[:3]] == [1, 2, 3]  # as it was when they came
    assert queue[3].places[-1] == (2, 4)
    assert queue[5].places[-1] == (3, 6)
    order = []
    for _ in queue:
        working.leave()
        working = next(guest for guest in queue if guest not in order and guest.seated.wait(0.2))
        assert sum(guest.seated.is_set() for guest in queue) == len(order) + 1
        order.append(working)
    assert [guest.user for guest in order] == ["ann", "bob", "cy", "ann", "bob", "ann"]
    working.leave()
    assert admission.counts(ETL) == (0, 0)


def test_a_full_queue_refuses(admission: Admission, pool: ThreadPoolExecutor) -> None:
    limits = Limits(1, 1, None)
    first, second = Guest(admission, "ann", limits).come(pool), Guest(admission, "ann", limits).come(pool)
    with pytest.raises(TooManyConnections) as refused:
        admission.enter(ETL, "etl", "bob", limits, Waiting(lambda *_: None, lambda: None))
    assert (refused.value.code, refused.value.hint) == ("53300", "At most 1 may wait (queue_limit).")
    first.leave()
    assert second.seated.wait(WAIT_S)
    second.leave()


def test_waiting_has_an_end(admission: Admission, pool: ThreadPoolExecutor) -> None:
    first = Guest(admission, "ann", Limits(1)).come(pool)
    with pytest.raises(QueryCanceled, match='queue timeout of cluster "etl"'):
        admission.enter(ETL, "etl", "bob", Limits(1, None, 0.05), Waiting(lambda *_: None, lambda: None))
    assert admission.counts(ETL) == (0, 1)
    first.leave()
    assert admission.counts(ETL) == (0, 0)


def test_who_gives_up_loses_its_place(admission: Admission, come: Come) -> None:
    working, gone, last = come("ann"), come("bob"), come("cy")
    gone.cancel()
    assert gone.ticket is not None
    assert isinstance(gone.ticket.exception(WAIT_S), QueryCanceled)
    working.leave()
    assert last.seated.wait(WAIT_S)
    last.leave()
    assert admission.counts(ETL) == (0, 0)


def test_a_higher_limit_lets_in_who_waits(admission: Admission, pool: ThreadPoolExecutor, come: Come) -> None:
    come("ann")
    waiting = come("bob")
    Guest(admission, "cy", Limits(3, 10)).come(pool)
    assert waiting.seated.wait(WAIT_S)
    assert admission.counts(ETL) == (0, 3)


def test_many_at_once(admission: Admission) -> None:
    """Never more than the limit, nobody forgotten, nothing left over."""
    lock, inside, most = threading.Lock(), 0, 0

    def visit(number: int) -> None:
        nonlocal inside, most
        ticket = admission.enter(
            ETL, "etl", f"u{number % 3}", Limits(4, 1000, WAIT_S), Waiting(lambda *_: None, lambda: None)
        )
        with lock:
            inside += 1
            most = max(most, inside)
        ticket.started()
        with lock:
            inside -= 1
        ticket.release()

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(visit, range(400)))
    assert 1 <= most <= 4
    assert admission.counts(ETL) == (0, 0)
    assert admission.take_changed() == {ETL: (0, 0)}
    assert admission.take_changed() == {}
