"""What the CLUSTER statements and their function twins do: rights, limits of the tier, what is wanted, waiting for it.

Nothing here touches a cluster: what is wanted is written into the store, the reconciler makes it true.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from catalog.clusters.model import Backend, Cluster, ClusterSpec, ClusterState, Desired, Tier
from catalog.clusters.tenant import TenantClusters
from catalog.errors import (
    ConfigurationLimitExceeded,
    DuplicateObject,
    FeatureNotSupported,
    InsufficientPrivilege,
    InsufficientResources,
    InvalidName,
    InvalidParameterValue,
    ObjectInUse,
    ObjectNotInPrerequisiteState,
    ReservedName,
    UndefinedObject,
)
from catalog.names import NAMEDATALEN
from catalog.principal import Principal
from engine.base import Notice
from engine.clusters.endpoints import address_of
from engine.clusters.quota import check_fit, check_shape, used, workers_most
from engine.clusters.settings import check_settings
from sql_extensions import cluster_options
from sql_extensions.cluster_options import Given
from sql_extensions.cluster_state import PUBLIC, check_budget, has_right, may_use
from sql_extensions.context import Context
from sql_extensions.settings.rules import PLACES

RIGHTS = ("USAGE", "OPERATE", "MONITOR")
ONESELF = ""
"""A role that no role is called: the session's user."""
LOOK_S = 0.2
"""How often somebody who waits looks at the state."""
WAIT_S = 600.0
"""How long WAIT without a length waits."""


@dataclass(frozen=True, slots=True)
class Patience:
    """WAIT [ 'length' ] or NOWAIT (`wait_s` None)."""

    wait_s: float | None = None


NOWAIT = Patience()


def clusters_of(ctx: Context) -> TenantClusters:
    """Raises FeatureNotSupported where this server has no clusters at all."""
    found = ctx.session.tenant.clusters
    if found is None:
        raise FeatureNotSupported("this server has no clusters")
    return found


def visible(cluster: Cluster, principal: Principal) -> bool:
    """Whether somebody may know of it: with any right on it."""
    return any(has_right(cluster, principal, right) for right in RIGHTS)


def with_right(ctx: Context, name: str, right: str | None) -> Cluster:
    """The cluster, as it is now, for one who has the right; None: for its owner and administrators.

    Raises UndefinedObject (42704), InsufficientPrivilege (42501).
    """
    cluster = clusters_of(ctx).get(name, fresh=True)
    principal = ctx.session.principal
    if right is None:
        if not principal.admin and cluster.owner != principal.user:
            raise InsufficientPrivilege(f"must be owner of cluster {name}")
    elif not has_right(cluster, principal, right):
        raise InsufficientPrivilege(f"permission denied for cluster {name}")
    return cluster


def create(ctx: Context, name: str, given: Given, *, replacing: bool, altering: bool, if_not_exists: bool) -> Cluster:
    """CREATE CLUSTER in its forms. Raises 42710, 42939, 22023, 53400, 0A000."""
    clusters = clusters_of(ctx)
    check_name(name)
    before = _existing(clusters, name)
    if before is not None and if_not_exists:
        ctx.call.notice(Notice("NOTICE", f'cluster "{name}" already exists, skipping', "42710"))
        return before
    if before is not None and (replacing or altering):
        with_right(ctx, name, None)
        return _respecify(ctx, before, given, keep=altering)
    if before is not None:
        raise DuplicateObject(f'cluster "{name}" already exists')
    if not may_create(ctx):
        raise InsufficientPrivilege("permission denied to create cluster")
    tier = clusters.tier
    spec = _checked(cluster_options.specified(given, clusters.sizes, tier, clusters.backend), given, tier)
    _check_permitted(clusters, given)
    owner = ctx.session.principal.user
    made = clusters.create(
        name, spec, owner, token=_token(given, spec), check=lambda others: _room(ctx, name, spec, others)
    )
    _comment(clusters, name, given)
    return made


def may_create(ctx: Context) -> bool:
    """Clusters cost money: administrators of the database make them, and give rights on them."""
    return ctx.session.principal.admin


def alter(ctx: Context, name: str, given: Given) -> Cluster:
    """ALTER CLUSTER ... SET."""
    return _respecify(ctx, with_right(ctx, name, None), given, keep=True)


