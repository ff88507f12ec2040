"""Where a statement goes: every combination of wish, need and cluster that has an answer of its own."""

from __future__ import annotations

import pytest

from engine.base import Route, RouteReason
from engine.clusters.routing import Candidate, Need, Wish, route

UP, DOWN = Candidate("etl", reachable=True), Candidate("etl", reachable=False)
READ = RouteReason.DELTA_READ
SMALL, BIG, UNKNOWN = Need(READ, 10), Need(READ, 10_000), Need(READ)
SPARK_ONLY = Need(READ, 10, only_spark=True)
EMBEDDED_ONLY = Need(READ, 10_000, only_embedded=True)
LIMIT = 1000


@pytest.mark.parametrize(
    ("wish", "need", "cluster", "goes"),
    [
        (Wish.EMBEDDED, BIG, UP, Route("embedded", READ)),
        (Wish.EMBEDDED, SPARK_ONLY, UP, Route("embedded", READ)),
        (Wish.CLUSTER, SMALL, UP, Route("etl", RouteReason.CLUSTER_CHOSEN)),
        (Wish.CLUSTER, SMALL, DOWN, Route("etl", RouteReason.CLUSTER_CHOSEN)),
        (Wish.CLUSTER, EMBEDDED_ONLY, UP, Route("etl", RouteReason.CLUSTER_CHOSEN)),
        (Wish.AUTO, SMALL, None, Route("embedded", READ)),
        (Wish.AUTO, BIG, None, Route("embedded", READ)),
        (Wish.AUTO, SMALL, UP, Route("embedded", RouteReason.EMBEDDED_SIZE)),
        (Wish.AUTO, SMALL, DOWN, Route("embedded", RouteReason.EMBEDDED_SIZE)),
        (Wish.AUTO, UNKNOWN, UP, Route("embedded", RouteReason.EMBEDDED_SIZE)),
        (Wish.AUTO, BIG, UP, Route("etl", RouteReason.CLUSTER_SIZE)),
        (Wish.AUTO, BIG, DOWN, Route("embedded", RouteReason.EMBEDDED_STATE)),
        (Wish.AUTO, SPARK_ONLY, UP, Route("etl", RouteReason.CLUSTER_CAPABILITY)),
        (Wish.AUTO, SPARK_ONLY, DOWN, Route("embedded", RouteReason.EMBEDDED_STATE)),
        (Wish.AUTO, EMBEDDED_ONLY, UP, Route("embedded", RouteReason.EMBEDDED_CAPABILITY)),
    ],
)
def test_route(wish: Wish, need: Need, cluster: Candidate | None, goes: Route) -> None:
    assert route(wish, need, cluster, LIMIT) == goes


def test_the_limit_itself_is_small() -> None:
    assert route(Wish.AUTO, Need(READ, LIMIT), UP, LIMIT).cluster is None
    assert route(Wish.AUTO, Need(READ, LIMIT + 1), UP, LIMIT).cluster == "etl"
