"""The control plane that other tests rely on: it enforces, and its parts may fail and come back."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from singlenode.control_plane import PARTS, ControlPlane

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def test_it_enforces_pod_security_and_quota(control_plane: ControlPlane, kubernetes_binaries: Path) -> None:
    kubectl = Kubectl(kubernetes_binaries, control_plane.kubeconfig)
    namespace = {"name": "enforced", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": namespace})
    quota = {"name": "q", "namespace": "enforced"}
    kubectl.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": quota, "spec": {"hard": {"pods": "1"}}})
    kubectl.wait("enforced", "serviceaccount/default")
    kubectl.wait("enforced", "resourcequota/q", "{.status.hard.pods}", "1")
    assert "violates PodSecurity" in kubectl.refused(pod("loose"))
    kubectl.apply(pod("one", RESTRICTED))
    assert "exceeded quota" in kubectl.refused(pod("two", RESTRICTED))
    kubectl("delete", "namespace", "enforced", "--wait=false")


def test_parts_die_and_come_back(control_plane: ControlPlane, kubernetes_binaries: Path) -> None:
    kubectl = Kubectl(kubernetes_binaries, control_plane.kubeconfig)
    for part in PARTS:
        control_plane.kill_part(part)
        assert not control_plane.running()
        control_plane.start_part(part)
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "after"}})
    kubectl.wait("after", "serviceaccount/default")
    kubectl("delete", "namespace", "after", "--wait=false")
    assert control_plane.running()


class Kubectl:
    """kubectl with a kubeconfig; objects as dictionaries."""

    def __init__(self, binaries: Path, kubeconfig: Path) -> None:
        self._command = [str(binaries / "kubectl"), f"--kubeconfig={kubeconfig}"]

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        done = self._run(arguments, stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, manifest: dict[str, object]) -> None:
        """Retried for a while: etcd and the API server may just have come back."""
        deadline = time.monotonic() + 30
        while (done := self._run(("apply", "-f", "-"), json.dumps(manifest))).returncode != 0:
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.2)

    def refused(self, manifest: dict[str, object]) -> str:
        done = self._run(("apply", "-f", "-"), json.dumps(manifest))
        assert done.returncode != 0
        return done.stderr

    def wait(self, namespace: str, name: str, path: str = "{.metadata.name}", value: str | None = None) -> None:
        """Until the object is there, and has `value` at `path`."""
        deadline = time.monotonic() + 30
        while True:
            done = self._run(("get", "-n", namespace, name, f"-o=jsonpath={path}"), None)
            if done.returncode == 0 and done.stdout == (value or name.split("/")[1]):
                return
            assert time.monotonic() < deadline, done
            time.sleep(0.1)

    def _run(self, arguments: tuple[str, ...], stdin: str | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
        )


def pod(name: str, security: dict[str, object] | None = None) -> dict[str, object]:
    container: dict[str, object] = {"name": "c", "image": "nothing"}
    if security:
        container["securityContext"] = security
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "enforced"},
        "spec": {"containers": [container]},
    }
