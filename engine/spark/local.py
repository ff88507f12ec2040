"""A Spark driver of this machine: one process that serves Spark Connect on loopback. What it is asked is elsewhere."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import grpc

from catalog.errors import ConnectionFailure, InvalidParameterValue
from engine.spark.configuration import properties

SERVER_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
CLASS_ARCHIVE = "classes.jsa"
"""In a distribution: what Java has loaded in an earlier start (docker/spark/archive.py)."""
START_TIMEOUT_S = 300.0
STOP_PATIENCE_S = 20.0
_LOOK_EVERY_S = 0.25
_FREE_PORTS = range(20_000, 30_000)
"""Below those that Linux takes by itself: one of these may go to a connection of anybody before the driver has it."""
_PORTS_TRIED = 200
_ENVIRONMENT = frozenset(
    "HOME JAVA_HOME LANG LD_LIBRARY_PATH LOGNAME PATH TMPDIR TZ USER"
    " AWS_PROFILE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE".split()
)
"""What a driver gets of this process's variables: others may hold the server's own secrets."""
_TRY_OFTEN = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5000),  # how long a try may take
)
"""By default a second passes between two tries, then more and more."""
_LOG_LINES_SHOWN = 15
_LOGGING = """rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %p %c{1}: %m%n%ex
"""


class LocalSpark:
    """A driver with as many threads as `cores`. `start` and `stop` may be called again, one at a time.

    `dist`: a distribution as docker/spark/distribution.py makes it: `env/bin/python` with pyspark, `jars/*.jar`.
    `memory` in bytes is the JVM's heap. `conf`: all of Spark's settings (`configuration.spark_defaults`, and more).
    `token` is what clients must show. `port` 0: any free one, told by `endpoint` after the start. `agent`: the program
    docker/spark/agent.py, which hosts Connect, offers a control port and ends with this process; without it Spark's own
    Connect server runs, and one that an earlier process left in `work_dir` is ended at the next start. `environment`:
    further variables of the process, as the keys of an object store (`configuration.s3a_environment`).
    """

    def __init__(
        self,
        dist: Path,
        work_dir: Path,
        cores: int,
        memory: int,
        conf: Mapping[str, str],
        token: str,
        port: int = 0,
        agent: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._dist, self._work, self._cores, self._memory = dist, work_dir, cores, memory
        self._conf, self._token, self._wanted_port, self._agent = dict(conf), token, port, agent
        self._environment = dict(environment or {})
        self._port = self._ui_port = self._control_port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """`host:port` of Spark Connect."""
        return f"127.0.0.1:{self._port}"

    @property
    def ui(self) -> str | None:
        """The address of Spark's web page; None where `conf` switches it off."""
        return f"http://127.0.0.1:{self._ui_port}" if self._ui_port else None

    @property
    def control(self) -> str | None:
        """`host:port` of the agent; None without one."""
        return f"127.0.0.1:{self._control_port}" if self._agent is not None else None

    @property
    def pid(self) -> int | None:
        """The process, while it is alive."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def log(self) -> Path:
        """What Spark prints."""
        return self._work / "driver.log"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Returns when connections are taken; raises ConnectionFailure, with nothing left running, if that fails."""
        if self.pid is not None:
            return
        self._work.mkdir(parents=True, exist_ok=True)
        end_leftover(self._work)
        self._port = free_port(self._wanted_port)
        self._ui_port = 0 if self._conf.get("spark.ui.enabled") == "false" else free_port()
        self._control_port = free_port() if self._agent is not None else 0
        command, environment = self._command()
        with self.log.open("wb") as log:
            self._process = self._spawn(command, environment, log)
        (self._work / "driver.pid").write_text(str(self._process.pid))
        try:
            self._wait(self._process, time.monotonic() + timeout_s)
        except BaseException:
            self.stop()
            raise

    def stop(self, patience_s: float = STOP_PATIENCE_S) -> None:
        """End it: asked first, killed after `patience_s`."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        for number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, patience_s)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(wait_s)
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what the JVM has left of its group
        (self._work / "driver.pid").unlink(missing_ok=True)

    def _command(self) -> tuple[list[str], dict[str, str]]:
        home = spark_home(self._dist)
        settings = {
            "spark.master": f"local[{self._cores}]",
            "spark.driver.memory": f"{max(self._memory >> 20, 512)}m",
            "spark.driver.extraClassPath": str(self._dist / "jars" / "*"),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(self._work / "local"),
            "spark.sql.warehouse.dir": str(self._work / "warehouse"),
            "spark.sql.artifact.dir": str(self._work / "artifacts"),
            **self._conf,
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(self._port),
        }
        if self._ui_port:
            settings["spark.ui.port"] = str(self._ui_port)
        file = self._work / "spark.properties"
        file.touch(mode=0o600)  # it may hold credentials of the storage
        file.write_text(properties(settings))
        (self._work / "log4j2.properties").write_text(_LOGGING)
        environment = {
            **{name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
            **self._environment,
            "LC_ALL": "C.UTF-8",  # names of files are UTF-8, whatever this process was started with
            "SPARK_HOME": str(home),
            "SPARK_CONF_DIR": str(self._work),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": str(self._dist / "env" / "bin" / "python"),
            "SPARK_CONNECT_AUTHENTICATE_TOKEN": self._token,
        }
        if self._agent is not None:
            watched = {"KADALI_AGENT_PORT": str(self._control_port), "KADALI_WATCH_STDIN": "1"}
            if (archive := self._dist / CLASS_ARCHIVE).exists():
                watched["KADALI_CLASS_ARCHIVE"] = str(archive)
            python = str(self._dist / "env" / "bin" / "python")
            return [python, str(self._agent), "--properties-file", str(file)], environment | watched
        jar = next((home / "jars").glob("spark-connect_*.jar"), None)
        if jar is None:
            raise InvalidParameterValue("the Spark distribution has no Spark Connect")
        command = [
            str(home / "bin" / "spark-submit"),
            "--properties-file",
            str(file),
            "--class",
            SERVER_CLASS,
            str(jar),
        ]
        return command, environment

    def _spawn(self, command: list[str], environment: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self._work,
            env=environment,
            stdin=subprocess.DEVNULL if self._agent is None else subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _wait(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        """Until the port takes connections: that is after SparkContext is up."""
        with grpc.insecure_channel(self.endpoint, options=_TRY_OFTEN) as channel:
            ready = grpc.channel_ready_future(channel)
            while True:
                try:
                    ready.result(timeout=_LOOK_EVERY_S)
                    return
                except grpc.FutureTimeoutError:
                    if process.poll() is None and time.monotonic() < deadline:
                        continue
                ready.cancel()
                how = "did not start in time" if process.poll() is None else "ended while it started"
                raise ConnectionFailure(f"the Spark driver {how}", detail=self.last_lines())

    def last_lines(self) -> str:
        """The end of what it has printed."""
        with self.log.open("rb") as log:
            log.seek(max(self.log.stat().st_size - 8192, 0))
            lines = log.read().decode("utf-8", "replace").splitlines()
        return "\n".join(lines[-_LOG_LINES_SHOWN:])


def spark_home(dist: Path) -> Path:
    """The folder of pyspark in a distribution; raises InvalidParameterValue."""
    found = next(dist.glob("env/lib/python3*/site-packages/pyspark"), None)
    if found is None:
        raise InvalidParameterValue("there is no Spark distribution in the folder given")
    return found


def end_leftover(work_dir: Path) -> bool:
    """End the driver that a gateway which died has left in `work_dir`; True if there was one. Linux only.

    A pid alone proves nothing, since pids are used again: the process must have the folder as its own.
    """
    file = work_dir / "driver.pid"
    try:
        pid = int(file.read_text())
        ours = Path(f"/proc/{pid}/cwd").samefile(work_dir)
    except (OSError, ValueError):
        file.unlink(missing_ok=True)
        return False
    if ours:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    file.unlink(missing_ok=True)
    return ours


def free_port(wanted: int = 0) -> int:
    """A port of loopback that nobody listens on now; `wanted` itself if given. Raises ConnectionFailure.

    Another process may take it before the driver does: then the driver does not start.
    """
    for port in (wanted,) if wanted else random.sample(_FREE_PORTS, _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a driver that just ended is no obstacle
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ConnectionFailure(f"port {wanted} is taken by another process" if wanted else "no port is free")
