"""The driver program of a Spark cluster: hosts Spark Connect in a classic PySpark driver, and answers a control port.

    python agent.py --properties-file FILE

It runs alone in its pod, or as a process of one machine; it needs the standard library and pyspark, nothing of ours.
Settings of Spark come from FILE (`engine/spark/configuration.py` writes it); what only the place knows comes from the
environment:

    SPARK_CONNECT_AUTHENTICATE_TOKEN   the bearer token of Spark Connect and of the control port: required
    POD_IP, POD_NAME, POD_NAMESPACE    in a pod: addresses to bind, what the executors are told
    KADALI_CLUSTER                     in a pod: value of the executors' label kadali.io/cluster-id
    KADALI_AGENT_PORT                  the control port, 9400 unless said; 0: none is opened
    KADALI_WATCH_STDIN                 1: end when standard input does, so that no driver outlives its gateway

The control port speaks HTTP/1.1 with JSON answers. Probes need no token and tell nothing:

    GET  /live       200 while SparkContext lives. No query: a busy driver is not to be killed
    GET  /ready      200 once warm and while VALUES (1) answers and Connect listens (no job: executors may stay idle)
    GET  /state      what the driver knows of itself: see `State`
    POST /scale/N    from now on N executors: repeated every second until that many have registered, and after that
    POST /drain      not ready any more; queries go on
    POST /resume     ready again

py4j reaches into Spark's own classes (SparkContext.requestTotalExecutors, SparkConnectService): pinned to Spark 4.2.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hmac
import http.server
import json
import os
import queue
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import rehearsal
from machine import CONNECT_PORT, Machine

AGENT_PORT = 9400
LOOK_EVERY_S = 1.0
PROBE_TIMEOUT_S = 4.0
REQUEST_TIMEOUT_S = 10.0
REQUESTS_MAX = 16
STOP_TIMEOUT_S = 15.0
REHEARSE_AFTER_S = 5.0
"""Whoever has waited for the driver asks within this time: a rehearsal beside that would cost more than it saves."""
SWEEP_TIMEOUT_S = 30.0
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_ENDED = frozenset({"Finished", "Failed", "Canceled", "Closed"})
"""States of Connect's operations (ExecuteStatus)."""


@dataclass(slots=True)
class State:
    """What /state answers. `idle_s`: since the last query or task ended, 0 while one runs."""

    ready: bool = False
    stopped: bool = False
    draining: bool = False
    dynamic: bool = False
    """Spark itself decides how many executors there are, between bounds: /scale is refused (409)."""
    wanted: int | None = None
    executors: list[str] = field(default_factory=list)
    """Ids of the executors registered with the driver."""
    active_tasks: int = 0
    running: int = 0
    """Operations under way on Spark Connect."""
    idle_s: float = 0.0
    uptime_s: float = 0.0
    heap_used: int = 0
    heap_max: int = 0
    application: str = ""


