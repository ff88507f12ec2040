"""kubectl as tests call it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

TIMEOUT_S = 60

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""What the "restricted" profile of Pod Security asks of a container, and a root that cannot be written to."""


class Kubectl:
    """`program` with a kubeconfig; objects as dictionaries."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self._command = [str(program), f"--kubeconfig={kubeconfig}"]

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments], input=stdin, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    def apply(self, *manifests: Mapping[str, object]) -> None:
        """Retried for a while: a namespace has no service account at first, or the API server has just come back."""
        deadline = time.monotonic() + TIMEOUT_S
        content = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        while (done := self.run("apply", "-f", "-", stdin=content)).returncode != 0:
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.2)

    def refused(self, manifest: Mapping[str, object]) -> str:
        done = self.run("apply", "-f", "-", stdin=json.dumps(manifest))
        assert done.returncode != 0
        return done.stderr

    def remove_namespaces(self, prefix: str) -> None:
        """All whose names begin so, with their pods: a small node has room for few. Returns when they are gone."""
        names = [name.partition("/")[2] for name in self("get", "namespaces", "-o=name").split()]
        mine = [name for name in names if name.startswith(prefix)]
        if mine:
            self("delete", "namespace", *mine, "--ignore-not-found", f"--timeout={TIMEOUT_S - 5}s")

    def wait(self, namespace: str, name: str, path: str = "{.metadata.name}", value: str | None = None) -> str:
        """Until the object KIND/NAME has `value` (any, unless said) at `path`; what it has."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            done = self.run("get", "-n", namespace, name, f"-o=jsonpath={path}")
            if done.returncode == 0 and done.stdout and value in (None, done.stdout):
                return done.stdout
            assert time.monotonic() < deadline, done
            time.sleep(0.1)


def namespace(name: str, **labels: str) -> dict[str, object]:
    """One whose pods must satisfy the "restricted" profile; in labels `kadali_role` stands for kadali.io/role."""
    named = {key.replace("kadali_", "kadali.io/"): value for key, value in labels.items()}
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**enforced, **named}}}


def pod(
    namespace: str, name: str, image: str, *command: str, security: Mapping[str, object] = RESTRICTED
) -> dict[str, object]:
    """A pod of one container, with a /tmp that can be written to."""
    container = {
        "name": "c",
        "image": image,
        "imagePullPolicy": "Never",
        "args": list(command),
        "securityContext": security,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }
