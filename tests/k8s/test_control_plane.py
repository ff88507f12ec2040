"""The control plane that other tests rely on: it enforces, and its parts may fail and come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from singlenode.control_plane import PARTS, ControlPlane

from tests.k8s.kubectl import Kubectl, namespace, pod


@pytest.fixture
def kubectl(control_plane: ControlPlane, kubernetes_binaries: Path) -> Kubectl:
    return Kubectl(kubernetes_binaries / "kubectl", control_plane.kubeconfig)


def test_it_enforces_pod_security_and_quota(kubectl: Kubectl) -> None:
    quota = {"name": "q", "namespace": "enforced"}
    kubectl.apply(
        namespace("enforced"),
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": quota, "spec": {"hard": {"pods": "1"}}},
    )
    kubectl.wait("enforced", "serviceaccount/default")
    kubectl.wait("enforced", "resourcequota/q", "{.status.hard.pods}", "1")
    assert "violates PodSecurity" in kubectl.refused(pod("enforced", "loose", "x", security={}))
    kubectl.apply(pod("enforced", "one", "x"))
    assert "exceeded quota" in kubectl.refused(pod("enforced", "two", "x"))
    kubectl("delete", "namespace", "enforced", "--wait=false")


def test_parts_die_and_come_back(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    for part in PARTS:
        control_plane.kill_part(part)
        assert not control_plane.running()
        control_plane.start_part(part)
    kubectl.apply(namespace("after"))
    kubectl.wait("after", "serviceaccount/default")
    kubectl("delete", "namespace", "after", "--wait=false")
    assert control_plane.running()