def reset(ctx: Context, name: str, keys: tuple[str, ...]) -> Cluster:
    """ALTER CLUSTER ... RESET."""
    clusters = clusters_of(ctx)
    before = with_right(ctx, name, None)
    by = ctx.session.principal.user
    for key in keys:
        if key in ("comment", "token"):
            raise InvalidParameterValue(f"{key} cannot be reset")

    def change(cluster: Cluster) -> ClusterSpec:
        return _checked(cluster_options.reset(cluster, keys, clusters.sizes, clusters.tier), {}, clusters.tier)

    def check(others: Sequence[Cluster]) -> None:
        spec = change(before)
        _keeps_room(ctx, spec, spec.max_workers, before, others)

    return clusters.alter(before.name, by, change, check=check)


def suspend(ctx: Context, name: str, *, force: bool) -> Cluster:
    """Running queries end first, or are canceled (57014)."""
    with_right(ctx, name, "OPERATE")
    if force:
        clusters_of(ctx).abort_queries(name, ctx.session.principal.user)
    return clusters_of(ctx).want(name, Desired.SUSPENDED, ctx.session.principal.user)


def resume(ctx: Context, name: str, *, if_suspended: bool) -> Cluster:
    """Raises ObjectNotInPrerequisiteState (55000) if it runs already, unless `if_suspended`."""
    cluster = with_right(ctx, name, "OPERATE")
    failed = cluster.state is ClusterState.FAILED
    if cluster.desired is Desired.RUNNING and not failed:
        if not if_suspended:
            raise ObjectNotInPrerequisiteState(f'cluster "{name}" is not suspended')
        return cluster
    check_budget(cluster)
    by = ctx.session.principal.user
    return clusters_of(ctx).want(
        name, Desired.RUNNING, by, check=lambda others: _fits(ctx, cluster.spec, workers_most(cluster), name, others)
    )


def scale(ctx: Context, name: str, workers: int) -> Cluster:
    """Raises ConfigurationLimitExceeded (53400) above what the tier allows; then nothing has changed."""
    cluster = with_right(ctx, name, "OPERATE")
    _ours(cluster)
    if workers < 1:
        raise InvalidParameterValue("a cluster has at least one worker", hint="ALTER CLUSTER ... SUSPEND stops it.")

    by = ctx.session.principal.user
    return clusters_of(ctx).scale(
        name, workers, by, check=lambda others: _keeps_room(ctx, cluster.spec, workers, cluster, others)
    )


def restart(ctx: Context, name: str) -> Cluster:
    """A new driver: sessions on it go on with a new session of Spark."""
    cluster = with_right(ctx, name, "OPERATE")
    _ours(cluster)
    if cluster.desired is not Desired.RUNNING:
        raise ObjectNotInPrerequisiteState(f'cluster "{name}" is suspended', hint="ALTER CLUSTER ... RESUME starts it.")
    return clusters_of(ctx).restart(name, ctx.session.principal.user)


def abort(ctx: Context, name: str) -> Cluster:
    """All queries on it, of all gateways, end with 57014."""
    with_right(ctx, name, "OPERATE")
    return clusters_of(ctx).abort_queries(name, ctx.session.principal.user)


def drop(ctx: Context, names: Sequence[str], *, force: bool, if_exists: bool) -> None:
    """All of them, or none. Raises ObjectInUse (55006) if queries run or wait there, unless `force`."""
    doomed = [name for name in dict.fromkeys(names) if not (if_exists and skips_missing(ctx, name))]
    for name in doomed:
        cluster = with_right(ctx, name, None)
        if cluster.running + cluster.queued and not force:
            raise ObjectInUse(
                f'cluster "{name}" is in use',
                detail=f"{cluster.running} queries run on it, {cluster.queued} wait for it.",
                hint="DROP CLUSTER ... FORCE cancels them.",
            )
    clusters, by = clusters_of(ctx), ctx.session.principal.user
    for name in doomed:
        if force:
            clusters.abort_queries(name, by)
        clusters.want(name, Desired.TERMINATED, by)


def has_privilege(ctx: Context, name: str, right: str, role: str | None) -> bool:
    """As PostgreSQL's has_*_privilege: one of several rights with commas between. `role` None: the session's user.

    Raises UndefinedObject (42704), InvalidParameterValue (22023).
    """
    cluster, principal = clusters_of(ctx).get(name, fresh=True), ctx.session.principal
    if role is not None and role != principal.user:
        admin = ctx.session.tenant.catalog.snapshot().roles.get(role_of(ctx, role), False)
        principal = Principal(role, principal.tenant, admin)
    wanted = [one.strip().upper() for one in right.split(",")]
    for one in wanted:
        if one not in RIGHTS:
            raise InvalidParameterValue(f'unrecognized privilege type: "{one}"', hint=f"{', '.join(RIGHTS)}.")
    return any(has_right(cluster, principal, one) for one in wanted)


