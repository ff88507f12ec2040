"""A Kubernetes to test against: `control_plane` has real API, controllers and scheduler, but no node; `kubernetes` has
a node as well, with real containers, and needs root."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docker" / "k8s"))
sys.path.insert(0, str(Path(__file__).parents[2] / "docker" / "spark"))

import distribution
import image
from singlenode import binaries, requirements, runs
from singlenode.cluster import Cluster
from singlenode.control_plane import ControlPlane

from tests.spark.distribution import OVERRIDE

SPARK_IMAGE = image.NAME
"""What pods of Spark run; the node has it."""


@pytest.fixture(scope="session")
def kubernetes_binaries() -> Path:
    """The folder with etcd, kube-apiserver, ..., kubectl; compiled once a version, which takes minutes."""
    with skip_where_missing():
        requirements.require(requirements.CONTROL_PLANE)
        return binaries.kubernetes()


@pytest.fixture(scope="session")
def control_plane(kubernetes_binaries: Path) -> Iterator[ControlPlane]:
    """etcd, kube-apiserver, controller-manager and scheduler on loopback, for all tests of a session.

    Tests make namespaces of their own in it. One that kills a part starts it again.
    """
    folder = runs.new_run("control-plane")
    plane = ControlPlane(folder / "control-plane", kubernetes_binaries)
    try:
        plane.start()
        yield plane
    finally:
        runs.end_run(folder)


@pytest.fixture(scope="session")
def kubernetes() -> Iterator[Cluster]:
    """A cluster of one node with the image of Spark, reached from here: its API server, and pods by address.

    In CI what is missing is installed; elsewhere the tests are skipped. Tests make namespaces of their own.
    """
    with skip_where_missing():
        needed = {**requirements.NODE, **requirements.IMAGE}
        if os.environ.get("CI", "").lower() == "true":
            requirements.install(needed, cni=True)
        requirements.require(needed, cni=True, root=True)
        absent = distribution.missing()
        if absent:
            raise requirements.MissingError(f"not installed here: {', '.join(absent)}")
        by_hand = os.environ.get(OVERRIDE)
        library = Path(by_hand) / "jars" / distribution.LIBRARY if by_hand else None
        layers, built = image.layers(), image.image(library=library)
        folder = runs.new_run("kubernetes")
    try:
        with skip_where_missing():
            cluster = Cluster(folder)
        cluster.start(layers, [built])
        yield cluster
    finally:
        runs.end_run(folder)


class skip_where_missing:
    """Skips, saying why, where the machine lacks something. In CI a skip counts as a failure (tests/conftest.py)."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, requirements.MissingError):
            pytest.skip(str(error))
