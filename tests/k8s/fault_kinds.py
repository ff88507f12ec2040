"""The faults: each one strikes, says whether there was something to strike, and is mended afterwards, where it does not
heal by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from singlenode.node import NAME as NODE

from engine.clusters.names import object_name
from tests.gateway_server import GatewayServer
from tests.k8s import victims
from tests.k8s.fault_world import NAMESPACE, World, until

SETTLED_AGE_S = 75.0
"""A driver that ends within a minute of its start waits longer and longer before the next: not what is tested."""
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "shrunk", "namespace": NAMESPACE},
    "spec": {"hard": {"pods": "1"}},
}


@dataclass
class Broken:
    """A fault that has struck: what it was, and how it is mended."""

    what: str
    mend: Callable[[], object] = lambda: None


Fault = Callable[[World, random.Random], Broken | None]
"""Strikes; None if there was nothing to strike."""


def running(world: World) -> list[str]:
    return sorted(name for name, asked in world.asked.items() if asked.running)


# Processes of pods


def driver_jvm(world: World, randomness: random.Random) -> Broken | None:
    return _driver(world, randomness, victims.driver_jvm, "JVM")


def driver_program(world: World, randomness: random.Random) -> Broken | None:
    return _driver(world, randomness, victims.driver_program, "driver program")


def _driver(world: World, randomness: random.Random, find: Callable[[str], int | None], what: str) -> Broken | None:
    for name in shuffled(randomness, running(world)):
        pid = find(world.pod(name))
        if victims.age_s(pid) > SETTLED_AGE_S and victims.kill(pid):
            return Broken(f"kill -9 of the {what} of {name}")
    return None


def executor(world: World, randomness: random.Random) -> Broken | None:
    for name in shuffled(randomness, running(world)):
        for pod in shuffled(randomness, world.executors(name)):
            if victims.kill(victims.executor(pod)):
                return Broken(f"kill -9 of the worker {pod} of {name}")
    return None


# Objects removed by hand


def driver_pod(world: World, randomness: random.Random) -> Broken | None:
    options = randomness.choice((("--grace-period=0", "--force"), ("--wait=false",)))
    return _deleted(world, randomness, "pod", "-0", *options)


def executor_pod(world: World, randomness: random.Random) -> Broken | None:
    for name in shuffled(randomness, running(world)):
        for pod in shuffled(randomness, world.executors(name)):
            world.kubectl("delete", "pod", pod, "-n", NAMESPACE, "--wait=false", "--ignore-not-found")
            return Broken(f"the worker's pod {pod} of {name} deleted")
    return None


def stateful_set(world: World, randomness: random.Random) -> Broken | None:
    options = randomness.choice(("background", "orphan", "foreground"))
    return _deleted(world, randomness, "statefulset", "", f"--cascade={options}", "--wait=false")


def service(world: World, randomness: random.Random) -> Broken | None:
    return _deleted(world, randomness, "service", "", "--wait=false")


def secret(world: World, randomness: random.Random) -> Broken | None:
    return _deleted(world, randomness, "secret", "", "--wait=false")


def config_map(world: World, randomness: random.Random) -> Broken | None:
    return _deleted(world, randomness, "configmap", "", "--wait=false")


def _deleted(world: World, randomness: random.Random, kind: str, suffix: str, *options: str) -> Broken | None:
    names = sorted(world.asked) if kind != "pod" else running(world)
    for name in shuffled(randomness, names):
        target = object_name(world.row(name)["id"]) + suffix
        done = world.kubectl.run("delete", kind, target, "-n", NAMESPACE, *options)
        if done.returncode == 0:
            return Broken(f"{kind} of {name} deleted {' '.join(options)}")
        assert "NotFound" in done.stderr, done.stderr
    return None


def replicas(world: World, randomness: random.Random) -> Broken | None:
    """Scaled to nothing by hand."""
    for name in shuffled(randomness, running(world)):
        target = object_name(world.row(name)["id"])
        if world.kubectl.run("scale", "statefulset", target, "-n", NAMESPACE, "--replicas=0").returncode == 0:
            return Broken(f"{name} scaled to 0 by hand")
    return None


# Parts of Kubernetes


def part_of_plane(name: str) -> Fault:
    def strike(world: World, _randomness: random.Random) -> Broken | None:
        world.machine.control_plane.kill_part(name)
        return Broken(f"kill -9 of {name}", world.mend_plane)

    return strike


def part_of_node(name: str) -> Fault:
    def strike(world: World, _randomness: random.Random) -> Broken | None:
        world.machine.node.kill_part(name)
        return Broken(f"kill -9 of {name}", world.mend_node)

    return strike


def cordon(world: World, _randomness: random.Random) -> Broken | None:
    world.kubectl("cordon", NODE)
    return Broken("the node takes no pods", lambda: world.kubectl("uncordon", NODE))


def node_silent(world: World, _randomness: random.Random) -> Broken | None:
    """Until it is given up: longer than Kubernetes waits for a node."""
    world.machine.node.kill_part("kubelet")
    path = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    until(lambda: world.kubectl("get", "node", NODE, path) == "Unknown", "the node is given up", 120)
    return Broken("the node is silent until it is given up", world.mend_node)


def node_gone(world: World, _randomness: random.Random) -> Broken | None:
    """As after a machine that is taken away: its kubelet dead, its object deleted, its pods collected."""
    before = set(world.kubectl("get", "pods", "-n", NAMESPACE, "-o=jsonpath={.items[*].metadata.uid}").split())
    world.machine.node.kill_part("kubelet")
    world.kubectl("delete", "node", NODE)
    path = "-o=jsonpath={.items[*].metadata.uid}"
    until(lambda: not before & set(world.kubectl("get", "pods", "-n", NAMESPACE, path).split()), "pods gone", 180)
    return Broken("the node is taken away", world.mend_node)


def namespace(world: World, _randomness: random.Random) -> Broken | None:
    world.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    return Broken("the tenant's namespace deleted")


def quota(world: World, _randomness: random.Random) -> Broken | None:
    world.kubectl.apply(QUOTA)
    return Broken(
        "a quota below what is in use",
        lambda: world.kubectl("delete", "resourcequota", "shrunk", "-n", NAMESPACE, "--ignore-not-found"),
    )


# Gateways


def leading_gateway(world: World, _randomness: random.Random) -> Broken | None:
    return _gateway(world, next((one for one in world.living if world.leads(one)), None), "leads")


def other_gateway(world: World, _randomness: random.Random) -> Broken | None:
    return _gateway(world, next((one for one in world.living if not world.leads(one)), None), "does not lead")


def _gateway(world: World, victim: GatewayServer | None, what: str) -> Broken | None:
    if victim is None or len(world.living) < 2:
        return None
    victim.kill()
    return Broken(f"kill -9 of the gateway that {what}", lambda: world.start_gateway(victim))


def token(world: World, _randomness: random.Random) -> Broken | None:
    world.access.revoke()
    return Broken("the gateways' token is no longer taken", world.access.renew)


@dataclass(frozen=True)
class Kind:
    """`weight`: how often it is chosen. `asks`: it, or its mending, needs the API server, so it strikes first."""

    strike: Fault
    weight: int = 4
    asks: bool = True
    lasts: tuple[float, float] = field(default=(0.0, 4.0))
    """How long it is left unmended, in seconds."""


KINDS: dict[str, Kind] = {
    "driver_jvm": Kind(driver_jvm, 6, asks=False),
    "driver_program": Kind(driver_program, 6, asks=False),
    "executor": Kind(executor, 8),
    "driver_pod": Kind(driver_pod),
    "executor_pod": Kind(executor_pod),
    "stateful_set": Kind(stateful_set),
    "service": Kind(service),
    "secret": Kind(secret),
    "config_map": Kind(config_map),
    "replicas": Kind(replicas, 3),
    "apiserver": Kind(part_of_plane("apiserver"), 6, asks=False, lasts=(1.0, 12.0)),
    "etcd": Kind(part_of_plane("etcd"), 4, asks=False, lasts=(1.0, 8.0)),
    "controller_manager": Kind(part_of_plane("controller-manager"), 4, asks=False, lasts=(1.0, 8.0)),
    "scheduler": Kind(part_of_plane("scheduler"), 3, asks=False, lasts=(1.0, 8.0)),
    "kubelet": Kind(part_of_node("kubelet"), 5, asks=False, lasts=(1.0, 10.0)),
    "containerd": Kind(part_of_node("containerd"), 4, asks=False, lasts=(1.0, 5.0)),
    "cordon": Kind(cordon, 3, lasts=(5.0, 15.0)),
    "quota": Kind(quota, 3, lasts=(5.0, 15.0)),
    "token": Kind(token, 3, lasts=(1.0, 8.0)),
    "leading_gateway": Kind(leading_gateway, 6, asks=False),
    "other_gateway": Kind(other_gateway, 3, asks=False),
    "node_silent": Kind(node_silent, 1),
    "node_gone": Kind(node_gone, 1),
    "namespace": Kind(namespace, 1),
}


def shuffled(randomness: random.Random, items: list[Any]) -> list[Any]:
    return randomness.sample(items, len(items))