def rename(ctx: Context, name: str, new: str) -> None:
    with_right(ctx, name, None)
    check_name(new)
    clusters_of(ctx).rename(name, new, ctx.session.principal.user)


def swap(ctx: Context, name: str, other: str) -> None:
    for one in (name, other):
        with_right(ctx, one, None)
    clusters_of(ctx).swap(name, other, ctx.session.principal.user)


def give(ctx: Context, name: str, owner: str) -> None:
    """Raises UndefinedObject (42704) if there is no such role."""
    with_right(ctx, name, None)
    owner = role_of(ctx, owner)
    if owner == PUBLIC:
        raise UndefinedObject('role "public" does not exist')
    clusters_of(ctx).give(name, owner, ctx.session.principal.user)


def grant(ctx: Context, name: str, rights: Sequence[str], roles: Sequence[str], *, revoke: bool) -> None:
    with_right(ctx, name, None)
    for role in [role_of(ctx, role) for role in roles]:
        clusters_of(ctx).grant(name, rights, role, revoke=revoke)


def comment(ctx: Context, name: str, text: str | None) -> None:
    with_right(ctx, name, None)
    clusters_of(ctx).comment(name, text)


def check_usable(clusters: TenantClusters | None, principal: Principal, name: str) -> None:
    """That a session may name it: it exists, and its user has USAGE on it. Raises 42704, 42501."""
    if clusters is None:
        raise UndefinedObject(f'cluster "{name}" does not exist')
    if not may_use(clusters.get(name), principal):
        raise InsufficientPrivilege(f"permission denied for cluster {name}")


def check_name(name: str) -> None:
    """Raises ReservedName (42939), InvalidName (42602)."""
    if name.lower() in PLACES:
        raise ReservedName(f'cluster name "{name}" is reserved')
    if not name or len(name.encode()) >= NAMEDATALEN or not name.isprintable():
        raise InvalidName(f'invalid cluster name "{name}"', hint=f"A name has 1 to {NAMEDATALEN - 1} printable bytes.")


def role_of(ctx: Context, role: str) -> str:
    """The role that was written, which exists. Raises UndefinedObject (42704)."""
    if role == ONESELF:
        return ctx.session.principal.user
    if role != PUBLIC and role not in ctx.session.tenant.catalog.snapshot().roles:
        raise UndefinedObject(f'role "{role}" does not exist')
    return role


def wait_until(ctx: Context, cluster: Cluster, patience: Patience, done: Callable[[Cluster], bool]) -> None:
    """Until `done`, with what happens as INFO notices; when the time is over a WARNING says that the work goes on.

    Raises InsufficientResources (53000) with the reason if the cluster fails, QueryCanceled.
    """
    if patience.wait_s is None:
        return
    clusters, call = clusters_of(ctx), ctx.call
    deadline = time.monotonic() + patience.wait_s
    canceled = threading.Event()
    with call.stopping(canceled.set):
        while True:
            call.check_canceled()
            now = next((one for one in clusters.list(fresh=True) if one.id == cluster.id), None)
            if now is None or done(now):
                return
            if now.state is ClusterState.FAILED and now.observed.generation >= cluster.generation:
                raise InsufficientResources(f'cluster "{now.name}" has failed', detail=now.observed.reason)
            left = deadline - time.monotonic()
            if left <= 0:
                message = f'cluster "{now.name}" is {now.state.value}: the work goes on'
                call.notice(Notice("WARNING", message, "01000", detail=now.observed.reason))
                return
            call.report(_progress(now))
            canceled.wait(min(LOOK_S, left))


def is_running(cluster: Cluster) -> bool:
    """Whether what was asked for last has come true: it answers, with the workers wanted."""
    current = cluster.observed.generation >= cluster.generation
    return current and cluster.state is ClusterState.RUNNING


def is_suspended(cluster: Cluster) -> bool:
    return cluster.state is ClusterState.SUSPENDED and cluster.observed.generation >= cluster.generation


def is_settled(cluster: Cluster) -> bool:
    """Whether it is in the state that is wanted."""
    return is_running(cluster) if cluster.desired is Desired.RUNNING else is_suspended(cluster)


def _progress(cluster: Cluster) -> str:
    wanted = cluster.workers_wanted if not cluster.spec.autoscales else cluster.spec.min_workers
    text = f'cluster "{cluster.name}" is {cluster.state.value}, {cluster.observed.workers}/{wanted} workers registered'
    return text if cluster.observed.reason is None else f"{text}: {cluster.observed.reason}"


