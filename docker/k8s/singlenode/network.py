"""The node's network: a namespace that this machine reaches over one pair of interfaces, and pods behind a bridge.

Addresses are taken from 10.212.0.0/16: of instance N the link is 10.212.N.0/30 and the pods are 10.212.N.128/25.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from singlenode.requirements import MissingError, find

INSTANCES_MAX = 250
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Network:
    """Addresses of instance `number`."""

    number: int

    @property
    def interface(self) -> str:
        """On this machine; its peer, in the node, is called `machine`."""
        return f"kadali-k8s{self.number}"

    @property
    def machine(self) -> str:
        """This machine, as pods and the node see it."""
        return f"10.212.{self.number}.1"

    @property
    def node(self) -> str:
        return f"10.212.{self.number}.2"

    @property
    def pods(self) -> str:
        return f"10.212.{self.number}.128/25"


def connect(init: int, folder: Path) -> Network:
    """Join the network namespace of process `init` to this machine; `folder` remembers the interface. MissingError."""
    for number in range(INSTANCES_MAX):
        network = Network(number)
        (folder / "interface").write_text(network.interface)
        created = _ip("link", "add", network.interface, "type", "veth", "peer", "name", "machine", "netns", str(init))
        if created.returncode == 0:
            break
        (folder / "interface").unlink()
        if "File exists" not in created.stderr:
            raise MissingError(f"no network interface can be made: {created.stderr.strip()}")
    else:
        raise MissingError(f"{INSTANCES_MAX} clusters run on this machine")
    for command in (
        ["addr", "add", f"{network.machine}/30", "dev", network.interface],
        ["link", "set", network.interface, "up"],
        ["route", "add", network.pods, "via", network.node],
    ):
        _check(_ip(*command))
    return network


def join(network: Network, api_port: int, service: str, run: Callable[..., str]) -> None:
    """The node's end: addresses, forwarding, and the one Service that has an address, the API server's, at `service`.

    `run(*command, stdin=text)` runs a program in the node.
    """
    run("ip", "link", "set", "lo", "up")
    run("ip", "addr", "add", f"{network.node}/30", "dev", "machine")
    run("ip", "link", "set", "machine", "up")
    run("ip", "route", "add", "default", "via", network.machine)
    for setting in ("net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables"):
        run("tee", "/proc/sys/" + setting.replace(".", "/"), stdin="1")
    to_server = f"ip daddr {service} tcp dport 443 dnat to {network.machine}:{api_port};"
    rules = "".join(
        f"chain {hook} {{ type nat hook {hook} priority -100; {to_server} }}\n" for hook in ("output", "prerouting")
    )
    run("nft", "-f", "-", stdin=f"table ip kadali_services {{\n{rules}}}\n")


def require_bridge_filter() -> None:
    """Packets between pods of one bridge pass the filters only with the kernel's br_netfilter. Raises MissingError."""
    file = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    modprobe = find("modprobe")
    if not file.exists() and modprobe is not None:
        subprocess.run([modprobe, "br_netfilter"], capture_output=True, timeout=_TIMEOUT_S, check=False)
    if not file.exists():
        raise MissingError("the kernel's module br_netfilter is not loaded: modprobe br_netfilter")


def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find("ip") or "ip", *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )


def _check(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode != 0:
        raise MissingError(f"the node's network cannot be made: {done.stderr.strip()}")
