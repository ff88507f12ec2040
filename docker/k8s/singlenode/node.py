"""A node of one machine: containerd, kubelet and kube-router in namespaces of their own, with this machine beside them.

Pods are real containers. Needs root. Killing the node's process 1 ends everything in it; runs.py removes the rest.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from singlenode import configuration, network, store
from singlenode.control_plane import ControlPlane
from singlenode.namespaces import enter, inside
from singlenode.processes import Processes, ProgramError
from singlenode.requirements import MissingError, cni_folder

NAME = "node1"
SERVICE = "10.96.0.1"
"""Of the API server, first of control_plane.SERVICE_RANGE. Other Services have no address here: headless ones work."""
PARTS = ("containerd", "kubelet", "kube-router")
START_TIMEOUT_S = 120.0
_LOOK_EVERY_S = 0.1
_COMMAND_TIMEOUT_S = 300


class Node:
    """`folder`: its state and logs, removed by runs.end_run. `kube_router` None: no NetworkPolicy is enforced."""

    def __init__(self, folder: Path, binaries: Path, kube_router: Path | None) -> None:
        self.folder = folder
        self._binaries, self._kube_router = binaries, kube_router
        folder.mkdir(parents=True, exist_ok=True)
        self._processes = Processes(folder)
        self._init = 0
        self._network: network.Network | None = None
        self._plane: ControlPlane | None = None

    @property
    def network(self) -> network.Network:
        """Known after `open`."""
        if self._network is None:
            raise ProgramError("the node has no network yet")
        return self._network

    @property
    def plane(self) -> ControlPlane:
        """Known after `start`."""
        if self._plane is None:
            raise ProgramError("the node has no control plane yet")
        return self._plane

    def open(self) -> None:
        """Make the namespaces and join them to this machine, before a control plane is bound to its address."""
        if self._kube_router is not None:
            network.require_bridge_filter()
        self._init = enter(self._processes)
        self._network = network.connect(self._init, self.folder)

    def start(self, plane: ControlPlane, layers: Path, images: Iterable[Path] = ()) -> None:
        """Returns when pods can be started. `layers`: an image whose layers are unpacked once and kept between runs;
        `images`: more images, in OCI's layout. Raises MissingError, ProgramError.
        """
        self._plane = plane
        network.join(self.network, plane.port, SERVICE, self.run)
        kept = store.prepared((store.pause_image(), layers))
        store.copy(kept, self.folder / "containerd")
        group = self._make_groups()
        plugins = cni_folder()
        if plugins is None:
            raise MissingError("not installed here: Debian package containernetworking-plugins")
        configuration.write(self.folder, self.network, plugins, group, NAME)
        self.start_part("containerd")
        for image in images:
            self.import_image(image)
        self.start_part("kubelet")
        self._wait_ready(time.monotonic() + START_TIMEOUT_S)
        if self._kube_router is not None:
            self.start_part("kube-router")  # it does not wait for the node to be known

    def start_part(self, name: str) -> None:
        """Raises ProgramError."""
        command = getattr(self, "_" + name.replace("-", "_") + "_command")()
        self._processes.start_child(name, *inside(self._init), *command)
        if name == "containerd":
            store.wait(self._processes, self._init, self.folder)

    def kill_part(self, name: str) -> None:
        """At once, as a crash would end it. Containers live on without containerd and kubelet."""
        self._processes.stop(name, patience_s=0)

    def running(self) -> bool:
        parts = PARTS if self._kube_router is not None else PARTS[:-1]
        return all(map(self.alive, parts))

    def alive(self, part: str) -> bool:
        return self._processes.pid(part) is not None

    def output(self, part: str) -> str:
        """The end of what a part printed."""
        return self._processes.output(part)

    def import_image(self, image: Path) -> None:
        """An image in OCI's layout; layers that are there are not unpacked again."""
        store.import_image(self._init, self.folder, image)

    def run(self, *command: str, stdin: str = "") -> str:
        """A short command in the node; raises ProgramError."""
        done = subprocess.run(
            [*inside(self._init), *command],
            input=stdin, capture_output=True, text=True, timeout=_COMMAND_TIMEOUT_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise ProgramError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
        return done.stdout

    def _make_groups(self) -> str:
        """The control group of all pods, which kubelet wants to find; named after the network, and remembered."""
        name = self.network.interface
        (self.folder / "cgroup").write_text(name)
        configuration.make_groups(name)
        return f"/{name}"

    def _containerd_command(self) -> list[str]:
        return ["containerd", "--config", str(self.folder / "containerd.toml")]

    def _kubelet_command(self) -> list[str]:
        return [
            str(self._binaries / "kubelet"),
            f"--config={self.folder / 'kubelet.yaml'}",
            f"--kubeconfig={self.plane.folder / 'node.kubeconfig'}",
            f"--hostname-override={NAME}",
            f"--node-ip={self.network.node}",
            f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'certs'}",
        ]

    def _kube_router_command(self) -> list[str]:
        return [
            str(self._kube_router),
            f"--kubeconfig={self.plane.folder / 'node.kubeconfig'}",
            f"--hostname-override={NAME}",
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            "--run-loadbalancer=false",
            "--iptables-sync-period=1m",
        ]

    def _wait_ready(self, deadline: float) -> None:
        while not _ready(self.plane):
            self._processes.check("containerd")
            self._processes.check("kubelet")
            if time.monotonic() > deadline:
                raise ProgramError(f"the node is not ready: {self._processes.output('kubelet')}")
            time.sleep(_LOOK_EVERY_S)


def _ready(plane: ControlPlane) -> bool:
    try:
        node = json.loads(plane.get(f"/api/v1/nodes/{NAME}"))
    except OSError:  # not there yet
        return False
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions", ()))