def skips_missing(ctx: Context, name: str) -> bool:
    """IF EXISTS: whether there is none, which a notice tells."""
    if _existing(clusters_of(ctx), name) is not None:
        return False
    ctx.call.notice(Notice("NOTICE", f'cluster "{name}" does not exist, skipping'))
    return True


def _existing(clusters: TenantClusters, name: str) -> Cluster | None:
    return next((one for one in clusters.list(fresh=True) if one.name == name), None)


def _respecify(ctx: Context, before: Cluster, given: Given, *, keep: bool) -> Cluster:
    clusters = clusters_of(ctx)
    tier = clusters.tier

    def change(cluster: Cluster) -> ClusterSpec:
        if keep:
            return _checked(cluster_options.altered(cluster.spec, given, clusters.sizes, tier), given, tier)
        spec = cluster_options.specified(given, clusters.sizes, tier, clusters.backend)
        if spec.backend is not cluster.spec.backend:
            raise FeatureNotSupported("a cluster cannot move to another place", hint="Drop it and create it anew.")
        return _checked(spec, given, tier)

    spec = change(before)
    _check_permitted(clusters, given)
    made = clusters.alter(
        before.name,
        ctx.session.principal.user,
        change,
        token=_token(given, spec) if "token" in given else None,
        check=lambda others: _keeps_room(ctx, spec, spec.max_workers, before, others),
    )
    if not keep and "comment" not in given:
        clusters.comment(before.name, None)
    _comment(clusters, before.name, given)
    return made


def _check_permitted(clusters: TenantClusters, given: Given) -> None:
    """The server connects to a url, and an image sees what drivers see, and what the server asks them: its
    administrator says which may be named. Raises InsufficientPrivilege.
    """
    image = str(given.get("image", ""))
    if image and not any(fnmatchcase(image, one) for one in clusters.images):
        raise InsufficientPrivilege(
            f'clusters of this server may not run the image "{image}"',
            hint="Its setting cluster_images lists those that clusters may name.",
        )
    endpoint = address_of(str(given["url"])) if "url" in given else None
    if endpoint is not None and not clusters.external & {"any", endpoint}:
        raise InsufficientPrivilege(
            f'this server may not connect to "{endpoint}"',
            hint="Its setting external_clusters lists the Spark Connect servers that clusters may name.",
        )


def _checked(spec: ClusterSpec, given: Given, tier: Tier) -> ClusterSpec:
    """Raises what forbids the specification by itself: shapes, Spark's settings, limits of the tier (53400)."""
    cluster_options.check_limits(spec, tier)
    if spec.backend is not Backend.EXTERNAL:
        check_shape(spec)
    check_settings(spec.spark)
    if "token" in given and spec.backend is not Backend.EXTERNAL:
        raise InvalidParameterValue(
            "token belongs to clusters with a url", hint="Other clusters have tokens of their own."
        )
    return spec


def _room(ctx: Context, name: str, spec: ClusterSpec, others: Sequence[Cluster]) -> None:
    """Raises ConfigurationLimitExceeded (53400) for a new cluster that the tier has no room for."""
    tier = clusters_of(ctx).tier
    if tier.clusters is not None and len(others) >= tier.clusters:
        raise ConfigurationLimitExceeded(
            f'tier "{tier.name}" allows {tier.clusters} clusters', hint="Drop a cluster that is not needed."
        )
    _fits(ctx, spec, spec.max_workers, name, ())
    if not spec.initially_suspended:
        _fits(ctx, spec, spec.max_workers, name, others)


def _keeps_room(ctx: Context, spec: ClusterSpec, workers: int, before: Cluster, others: Sequence[Cluster]) -> None:
    """The same for one that there is: only while it runs does it share the room with others."""
    _fits(ctx, spec, workers, before.name, others if before.desired is Desired.RUNNING else ())


def _fits(ctx: Context, spec: ClusterSpec, workers: int, name: str, others: Sequence[Cluster]) -> None:
    if spec.backend is not Backend.EXTERNAL:
        check_fit(clusters_of(ctx).tier, name, spec, workers, used(others))


def _ours(cluster: Cluster) -> None:
    if cluster.spec.backend is Backend.EXTERNAL:
        raise FeatureNotSupported(f'cluster "{cluster.name}" is an endpoint that this server does not run')


def _token(given: Given, spec: ClusterSpec) -> str | None:
    if spec.backend is not Backend.EXTERNAL:
        return None
    return str(given.get("token", ""))


def _comment(clusters: TenantClusters, name: str, given: Given) -> None:
    if "comment" in given:
        clusters.comment(name, str(given["comment"]))
