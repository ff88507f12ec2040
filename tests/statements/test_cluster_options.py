"""SHOW CREATE CLUSTER: whatever options are given, what it prints makes the same cluster, and prints itself again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.clusters.model import Backend, Cluster, ClusterSpec, ClusterState, Desired, Observed, Tier
from catalog.clusters.tiers import BUILT_IN
from catalog.errors import InvalidParameterValue
from catalog.names import quote_ident, quote_literal
from engine.spark import SPARK_VERSION
from sql_extensions import cluster_options
from sql_extensions.statement import recognise
from sql_extensions.statements.create_cluster import CreateCluster
from tests.spark.distribution import distribution

TIER = Tier("default", concurrency=10, queue=100, queue_timeout_s=300.0, max_lifetime_s=864_000.0)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = st.from_regex(r"[A-Za-z][\w./-]{0,12}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=20)
LENGTHS = st.one_of(
    st.just("never"),
    st.integers(1, 3_000_000_000).map(str),
    st.floats(0.001, 1e8).map(lambda value: quote_literal(f"{value!r} seconds")),
    st.tuples(st.integers(1, 500), st.sampled_from(("minute", "hours", "day", "weeks"))).map(
        lambda pair: quote_literal(f"{pair[0]} {pair[1]}")
    ),
)
NUMBERS = st.one_of(st.integers(1, 10**6).map(str), st.floats(1e-4, 9e8).map(lambda value: f"{value:.17f}"))
MEMORY = st.tuples(st.integers(1, 2**20), st.sampled_from(("Mi", "Ki", "", "M", "KB"))).map(
    lambda pair: quote_literal(f"{pair[0]}{pair[1]}")
)
COUNTS = st.integers(1, 1000).map(str)
TRUTH = st.sampled_from(("true", "false", "on", "'off'"))
PAIRS = st.dictionaries(WORDS, st.from_regex(r"[\w./-]{0,10}", fullmatch=True), min_size=1, max_size=3).map(
    lambda pairs: quote_literal(", ".join(f"{key}={value}" for key, value in pairs.items()))
)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "engine": st.sampled_from(("spark", "'SPARK'")),
    "size": st.sampled_from(sorted(BUILT_IN.sizes)),
    **dict.fromkeys(("driver_cores", "worker_cores", "budget"), NUMBERS),
    **dict.fromkeys(("driver_memory", "worker_memory"), MEMORY),
    **dict.fromkeys(("auto_suspend", "auto_terminate", "max_lifetime", "queue_timeout", "statement_timeout"), LENGTHS),
    **dict.fromkeys(("max_concurrency", "queue_limit"), COUNTS),
    **dict.fromkeys(("auto_resume", "initially_suspended"), TRUTH),
    **{key: TEXTS.map(quote_literal) for key in ("image", "service_account", "comment")},
    "priority": WORDS.map(quote_literal),
    **dict.fromkeys(("node_selector", "tags"), PAIRS),
    "tolerations": st.lists(st.sampled_from(("a=b:NoSchedule", "dedicated", "c=d")), min_size=1, max_size=3).map(
        lambda parts: quote_literal(", ".join(parts))
    ),
    "budget_period": st.sampled_from(("day", "'week'", "MONTH")),
    "on_budget": st.sampled_from(("notify", "suspend", "reject")),
    "spark_version": st.just(quote_literal(SPARK_VERSION)),
    '"spark.sql.shuffle.partitions"': st.one_of(COUNTS, TEXTS.map(quote_literal)),
}
WORKERS = st.one_of(
    st.just({}),
    COUNTS.map(lambda count: {"workers": count}),
    st.tuples(st.integers(0, 9), st.integers(1, 9)).map(
        lambda pair: {"min_workers": str(min(pair)), "max_workers": str(max(pair))}
    ),
)
OPTIONS = st.tuples(st.fixed_dictionaries({}, optional=VALUES), WORKERS).map(lambda pair: pair[0] | pair[1])


def made(sql: str) -> tuple[ClusterSpec, Cluster]:
    """(what CREATE CLUSTER makes of the options, the cluster)."""
    stmt: Any = recognise(sql)[0].tree
    assert isinstance(stmt, CreateCluster)
    spec = cluster_options.specified(stmt.options, BUILT_IN.sizes, TIER, Backend.LOCAL)
    comment = stmt.options.get("comment")
    row = Cluster(
        id=UUID(int=1),
        tenant="acme",
        name=stmt.name,
        owner="ann",
        spec=spec,
        desired=Desired.SUSPENDED,
        generation=1,
        restarts=0,
        workers_wanted=spec.min_workers,
        observed=Observed(ClusterState.SUSPENDED),
        created_at=NOW,
        state_since=NOW,
        last_used=NOW,
        comment=None if comment is None else str(comment),
    )
    return spec, row


def in_force(spec: ClusterSpec) -> ClusterSpec:
    """Without which of it has been named, the tier's limits filled in."""
    return replace(
        spec,
        named=frozenset(),
        max_concurrency=spec.max_concurrency or TIER.concurrency,
        queue_limit=TIER.queue if spec.queue_limit is None else spec.queue_limit,
        queue_timeout_s=TIER.queue_timeout_s if spec.queue_timeout_s is None else spec.queue_timeout_s,
    )


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=12), OPTIONS)
@example('It is "big"', {"budget": "0.00001", "auto_suspend": "'123456789.5 seconds'", "comment": "'a\\b''c'"})
def test_what_is_printed_makes_the_same(name: str, options: dict[str, str]) -> None:
    listed = ", ".join(f"{key} = {value}" for key, value in options.items())
    spec, row = made(f"CREATE CLUSTER {quote_ident(name)}" + (f" WITH ({listed})" if listed else ""))
    printed = cluster_options.create_statement(row, quote_ident(name), TIER)
    again, row_again = made(printed)
    assert (row_again.name, row_again.comment) == (row.name, row.comment)
    assert in_force(again) == in_force(spec)
    assert cluster_options.create_statement(row_again, quote_ident(name), TIER) == printed


@settings(deadline=None)
@given(OPTIONS, st.sets(st.sampled_from(sorted(key for key in VALUES if key != "comment")), max_size=4))
def test_reset_forgets_what_it_names_and_nothing_else(options: dict[str, str], keys: set[str]) -> None:
    given_options = ", ".join(f"{key} = {value}" for key, value in options.items())
    kept = ", ".join(f"{key} = {value}" for key, value in options.items() if key not in keys)
    _, row = made("CREATE CLUSTER c" + (f" WITH ({given_options})" if given_options else ""))
    wanted, _ = made("CREATE CLUSTER c" + (f" WITH ({kept})" if kept else ""))
    plain_keys = tuple(key.strip('"') for key in keys)
    assert cluster_options.reset(row, plain_keys, BUILT_IN.sizes, TIER) == wanted


def test_every_option_is_tried() -> None:
    tried = {key for key in VALUES if not key.startswith('"')} | {"workers", "min_workers", "max_workers"}
    assert tried == {*cluster_options.OPTIONS, *cluster_options.OTHERS} - {"url", "token"}


def test_the_version_is_the_one_that_images_are_made_of() -> None:
    assert distribution.SPARK_VERSION == SPARK_VERSION
    with pytest.raises(InvalidParameterValue):
        made("CREATE CLUSTER c (spark_version = '4.1.0')")
