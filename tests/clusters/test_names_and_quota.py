"""Names of Kubernetes for names of SQL; what fits into a tier."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.clusters.model import Desired, Tier
from catalog.errors import ConfigurationLimitExceeded, InvalidParameterValue
from engine.clusters import names, quota
from engine.clusters.quota import Usage
from tests.clusters.samples import GIB, ID, SPEC, TIER, cluster

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@pytest.mark.parametrize("name", ["etl", "a", "team-1", "0", "a" * 63])
def test_a_dns_label_stays_as_it_is(name: str) -> None:
    assert names.dns_label(name) == name


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("Etl", "etl-x"),
        ("my cluster", "my-cluster-x"),
        ("größe", "groe-x"),
        ("-etl", "etl-x"),
        ("etl_", "etl-x"),
        ("日本", "x"),
        ("", "x"),
        ("a" * 64, "a" * 48 + "-x"),
        ('a"; DROP', "a-drop-x"),
        ("../../x", "x-x"),
    ],
)
def test_other_names_are_encoded(name: str, begins: str) -> None:
    made = names.dns_label(name)
    assert LABEL.fullmatch(made)
    assert made.startswith(begins)
    assert made != name


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_names_never_become_one(one: str, other: str) -> None:
    made = [names.namespace_name("kadali-", text) for text in (one, other)]
    assert all(LABEL.fullmatch(each) for each in made)
    assert (made[0] == made[1]) == (one == other)


def test_what_looks_encoded_is_encoded_again() -> None:
    encoded = names.dns_label("My Cluster")
    assert names.dns_label(encoded) != encoded


def test_names_of_one_cluster() -> None:
    assert names.object_name(ID) == "c-3f2a91bc0d4e"
    assert len(names.volume_name("0123456789abcdef", "T" * 63)) <= 63
    with pytest.raises(InvalidParameterValue):
        names.check_prefix("Kadali_")


@pytest.mark.parametrize(
    ("tier", "others", "expected", "limit"),
    [
        (Tier("none"), Usage(), None, None),
        (TIER, Usage(), 4, "4 workers"),
        (replace(TIER, workers=None), Usage(), 20, "16Gi of memory"),
        (replace(TIER, workers=None, memory=None), Usage(), 30, "8 cores"),
        (TIER, Usage(cores=7.0), 2, "8 cores"),
        (TIER, Usage(memory=14 * GIB), 1, "16Gi of memory"),
        (TIER, Usage(pods=22), 2, "25 pods"),
        (TIER, Usage(cores=7.5), 0, "8 cores"),
        (TIER, Usage(cores=7.6), -1, "8 cores"),
        (TIER, Usage(cores=80), -1, "8 cores"),
        (Tier("t", cores=1.0), Usage(), 2, "1 cores"),
    ],
)
def test_what_fits(tier: Tier, others: Usage, expected: int | None, limit: str | None) -> None:
    found = quota.fit(tier, SPEC, others)
    assert (found.workers, found.limit) == (expected, limit)


def test_what_does_not_fit_is_refused_with_the_limit_named() -> None:
    quota.check_fit(TIER, "etl", SPEC, 4, Usage())
    with pytest.raises(ConfigurationLimitExceeded) as caught:
        quota.check_fit(TIER, "etl", SPEC, 5, Usage())
    assert (caught.value.sqlstate, caught.value.hint) == ("53400", "workers <= 4")
    with pytest.raises(ConfigurationLimitExceeded, match="allows 8 cores"):
        quota.check_fit(TIER, "etl", SPEC, 1, Usage(cores=7.6))


def test_clusters_count_while_they_may_run() -> None:
    running = cluster(workers_wanted=3)
    asleep = cluster(desired=Desired.SUSPENDED)
    ending = cluster(desired=Desired.SUSPENDED, workers=1)
    growing = cluster(spec={"min_workers": 1, "max_workers": 4})
    assert quota.used([running]) == Usage(1.25, GIB + 3 * (768 << 20), 4)
    assert quota.used([asleep]) == Usage()
    assert quota.used([ending]) == quota.usage(SPEC, 2)
    assert quota.used([growing, running]).pods == 5 + 4


@pytest.mark.parametrize(
    ("field", "memory", "hint"), [("driver_memory", 700, "834Mi"), ("worker_memory", 600, "706Mi")]
)
def test_containers_too_small_for_spark_are_refused(field: str, memory: int, hint: str) -> None:
    quota.check_shape(SPEC)
    with pytest.raises(ConfigurationLimitExceeded) as caught:
        quota.check_shape(replace(SPEC, **{field: memory << 20}))
    assert caught.value.hint is not None
    assert hint in caught.value.hint
