"""A whole Kubernetes on one machine: a control plane, and a node that can run pods."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from singlenode import binaries, requirements
from singlenode.control_plane import ControlPlane
from singlenode.node import Node


class Cluster:
    """`folder`: its state, as runs.new_run makes it; runs.end_run ends the cluster and removes all of it.

    `policies`: NetworkPolicy is enforced. Needs root; raises MissingError, BuildError.
    """

    def __init__(self, folder: Path, *, policies: bool = True) -> None:
        requirements.require(requirements.NODE, cni=True, root=True)
        programs = binaries.kubernetes()
        self.node = Node(folder / "node", programs, binaries.kube_router() if policies else None)
        self.node.open()
        self.control_plane = ControlPlane(folder / "control-plane", programs, self.node.network.machine)
        self.kubectl = programs / "kubectl"

    @property
    def kubeconfig(self) -> Path:
        """A file for an administrator of the cluster; there after `start`."""
        return self.control_plane.kubeconfig

    def start(self, layers: Path, images: Iterable[Path] = ()) -> None:
        """Returns when pods can be started; see Node.start. Raises MissingError, ProgramError."""
        self.control_plane.start()
        self.node.start(self.control_plane, layers, images)
        self.control_plane.wait_for_controllers()
