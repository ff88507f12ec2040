"""What a backend sees of a cluster at one moment, whatever runs its driver: the input of `plan`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ground(Enum):
    """The state of the place a cluster is to be in: its tenant's namespace."""

    MISSING = "missing"
    READY = "ready"
    TERMINATING = "terminating"
    FOREIGN = "foreign"
    """It is there, and not ours."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something does not come up, in the words of what runs it. `lasting`: waiting alone will not help."""

    reason: str
    lasting: bool


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver: a pod, or a process. `id` is what a second one with the same name would not have (uid, pid).

    `restarts` and `settings`: those of the row it was started for. `silent`: its node is not heard of, it may well
    answer. `held`: it has ended after it had run well, and is kept from starting again.
    """

    id: str
    restarts: int
    settings: str
    ready: bool = False
    ending: bool = False
    silent: bool = False
    held: bool = False
    endpoint: str | None = None
    ui: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """An executor's pod. `application`: Spark's id of the driver program that made it."""

    name: str
    uid: str
    application: str | None = None
    ending: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """What the driver program tells of itself. `wanted` None: Spark decides within bounds."""

    registered: int
    ready: bool = True
    """It has answered a query, and takes more."""
    wanted: int | None = None
    running: int = 0
    idle_s: float = 0.0
    uptime_s: float = 0.0
    draining: bool = False
    application: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """All of it. `revision` and `settings` are what the row asks for; `applied` is what is in place, None: nothing.

    `on`: whoever runs the driver has been told to. `stale`: applied so long ago that it is to be applied again, in
    case somebody has changed or removed part of it. `refusal`: why a pod, of the driver or a worker, is not even made.
    `leftovers`: objects of the
    cluster of any kind; counted only when it is to be removed.
    """

    revision: str
    settings: str
    ground: Ground = Ground.READY
    applied: str | None = None
    stale: bool = False
    on: bool = False
    driver: Driver | None = None
    workers: tuple[Worker, ...] = ()
    agent: Agent | None = None
    refusal: Problem | None = None
    leftovers: int = 0
    has_agent: bool = True
    """False: a driver that is not ours, of which nothing but its answers is known."""
