"""What the fault tests break: two gateways over one store, a tenant's clusters as real pods, what users have asked for.

`World.difference` tells how what is there differs from what was asked: rows, objects, processes, answers.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from singlenode import control_plane, node
from singlenode.cluster import Cluster as Machine
from singlenode.processes import ProgramError

from engine.clusters.names import namespace_name, object_name
from engine.clusters.objects import CLUSTER_ID, ROLE
from tests.gateway_server import PASSWORD, GatewayServer
from tests.k8s import victims
from tests.k8s.conftest import SPARK_IMAGE
from tests.k8s.kubectl import Kubectl

TENANT, PREFIX = "acme", "faults-"
NAMESPACE = namespace_name(PREFIX, TENANT)
ADMIN_NAMESPACE = "faults-gateways"
OPTIONS = (
    "workers = 1, driver_cores = 0.25, worker_cores = 0.15, auto_suspend = never, auto_resume = false,"
    " queue_timeout = 30"
)
SETTLE_S = 300.0
FACTS = 20_000
LOST = ("08", "57P01", "57P02", "57P03", "53000")
"""SQLSTATEs of a statement whose server, or driver, went away (it may have been done, or not), or does not come up."""
SCHEMA = f"""
CREATE SCHEMA f;
CREATE TABLE f.facts (id bigint NOT NULL, k int NOT NULL, t text);
INSERT INTO f.facts SELECT i, i % 7, 'row ' || i::text FROM generate_series(1, {FACTS}) i;
CREATE TABLE f.written (id bigint NOT NULL, part int NOT NULL, via text NOT NULL);
"""
QUESTIONS: tuple[tuple[str, list[Any]], ...] = (
    ("SELECT count(*), sum(id)::bigint, min(t), max(k) FROM f.facts",
     [(FACTS, FACTS * (FACTS + 1) // 2, "row 1", 6)]),
    ("SELECT k, count(*) FROM f.facts GROUP BY k ORDER BY k",
     [(k, sum(1 for i in range(1, FACTS + 1) if i % 7 == k)) for k in range(7)]),
    ("SELECT a.id, b.t FROM f.facts a JOIN f.facts b ON b.id = a.id + 1 WHERE a.k = 3 ORDER BY a.id DESC LIMIT 2",
     [(i, f"row {i + 1}") for i in range(FACTS - 1, 0, -1) if i % 7 == 3][:2]),
    # each statement has written two rows: never one, nor four
    ("SELECT id, count(*) FROM f.written GROUP BY id HAVING count(*) <> 2 OR sum(part) <> 3 ORDER BY id LIMIT 3", []),
)  # fmt: skip


@dataclass
class Asked:
    """What users want of a cluster."""

    running: bool = True
    workers: int = 1


class WrongError(Exception):
    """A wrong answer, or a row that nobody asked for: no waiting makes it good."""


class Access:
    """A kubeconfig as gateways have it, whose token can be revoked and renewed."""

    def __init__(self, machine: Machine, kubectl: Kubectl, file: Path) -> None:
        self._machine, self._kubectl, self.file = machine, kubectl, file
        self._number = 0
        kubectl("create", "namespace", ADMIN_NAMESPACE)
        kubectl("create", "serviceaccount", "kadali", "-n", ADMIN_NAMESPACE)
        kubectl("create", "clusterrolebinding", "faults-gateways", "--clusterrole=cluster-admin",
                f"--serviceaccount={ADMIN_NAMESPACE}:kadali")  # fmt: skip
        self.renew()

    def renew(self) -> None:
        """Another token, in the same file: written beside it and moved, as tools that renew do."""
        self._number += 1
        name = f"holder-{self._number}"
        self._kubectl("create", "secret", "generic", name, "-n", ADMIN_NAMESPACE)
        bound = ("--bound-object-kind=Secret", f"--bound-object-name={name}", "--duration=24h")
        token = self._kubectl("create", "token", "kadali", "-n", ADMIN_NAMESPACE, *bound).strip()
        fresh = self._machine.control_plane.write_kubeconfig(self.file.with_suffix(".new"), token)
        fresh.replace(self.file)

    def revoke(self) -> None:
        """Returns when the API server takes the token no more, as it does an expired one."""
        self._kubectl("delete", "secret", f"holder-{self._number}", "-n", ADMIN_NAMESPACE)
        mine = Kubectl(self._machine.kubectl, self.file)
        until(lambda: mine.run("get", "namespaces").returncode != 0, "the token is refused")


@dataclass
class World:
    """`asked` is by cluster's name. Statements of users go through `say`, which keeps it in step."""

    machine: Machine
    store_url: str
    folder: Path
    asked: dict[str, Asked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kubectl = Kubectl(self.machine.kubectl, self.machine.kubeconfig)
        self.access = Access(self.machine, self.kubectl, self.folder / "kubeconfig")
        self.lake = self.folder / "lake"
        options = (
            *("--catalog-url", self.store_url, "--kubeconfig", str(self.access.file), "--namespace-prefix", PREFIX),
            *("--spark-image", SPARK_IMAGE, "--lake-root", str(self.lake)),
        )
        add = [sys.executable, "-m", "gateway", "user", "add", "alice", "--database", TENANT, "--admin"]
        where = ["--catalog-url", self.store_url, "--data-dir", str(self.folder / "one"), "--password-stdin"]
        subprocess.run([*add, *where], input=PASSWORD.encode(), check=True, capture_output=True, timeout=60)
        self._questions, self._asking = itertools.count(), itertools.count()
        self.gateways = [GatewayServer(self.folder / name, options) for name in ("one", "two")]
        self._started = {id(gateway): 0 for gateway in self.gateways}

    def start(self) -> None:
        for gateway in self.gateways:
            self.start_gateway(gateway)
        with self.gateways[0].connect() as connection:
            connection.execute(SCHEMA)

    def stop(self) -> None:
        for gateway in self.gateways:
            gateway.stop()

    def start_gateway(self, gateway: GatewayServer) -> None:
        self._started[id(gateway)] = len(gateway.log()) if gateway.log_path.exists() else 0
        gateway.start()

    def leads(self, gateway: GatewayServer) -> bool:
        return gateway.process is not None and "this gateway leads" in gateway.log()[self._started[id(gateway)] :]

    @property
    def living(self) -> list[GatewayServer]:
        return [gateway for gateway in self.gateways if gateway.process is not None]

    # What users say

    def say(self, gateway: GatewayServer, statement: str, change: Callable[[dict[str, Asked]], object]) -> None:
        """A statement that changes what is asked for. If its gateway dies meanwhile the store tells whether it did."""
        after = {name: Asked(one.running, one.workers) for name, one in self.asked.items()}
        change(after)
        try:
            with gateway.connect() as connection:
                connection.execute(statement.encode())
        except psycopg.Error as error:
            assert is_lost(error), f"{statement}: {error.sqlstate}: {error}"
            rows = {row["name"]: Asked(row["desired"] == "RUNNING", row["workers_wanted"]) for row in self.rows()}
            assert rows in (self.asked, after), f"{statement} was lost, and half done: {rows}"
            after = rows
        self.asked = after

    def create(self, *names: str) -> None:
        for name in names:
            statement = f"CREATE CLUSTER {name} WITH ({OPTIONS}, initially_suspended = false)"
            self.say(self.living[0], statement, lambda asked, name=name: asked.update({name: Asked()}))  # type: ignore[misc]

    # What is there

    def rows(self, *, dropped: bool = False) -> list[dict[str, Any]]:
        """Of the store; those that are being removed, or the others."""
        which = "desired = 'TERMINATED'" if dropped else "desired <> 'TERMINATED'"
        with psycopg.connect(self.store_url, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(f"SELECT * FROM clusters WHERE {which} ORDER BY name".encode()).fetchall()

    def row(self, name: str) -> dict[str, Any]:
        return next(row for row in self.rows() if row["name"] == name)

    def pod(self, name: str) -> str:
        """The driver's, of a cluster."""
        return f"{object_name(self.row(name)['id'])}-0"

    def executors(self, name: str) -> list[str]:
        labels = f"{CLUSTER_ID}={self.row(name)['id']},{ROLE}=executor"
        return self.kubectl(
            "get", "pods", "-n", NAMESPACE, "-l", labels, "-o=jsonpath={.items[*].metadata.name}"
        ).split()

    def objects(self) -> list[dict[str, Any]]:
        """All that a tenant's clusters consist of, whoever has made it."""
        kinds = "pods,statefulsets,services,secrets,configmaps,persistentvolumeclaims,replicasets,deployments,jobs"
        listed = json.loads(self.kubectl("get", kinds, "-n", NAMESPACE, "-o=json"))["items"]
        volumes = json.loads(self.kubectl("get", "persistentvolumes", "-o=json"))["items"]
        return [*listed, *(one for one in volumes if one["spec"].get("claimRef", {}).get("namespace") == NAMESPACE)]

    def answers(self, name: str, gateway: GatewayServer) -> str | None:
        """Why it does not answer, if it does not. Raises WrongError."""
        try:
            with gateway.connect() as connection:
                connection.execute(f"USE CLUSTER {name}".encode())
                check_answer(connection, *QUESTIONS[next(self._questions) % len(QUESTIONS)])
        except psycopg.Error as error:
            return f"{name} does not answer: {error.sqlstate}: {error}"
        return None

    def tidy(self) -> None:
        """Few files again where many clients have written."""
        with self.gateways[0].connect() as connection:
            connection.execute("OPTIMIZE f.written")

    def difference(self) -> str | None:
        """Between what is asked for and what is there; None: there is none, nothing is left over, all answers."""
        rows = self.rows()
        told = self._different_rows(rows) or self._different_objects(rows) or self._strange_processes()
        if told is not None:
            return told
        for name in [name for name, asked in self.asked.items() if asked.running]:
            if (silent := self.answers(name, self.gateways[next(self._asking) % 2])) is not None:
                return silent
        return None

    def mend_plane(self) -> None:
        """All that has ended is started; until the API server answers. Raises ProgramError."""
        plane = self.machine.control_plane
        for part in [part for part in control_plane.PARTS if not plane.alive(part)]:
            plane.start_part(part)
        until(lambda: self.kubectl.run("get", "--raw", "/readyz").returncode == 0, "the API server answers")

    def mend_node(self) -> None:
        """All that has ended is started: kubelet ends for want of containerd. Raises ProgramError."""
        machine = self.machine.node
        for part in [part for part in node.PARTS if not machine.alive(part)]:
            machine.start_part(part)

    def settle(self) -> float:
        """Until there is no difference; how long it took, in seconds."""
        began = time.monotonic()
        try:
            until(lambda: self._told() is None, "", SETTLE_S)
        except AssertionError:
            raise AssertionError(f"not settled: {self._told()}\n{self.evidence()}") from None
        return time.monotonic() - began

    def evidence(self) -> str:
        """For whoever looks why."""
        rows = [{key: row[key] for key in ("name", "desired", "state", "reason", "workers")} for row in self.rows()]
        shown = [str(rows), self.kubectl.run("get", "pods", "-A", "-o=wide").stdout]
        shown += [self.kubectl.run("describe", "node").stdout, self.machine.control_plane.output("scheduler")]
        shown += [self.kubectl.run("get", "events", "-n", NAMESPACE, "--sort-by=.lastTimestamp").stdout[-3000:]]
        shown += [f"{gateway.data_dir.name}: {gateway.log()[-3000:]}" for gateway in self.gateways]
        for row in rows:
            for flag in ((), ("--previous",)):
                shown.append(
                    self.kubectl.run("logs", "-n", NAMESPACE, self.pod(row["name"]), "--tail=25", *flag).stdout
                )
        return "\n----\n".join(shown)

    def _told(self) -> str | None:
        try:
            self.mend_plane()  # a part that ends by itself is started again, as a service manager does it
            self.mend_node()
            return self.difference()
        except (AssertionError, ProgramError, psycopg.OperationalError) as error:  # the API server is not there yet
            return str(error)

    def _different_rows(self, rows: list[dict[str, Any]]) -> str | None:
        found = {row["name"]: Asked(row["desired"] == "RUNNING", row["workers_wanted"]) for row in rows}
        if found != self.asked:  # not a matter of waiting
            raise WrongError(f"rows differ from what was asked: {found}, not {self.asked}")
        if dropped := self.rows(dropped=True):
            return f"not removed yet: {[row['name'] for row in dropped]}"
        for row in rows:
            asked = self.asked[row["name"]]
            state = ("RUNNING", asked.workers) if asked.running else ("SUSPENDED", 0)
            seen = (row["state"], row["workers"] if asked.running else 0)
            if seen != state or row["observed_generation"] != row["generation"]:
                return f"{row['name']} is {seen}, not {state}: {row['reason']}"
        return None

    def _different_objects(self, rows: list[dict[str, Any]]) -> str | None:
        objects = [one for one in self.objects() if one["metadata"]["name"] not in ("kube-root-ca.crt", "lake")]
        found = sorted(f"{one['kind']} {named(one)}" for one in objects if one["kind"] != "PersistentVolume")
        wanted, allowed = [], []
        for row in rows:
            asked, name = self.asked[row["name"]], object_name(row["id"])
            parts = [f"{kind} {name}" for kind in ("ConfigMap", "Secret", "Service", "StatefulSet")]
            if asked.running:
                wanted += [*parts, f"Pod {name}-0", f"ConfigMap of {name}-0", *[f"Pod of {name}-0"] * asked.workers]
            else:  # one that never ran has none
                allowed += parts
        missing, left = minus(wanted, found), minus(minus(found, wanted), allowed)
        if missing or left:
            return f"missing: {missing}, left over: {left}"
        doomed = [one["metadata"]["name"] for one in objects if "deletionTimestamp" in one["metadata"]]
        volumes = sum(one["kind"] == "PersistentVolume" for one in objects)
        return f"being removed: {doomed}" if doomed else f"{volumes} volumes" if volumes != 1 else None

    def _strange_processes(self) -> str | None:
        pods = self.kubectl("get", "pods", "-A", "-o=jsonpath={.items[*].metadata.name}").split()
        strange = victims.pods_of_processes() - set(pods)
        return f"processes of pods that are no more: {strange}" if strange else None


def check_answer(connection: psycopg.Connection[Any], sql: str, expected: list[Any]) -> None:
    """Raises WrongError, and psycopg.Error where there is no answer."""
    found = connection.execute(sql.encode()).fetchall()
    if found != expected:
        raise WrongError(f"{sql}\nanswers {found}\nnot     {expected}")


def named(one: dict[str, Any]) -> str:
    """An object by its name, or by its owner's where the name is Spark's choice."""
    owners = [owner["name"] for owner in one["metadata"].get("ownerReferences", ()) if owner["kind"] == "Pod"]
    return f"of {owners[0]}" if owners else str(one["metadata"]["name"])


def minus(left: Iterable[str], right: Iterable[str]) -> list[str]:
    """With multiplicity."""
    rest = list(left)
    for one in right:
        if one in rest:
            rest.remove(one)
    return rest


def is_lost(error: psycopg.Error) -> bool:
    """Whether it says no more than that somebody went away."""
    return error.sqlstate is None or error.sqlstate.startswith(LOST)


def until(met: Callable[[], object], what: str, timeout_s: float = 90.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)