class Driver:
    """Spark's driver in this process, and the thread that keeps the number of executors as it should be."""

    def __init__(self, properties_file: str) -> None:
        self.state = State()
        self._started = time.monotonic()
        self._active = self._started
        self._scaling = threading.Lock()
        self._probes = concurrent.futures.ThreadPoolExecutor(1, "probe")
        self._probe: concurrent.futures.Future[None] | None = None
        self._probing = threading.Lock()
        self._warm = False
        self._machine = Machine(properties_file)
        session = self._machine.session()
        self._session = session
        self._context = session.sparkContext
        self._sc = self._context._jsc.sc()
        self._jvm = self._context._jvm
        conf = self._context.getConf()
        self._connect = (_bind_address(), int(conf.get("spark.connect.grpc.binding.port", str(CONNECT_PORT))))
        self._pods = str(conf.get("spark.master", "")).startswith("k8s://")
        self.state.application = self._context.applicationId
        self.state.dynamic = conf.get("spark.dynamicAllocation.enabled", "false") == "true"
        if self._pods and not self.state.dynamic:
            self.state.wanted = int(conf.get("spark.executor.instances", "1"))

    def run(self) -> None:
        """Warm up, then look every second; returns when SparkContext has stopped. Raises Py4JError if it is lost."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()
        while not self._sc.isStopped():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - a look at what changes under it may fail: the next one may not
                print(f"a look failed: {type(error).__name__}: {str(error)[:1000]}", file=sys.stderr, flush=True)
            time.sleep(LOOK_EVERY_S)
        self.state.stopped = True

    @property
    def alive(self) -> bool:
        return not self._sc.isStopped()

    def ready(self) -> bool:
        """Whether it answers now; waits a few seconds for the answer, never longer."""
        if not self._warm or self.state.draining:
            return False
        with self._probing:  # one probe query at a time: one that hangs is not asked for again
            if self._probe is None or self._probe.done():
                self._probe = self._probes.submit(self._answer)
            probe = self._probe
        try:
            probe.result(PROBE_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, it does not answer
            print(f"not ready: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)
            return False
        return True

    def scale(self, wanted: int) -> bool:
        """False where Spark decides by itself, or has no executors."""
        if self.state.dynamic or not self._pods:
            return False
        self.state.wanted = wanted
        self._converge()
        return True

    def stop(self) -> None:
        """Ends SparkContext, which removes its executors; does not wait for ever."""
        self.state.draining = True
        stopper = threading.Thread(target=self._session.stop, name="stop", daemon=True)
        stopper.start()
        stopper.join(STOP_TIMEOUT_S)

    def watch_machine(self) -> None:
        """Returns when the JVM is no more."""
        self._machine.process.wait()

    def _answer(self) -> None:
        socket.create_connection(self._connect, timeout=PROBE_TIMEOUT_S).close()
        self._collect("VALUES (1)")

    def _warm_up(self) -> None:
        """It is ready once it has answered. If nobody asks it then, it reads a table: cold, that takes seconds."""
        while not self._warm:
            try:
                self._answer()
                self._warm = self.state.ready = True
            except Exception as error:  # noqa: BLE001 - a slow machine, say: without another try it would never be ready
                if self._sc.isStopped():
                    return
                print(f"not warm: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)
                time.sleep(LOOK_EVERY_S)
        print(f"driver is ready after {time.monotonic() - self._started:.1f} s", file=sys.stderr, flush=True)
        try:
            self._rehearse(time.monotonic() + REHEARSE_AFTER_S)
        except Exception as error:  # noqa: BLE001 - queries run without it, slower
            print(f"not rehearsed: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)

    def _rehearse(self, begin: float) -> None:
        while time.monotonic() < begin:
            if self._operations()[0]:
                return
            time.sleep(LOOK_EVERY_S)
        gateway, token = self._context._gateway, os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            rehearsal.rehearse(gateway, self._connect, token, Path(folder), lambda: not self._operations()[0])

    def _collect(self, sql: str) -> None:
        self._session._jsparkSession.sql(sql).collect()

    def _look(self) -> None:
        state, now = self.state, time.monotonic()
        state.executors = self._registered()
        summaries = self._sc.statusStore().executorList(True)
        state.active_tasks = sum(summaries.apply(i).activeTasks() for i in range(summaries.size()))
        state.running, since = self._operations()
        if state.running or state.active_tasks or not self._warm:
            self._active = now
        state.idle_s = min(now - self._active, since)
        state.uptime_s = now - self._started
        runtime = self._jvm.java.lang.Runtime.getRuntime()
        state.heap_used, state.heap_max = runtime.totalMemory() - runtime.freeMemory(), runtime.maxMemory()
        self._converge()

    def _registered(self) -> list[str]:
        """Ids; a driver without executors has no list of them."""
        return [one for one in self._sc.getExecutorIds().mkString(",").split(",") if one] if self._pods else []

    def _operations(self) -> tuple[int, float]:
        """How many operations run on Connect, but for our own, and seconds since one last began or ended.

        One that has ended stays listed until its client lets go of it, for minutes if that gets lost.
        """
        service = getattr(self._jvm.org.apache.spark.sql.connect.service, "SparkConnectService$")
        listed = getattr(service, "MODULE$").executionManager().listActiveExecutions()
        now = self._jvm.java.lang.System.nanoTime()
        if listed.isLeft():
            return 0, max(now - listed.left().get(), 0) / 1e9
        found = listed.right().get()
        operations = [found.apply(i) for i in range(found.size())]
        theirs = [one for one in operations if one.userId() != rehearsal.USER]
        running = sum(str(one.status().toString()) not in _ENDED for one in theirs)
        begun = max((one.creationTimeNs() for one in operations), default=now)  # all may have gone in between
        return running, max(now - begun, 0) / 1e9

    def _converge(self) -> None:
        """Set the total and end what is too much. An executor whose pod exists escapes a kill until it has registered:
        hence again and again, and by number of those registered.
        """
        with self._scaling:
            wanted = self.state.wanted
            if wanted is None or self._sc.isStopped():
                return
            present = sorted(map(int, self._registered()), reverse=True)
            extra = [str(one) for one in present[: max(len(present) - wanted, 0)]]
            if extra:
                self._sc.killExecutors(self._texts(extra))  # lowers the total as well: it is set anew below
            self._sc.requestTotalExecutors(wanted, 0, self._module("Map").empty())

    def _texts(self, texts: list[str]) -> Any:
        array = self._context._gateway.new_array(self._jvm.java.lang.String, len(texts))
        for i, text in enumerate(texts):
            array[i] = text
        return self._module("ArraySeq").unsafeWrapArray(array)

    def _module(self, name: str) -> Any:
        return getattr(getattr(self._jvm.scala.collection.immutable, name + "$"), "MODULE$")


def _bind_address() -> str:
    return os.environ.get("POD_IP") or "127.0.0.1"


def sweep() -> None:
    """In a pod, before Spark starts: executors of this cluster, and config maps that this pod owns, are those of an
    earlier driver, whose container has ended.

    Spark leaves them (SPARK-37856). If the API server refuses, the driver starts anyhow: executors end by themselves,
    the rest goes with the pod.
    """
    name = os.environ.get("KADALI_CLUSTER")
    if not name or not (SERVICE_ACCOUNT / "token").exists():
        return
    executors = urllib.parse.quote(f"kadali.io/cluster-id={name},kadali.io/role=executor")
    deadline = time.monotonic() + SWEEP_TIMEOUT_S
    while True:
        try:
            _kubernetes("DELETE", f"pods?labelSelector={executors}", {"gracePeriodSeconds": 0})
            for one in _kubernetes("GET", "configmaps?labelSelector=spark-role%3Dexecutor").get("items", ()):
                owners = [owner["name"] for owner in one["metadata"].get("ownerReferences", ())]
                if os.environ["POD_NAME"] in owners:
                    _kubernetes("DELETE", f"configmaps/{one['metadata']['name']}", {})
            return
        except (urllib.error.URLError, OSError) as error:
            print(f"what an earlier driver left could not be removed: {error}", file=sys.stderr, flush=True)
            if time.monotonic() > deadline:
                return
            time.sleep(LOOK_EVERY_S)


def _kubernetes(method: str, path: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """A request about this pod's namespace, as this pod. Raises OSError, of which URLError is one."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    host = f"[{host}]" if ":" in host else host
    place = f"https://{host}:{port}/api/v1/namespaces/{os.environ['POD_NAMESPACE']}/{path}"
    trust = ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    body = None
    if options is not None:
        body = json.dumps({"kind": "DeleteOptions", "apiVersion": "v1", **options}).encode()
    token = (SERVICE_ACCOUNT / "token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(place, data=body, headers=headers, method=method)
    with opener.open(request, timeout=REQUEST_TIMEOUT_S) as answer:
        told: dict[str, Any] = json.loads(answer.read())
    return told


class Control(http.server.ThreadingHTTPServer):
    """The control port: a bounded number of requests at a time, more are closed unanswered."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self.driver: Driver | None = None
        self.token = token
        self._free = threading.BoundedSemaphore(REQUESTS_MAX)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


class Handler(http.server.BaseHTTPRequestHandler):
    """One request of the control port; the module's docstring lists them."""

    server: Control
    timeout = REQUEST_TIMEOUT_S

    def do_GET(self) -> None:
        driver = self.server.driver
        if self.path == "/live":  # before SparkContext is up, the process lives
            return self._probe(driver is None or driver.alive)
        if self.path == "/ready":
            return self._probe(driver is not None and driver.ready())
        if not self._known():
            return self._answer(401, {"error": "token"})
        if self.path == "/state":
            return self._answer(200, asdict(driver.state if driver is not None else State()))
        return self._answer(404, {"error": "path"})

    def do_POST(self) -> None:
        driver = self.server.driver
        if not self._known():
            return self._answer(401, {"error": "token"})
        if driver is None:
            return self._answer(503, {"error": "starting"})
        if self.path in ("/drain", "/resume"):
            driver.state.draining = self.path == "/drain"
            return self._answer(200, asdict(driver.state))
        what, _, number = self.path.strip("/").partition("/")
        if what != "scale" or not (number.isascii() and number.isdigit()) or int(number) > 100_000:
            return self._answer(404, {"error": "path"})
        if not driver.scale(int(number)):
            return self._answer(409, {"error": "the number of executors is not ours to set"})
        return self._answer(200, asdict(driver.state))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Probes come every second: nothing is logged."""

    def _known(self) -> bool:
        shown = self.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode("utf-8", "replace"), f"Bearer {self.server.token}".encode())

    def _probe(self, well: bool) -> None:
        self._answer(200 if well else 503, {"ok": well})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _watch_stdin(exits: queue.SimpleQueue[int]) -> None:
    """The end of standard input: whoever held its other end is no more."""
    while os.read(0, 4096):
        pass
    exits.put(0)


def _follow(run: Callable[[], None], exits: queue.SimpleQueue[int]) -> None:
    """Run one of the driver's loops to its end, which is the end of the program."""
    try:
        run()
    except Exception as error:  # noqa: BLE001 - the edge of a thread; without it the driver is of no use
        text = str(error)
        # the last line says it in short: what Java threw follows py4j's own words
        short = next((line[2:] for line in text.splitlines() if line.startswith(": ")), text.partition("\n")[0])
        print(f"{type(error).__name__}: {text[:4000]}\nended by {short[:500]}", file=sys.stderr, flush=True)
    exits.put(1)


def main() -> int:
    """Runs until a signal or the end of standard input: 0; or the end of SparkContext or of the JVM: 1."""
    parser = argparse.ArgumentParser(description="Spark Connect in a driver with a control port")
    parser.add_argument("--properties-file", metavar="FILE", required=True, help="settings of Spark")
    arguments = parser.parse_args()
    token = os.environ.get("SPARK_CONNECT_AUTHENTICATE_TOKEN", "")
    if not token:
        parser.error("SPARK_CONNECT_AUTHENTICATE_TOKEN is not set")
    exits: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: exits.put(0))
    if os.environ.get("KADALI_WATCH_STDIN") == "1":
        threading.Thread(target=_watch_stdin, args=(exits,), name="stdin", daemon=True).start()
    port = int(os.environ.get("KADALI_AGENT_PORT", str(AGENT_PORT)))
    control = Control((_bind_address(), port), token) if port else None
    if control is not None:
        threading.Thread(target=control.serve_forever, name="control", daemon=True).start()
    started: list[Driver] = []

    def start() -> None:
        sweep()
        driver = Driver(arguments.properties_file)
        started.append(driver)
        if control is not None:
            control.driver = driver
        threading.Thread(target=_follow, args=(driver.watch_machine, exits), name="jvm", daemon=True).start()
        driver.run()

    # in a thread of its own, so that signals are heard while Spark starts
    threading.Thread(target=_follow, args=(start, exits), name="driver", daemon=True).start()
    status = exits.get()
    if started and status == 0:
        started[0].stop()
    sys.stderr.flush()
    os._exit(status)  # threads of py4j may hang in a JVM that is no more


if __name__ == "__main__":
    sys.exit(main())
