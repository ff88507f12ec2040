"""A Kubernetes to test against: `control_plane` has real API, controllers and scheduler, but no node."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docker" / "k8s"))

from singlenode import binaries, requirements, runs
from singlenode.control_plane import ControlPlane


@pytest.fixture(scope="session")
def kubernetes_binaries() -> Path:
    """The folder with etcd, kube-apiserver, ..., kubectl; compiled once a version, which takes minutes."""
    with skip_where_missing():
        return binaries.kubernetes()


@pytest.fixture(scope="session")
def control_plane(kubernetes_binaries: Path) -> Iterator[ControlPlane]:
    """etcd, kube-apiserver, controller-manager and scheduler on loopback, for all tests of a session.

    Tests make namespaces of their own in it. One that kills a part starts it again.
    """
    with skip_where_missing():
        requirements.require(requirements.CONTROL_PLANE)
    folder = runs.new_run("control-plane")
    plane = ControlPlane(folder / "control-plane", kubernetes_binaries)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
        runs.end_run(folder)


class skip_where_missing:
    """Skips, saying why, where the machine lacks something. In CI a skip counts as a failure (tests/conftest.py)."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, requirements.MissingError):
            pytest.skip(str(error))
