"""Configuration files of a node's programs, and the control group its pods are in."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from singlenode.network import Network

PAUSE_IMAGE = "localhost/kadali/pause:1"


def write(folder: Path, network: Network, plugins: Path, group: str, name: str) -> None:
    """containerd.toml, kubelet.yaml and the pods' network; `group` is the control group that all pods are below."""
    for one in ("cni", "kubelet", "plugins", "logs"):
        (folder / one).mkdir(exist_ok=True)
    (folder / "containerd.toml").write_text(containerd(folder, plugins))
    (folder / "cni" / "10-pods.conflist").write_text(
        f"""{{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {{"type": "bridge", "bridge": "pods", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {{"type": "host-local", "dataDir": "{folder}/addresses",
            "ranges": [[{{"subnet": "{network.pods}"}}]], "routes": [{{"dst": "0.0.0.0/0"}}]}}}}]}}
"""
    )
    # Limits of the machine are not to be found here: one that is nearly full would evict every pod.
    (folder / "kubelet.yaml").write_text(
        f"""apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {{anonymous: {{enabled: true}}, webhook: {{enabled: false}}}}
authorization: {{mode: AlwaysAllow}}
address: {network.node}
readOnlyPort: 0
healthzPort: 0
cgroupDriver: cgroupfs
cgroupRoot: {group}
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
containerRuntimeEndpoint: unix://{folder}/containerd.sock
volumePluginDir: {folder}/plugins
podLogsDir: {folder}/logs
evictionHard: {{memory.available: "1Mi", nodefs.available: "1%", imagefs.available: "1%"}}
evictionPressureTransitionPeriod: 10s
imageGCHighThresholdPercent: 100
makeIPTablesUtilChains: false
resolvConf: ""
nodeStatusUpdateFrequency: 5s
"""
    )


def containerd(folder: Path, plugins: Path) -> str:
    """containerd.toml; containerd's data lie in `folder`/containerd."""
    return f"""version = 2
root = "{folder}/containerd"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""


def make_groups(name: str) -> None:
    """An empty group in each hierarchy, usable for processes; kubelet makes the ones below.

    A group has the part in the processor of one thread, unless said otherwise: all pods together get that of as many as
    there are processors, else they starve on a busy machine.
    """
    for mount, version in hierarchies():
        group = mount / name
        group.mkdir(exist_ok=True)
        if version == 2:
            _delegate(mount)
            _delegate(group)
        elif (group / "cpuset.cpus").exists():  # takes no process while it is empty
            for file in ("cpuset.cpus", "cpuset.mems"):
                (group / file).write_text((mount / file).read_text())
        for file, one in (("cpu.shares", 1024), ("cpu.weight", 100)):  # of version 1, of 2
            if (group / file).exists():
                (group / file).write_text(str(min(one * (os.cpu_count() or 1), 10_000)))


def hierarchies() -> list[tuple[Path, int]]:
    """Where control groups are mounted, with the version (1, 2) of each."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, kind = line.split(" - ")[0].split(), line.split(" - ")[1].split()[0]
        if kind in ("cgroup", "cgroup2"):
            found.append((Path(fields[4]), 2 if kind == "cgroup2" else 1))
    return found


def _delegate(group: Path) -> None:
    """Let groups below have all controllers; one that is not to be had there is left out."""
    for controller in (group / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (group / "cgroup.subtree_control").write_text(f"+{controller}")
