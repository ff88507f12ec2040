"""What a cluster is, as plain data: the specification a user wrote, the state wanted, the state observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType
from uuid import UUID

NOTHING: Mapping[str, str] = MappingProxyType({})


class ClusterState(Enum):
    """As SHOW CLUSTERS prints it."""

    SUSPENDED = "SUSPENDED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SCALING = "SCALING"
    SUSPENDING = "SUSPENDING"
    FAILED = "FAILED"
    TERMINATED = "TERMINATED"

    @property
    def answers(self) -> bool:
        """Whether queries can be sent to it."""
        return self in (ClusterState.RUNNING, ClusterState.SCALING)


class Desired(Enum):
    """What the user, or a timer, wants it to be. TERMINATED rows go once nothing of the cluster is left."""

    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"


class EngineKind(Enum):
    """The option `engine`."""

    SPARK = "spark"
    SAIL = "sail"
    EMBEDDED = "embedded"


class Backend(Enum):
    """What runs the driver: pods, a Spark process of this machine, or a Connect endpoint that is not ours."""

    KUBERNETES = "kubernetes"
    LOCAL = "local"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Size:
    """A shape by name, from the server's configuration. Cores may be fractions; memory is in bytes, JVM overhead
    included (what the container gets).
    """

    name: str
    driver_cores: float
    driver_memory: int
    worker_cores: float
    worker_memory: int
    workers: int
    """Default of `workers` for clusters of this size."""
    worker_hour_price: float | None = None
    """What a worker costs in an hour; None: budgets of such clusters count hours."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What a tenant may have at most. None: no limit. Sums run over the tenant's clusters that are not suspended."""

    name: str
    clusters: int | None = None
    workers: int | None = None
    """Per cluster."""
    cores: float | None = None
    memory: int | None = None
    """Bytes."""
    concurrency: int | None = None
    """Queries running at once on a cluster."""
    queue: int | None = None
    """Queries waiting at once for a cluster."""
    queue_timeout_s: float | None = None
    bytes_scanned_per_day: int | None = None
    max_lifetime_s: float | None = None
    default_size: str = "small"


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """All options in force, defaults filled in. Durations in seconds, None: never; memory in bytes."""

    engine: EngineKind
    backend: Backend
    size: str
    min_workers: int
    max_workers: int
    driver_cores: float
    driver_memory: int
    worker_cores: float
    worker_memory: int
    auto_suspend_s: float | None = 600.0
    auto_resume: bool = True
    initially_suspended: bool = True
    auto_terminate_s: float | None = None
    max_lifetime_s: float | None = None
    max_concurrency: int | None = None
    queue_limit: int | None = None
    queue_timeout_s: float | None = None
    statement_timeout_s: float | None = None
    budget: float | None = None
    """In worker hours, or in money where the size has a price, for each `budget_period` (day, week, month; UTC)."""
    budget_period: str = "month"
    on_budget: str = "notify"
    image: str | None = None
    spark_version: str | None = None
    service_account: str | None = None
    node_selector: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    tolerations: tuple[str, ...] = ()
    """As `key=value:Effect`."""
    priority: str | None = None
    """A PriorityClass by name."""
    tags: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    url: str | None = None
    """`sc://host:port` of an external Connect endpoint (Backend.EXTERNAL); its token is in `Cluster.token`."""
    spark: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Spark's own settings, by full name."""
    named: frozenset[str] = frozenset()
    """Options the user has named: SHOW CREATE prints all, OR ALTER and RESET need to know."""

    @property
    def autoscales(self) -> bool:
        return self.min_workers != self.max_workers


@dataclass(frozen=True, slots=True)
class Observed:
    """What the reconciler has seen of a cluster: only it writes this."""

    state: ClusterState
    reason: str | None = None
    """Why it is in this state, for people: Kubernetes' own words for what cannot be placed or pulled."""
    generation: int = 0
    """The generation of the row that this state answers to."""
    workers: int = 0
    """Workers registered with the driver."""
    endpoint: str | None = None
    """`host:port` of Spark Connect, while the driver answers."""
    ui: str | None = None
    """`http://host:port` of the Spark UI, reachable from gateways only."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What a cluster with a budget has used in the period that began on `since`, in the budget's unit."""

    spent: float
    since: date
    priced: bool = False
    """In money, not in worker hours."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One row of the store. `generation` rises with every change of spec, desired state, scale or restart."""

    id: UUID
    tenant: str
    name: str
    owner: str
    spec: ClusterSpec
    desired: Desired
    generation: int
    restarts: int
    """Rises with each ALTER CLUSTER ... RESTART: a driver of a lower number is replaced."""
    workers_wanted: int
    """Of a cluster that does not autoscale: what SCALE TO asked for, between min and max of the spec."""
    observed: Observed
    created_at: datetime
    state_since: datetime
    last_used: datetime
    token: str = field(repr=False, default="")
    """The driver's bearer token: never shown, never logged."""
    comment: str | None = None
    acl: tuple[tuple[str, str], ...] = ()
    """(role, right) with right USAGE, OPERATE or MONITOR; role "public" for everyone of the tenant."""
    running: int = 0
    """Queries under way on it, over all gateways."""
    queued: int = 0
    started_by: str | None = None
    spending: Spending | None = None
    """None without a budget."""
    budget_noted: date | None = None
    """The start of the period whose budget is known to be used up."""

    @property
    def state(self) -> ClusterState:
        return self.observed.state

    @property
    def over_budget(self) -> bool:
        """Whether the present period's budget is used up, whatever follows from that (`on_budget`)."""
        budget, spending = self.spec.budget, self.spending
        return budget is not None and spending is not None and spending.spent >= budget

    @property
    def refuses_queries(self) -> bool:
        """Whether no new query may run on it, until the period turns or the budget is raised."""
        return self.over_budget and self.spec.on_budget != "notify"

    @property
    def budget_text(self) -> str:
        """For people: `5 worker hours a month`."""
        unit = "" if self.spending is not None and self.spending.priced else " worker hours"
        return f"{self.spec.budget or 0:g}{unit} a {self.spec.budget_period}"


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """One line of kadali.cluster_events: a change of state, a scale, a refusal by Kubernetes, a use that resumed it."""

    cluster: str
    at: datetime
    kind: str
    message: str
    user: str | None = None
    workers: int | None = None
    """Registered workers from here on: what billing integrates."""


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What a cluster has used on a day (UTC). `cost` None: its workers have no price."""

    id: UUID
    cluster: str
    day: date
    until: datetime
    """The end of the day, or the moment up to which it is known."""
    worker_s: float
    driver_s: float
    cost: float | None
