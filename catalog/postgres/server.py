"""One PostgreSQL server over one data directory of ours: made if needed, started, watched, stopped.

    with EmbeddedPostgres(folder, durable=True) as server:
        psycopg.connect(server.conninfo("postgres"))

`data_dir` is wholly ours (`folder.py`). Connections come only through a Unix socket that only our user and the server's
can reach; there are no passwords.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from catalog.postgres import identity, launcher, leftovers
from catalog.postgres.binaries import EmbeddedPostgresError, find_binaries
from catalog.postgres.folder import PORT, DataFolder

SUPERUSER = "kadali"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}
_DISPOSABLE = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB"}
"""What is committed outlives the server's processes (`synchronous_commit` stays on), not the machine."""
_RESTARTS_MAX, _RESTARTS_WINDOW_S = 5, 60.0
_PAUSE_S = 5.0
_log = logging.getLogger("kadali.postgres")


class EmbeddedPostgres:
    """A server with a lifetime; `start` and `stop` may be called from any thread, any number of times.

    `durable`: fsync on, and the cluster is never deleted by us; otherwise it may be lost and wiped at will.
    `seed`: a directory to copy instead of running initdb. `options`: server settings on top of ours.
    `memory_max_bytes`: address space of each server process, beyond it statements fail with 53200. `run_as_uid`: the
    uid root drops to where that uid can reach binaries and data, else a user namespace serves. A server that dies is
    restarted, at most five times a minute. It cannot outlive this process.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool,
        seed: Path | None = None,
        options: Mapping[str, str] | None = None,
        initdb_options: Sequence[str] = (),
        memory_max_bytes: int | None = None,
        run_as_uid: int = identity.NOBODY,
        bin_dir: Path | None = None,
        start_timeout_s: float = 60.0,
        stop_timeout_s: float = 20.0,
    ) -> None:
        self._folder = DataFolder(data_dir, durable=durable)
        self.data_dir = self._folder.path
        self.cluster = self._folder.cluster
        self.durable = durable
        self._seed = seed
        self._settings = _SETTINGS | ({} if durable else _DISPOSABLE) | dict(options or {})
        self._initdb_options = tuple(initdb_options)
        self._memory_max_bytes = memory_max_bytes
        self._run_as_uid = run_as_uid
        self._bin_dir = bin_dir
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._mutex = threading.RLock()
        self._socket_dir: Path | None = None
        self._run_as: identity.RunAs = identity.Direct()
        self._process: subprocess.Popen[bytes] | None = None
        self._supervisor: threading.Thread | None = None
        self._drainer: threading.Thread | None = None
        self._spawning = threading.Lock()
        self._stopping = threading.Event()
        self._ready = threading.Condition()
        self._failure: EmbeddedPostgresError | None = None
        self._last_words: deque[str] = deque(maxlen=40)

    def start(self) -> Self:
        """Make the cluster if there is none, end what an earlier process left behind, start, wait until ready.

        Raises EmbeddedPostgresError. Nothing happens if the server is running.
        """
        with self._mutex:
            if self._failure is not None:
                self.stop()
            if self._folder.claimed:
                self._wait_ready()
                return self
            binaries = find_binaries(self._bin_dir)
            self._folder.make_parents()
            self._run_as = identity.choose(binaries, self.data_dir, self._run_as_uid)
            self._folder.claim(self._run_as)
            try:
                if leftovers.end_leftovers(self.cluster, patience_s=self._stop_timeout_s if self.durable else 2.0):
                    _log.warning("ended a PostgreSQL server that an earlier process left in %s", self.data_dir)
                self._folder.make_cluster(self._seed, self._run_initdb)
                self._socket_dir = self._folder.make_socket()
                self._stopping.clear()
                self._failure = None
                self._supervisor = threading.Thread(target=self._supervise, name="postgres supervisor", daemon=True)
                self._supervisor.start()
                self._wait_ready()
            except BaseException:
                self.stop()
                raise
            return self

    def stop(self) -> None:
        """Fast shutdown, then immediate, then kill. Open sessions are ended (57P01)."""
        with self._mutex:
            with self._spawning:
                self._stopping.set()
                process = self._process
            if process is not None:
                for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                    process.send_signal(number)
                    try:
                        process.wait(self._stop_timeout_s if self.durable or number != signal.SIGINT else 5.0)
                        break
                    except subprocess.TimeoutExpired:
                        _log.warning("PostgreSQL in %s did not stop on %s", self.data_dir, number.name)
            if self._supervisor is not None:
                self._supervisor.join(self._stop_timeout_s)
                self._supervisor = None
            if self._folder.claimed:
                leftovers.end_leftovers(self.cluster, patience_s=1.0)
                self._folder.release()
            self._socket_dir = None
            self._process = None
            self._failure = None

    def wipe(self) -> None:
        """Stop, and delete the cluster; the next start makes a new one. Refused for a durable server."""
        if self.durable:
            raise EmbeddedPostgresError(f'refusing to delete the durable cluster "{self.cluster}"')
        with self._mutex:
            self.stop()
            shutil.rmtree(self.cluster, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Whether connections are taken now."""
        process = self._process
        return process is not None and process.poll() is None and self._is_ready(process)

    @property
    def pid(self) -> int | None:
        """Of the postmaster; changes when it was restarted."""
        return self._process.pid if self._process is not None else None

    def conninfo(self, dbname: str = "postgres", user: str = SUPERUSER) -> str:
        """A libpq keyword string. Raises EmbeddedPostgresError if the server was not started."""
        if self._socket_dir is None:
            raise EmbeddedPostgresError(f'PostgreSQL in "{self.data_dir}" is not running')
        values = {"host": str(self._socket_dir), "port": str(PORT), "dbname": dbname, "user": user}
        return " ".join(f"{key}={_quote_conninfo(value)}" for key, value in values.items())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run_initdb(self, target: Path) -> None:
        arguments = ["--pgdata", str(target), "--username", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
        arguments += ["--locale=C.UTF-8", "--no-instructions", *([] if self.durable else ["--no-sync"])]
        arguments += self._initdb_options
        command = self._command(str(find_binaries(self._bin_dir).initdb), *arguments)
        try:
            done = subprocess.run(command, capture_output=True, timeout=180, env=_environment(), cwd="/", check=False)
        except subprocess.TimeoutExpired as error:
            raise EmbeddedPostgresError("initdb did not finish within 180 s") from error
        if done.returncode != 0:
            raise self._explain("initdb failed", done.returncode, done.stderr.decode(errors="replace"))

    # -- processes ------------------------------------------------------------------------------------------------

    def _command(self, *program: str) -> list[str]:
        death = signal.SIGINT if self.durable else signal.SIGQUIT
        head = [sys.executable, "-I", "-S", launcher.__file__, self._run_as.mode, str(os.getpid()), str(int(death))]
        head.append(str(self._memory_max_bytes or 0))
        return [*head, *program]

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self._settings | {"unix_socket_directories": _quote_list_item(str(self._socket_dir))}
        arguments = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            self._command(str(find_binaries(self._bin_dir).postgres), "-D", str(self.cluster), *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
        self._last_words.clear()
        self._drainer = threading.Thread(target=self._drain, args=(process.stderr,), name="postgres log", daemon=True)
        self._drainer.start()
        return process

    def _supervise(self) -> None:
        """Start the server and start it again when it dies.

        The thread lives as long as the server does: the parent-death signal goes off when the *thread* that forked
        ends, not only with the process.
        """
        restarts: deque[float] = deque(maxlen=_RESTARTS_MAX)
        served = False
        while True:
            with self._spawning:
                if self._stopping.is_set():
                    return
                try:
                    self._process = process = self._spawn()
                except OSError as error:
                    self._fail(EmbeddedPostgresError(f"PostgreSQL cannot be started: {error}"))
                    return
            code = process.wait()
            if self._stopping.is_set():
                return
            now = time.monotonic()
            too_often = len(restarts) == _RESTARTS_MAX and now - restarts[0] < _RESTARTS_WINDOW_S
            was_ready = self._is_ready(process)
            served = served or was_ready
            # A crash leaves the pid file as it was: one that never said "ready" would end the same way again.
            failing = too_often or (code != 0 and not was_ready)
            if failing and self.durable and served:  # nobody else would start it again, and it has worked before
                self._stopping.wait(_PAUSE_S)
            elif failing:
                if self._drainer is not None:
                    self._drainer.join(2.0)
                self._fail(self._explain("PostgreSQL ended", code, "\n".join(self._last_words)))
                return
            restarts.append(now)
            _log.error("PostgreSQL in %s ended with %s; starting it again", self.data_dir, code)
            leftovers.end_leftovers(self.cluster, patience_s=2.0)

    def _fail(self, error: EmbeddedPostgresError) -> None:
        with self._ready:
            self._failure = error
            self._ready.notify_all()
        _log.error("%s", error)

    def _drain(self, stderr: IO[bytes]) -> None:
        with stderr:
            for line in stderr:
                text = line.decode(errors="replace").rstrip()
                self._last_words.append(text)
                _log.info("%s: %s", self.data_dir.name, text)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while True:
            process = self._process
            if process is not None and process.poll() is None and self._is_ready(process):
                return
            with self._ready:
                if self._failure is not None:
                    raise self._failure
                self._ready.wait(0.005)
            if time.monotonic() > deadline:
                words = "\n".join(self._last_words)
                raise EmbeddedPostgresError(
                    f"PostgreSQL was not ready after {self._start_timeout_s:g} s", detail=words or None
                )

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        told = leftovers.read_pid_file(self.cluster)
        return told is not None and told.pid == process.pid and told.status == "ready"

    def _explain(self, what: str, code: int, words: str) -> EmbeddedPostgresError:
        if code == launcher.EXIT_NO_NAMESPACE:
            return EmbeddedPostgresError(
                "PostgreSQL does not run as root, and user namespaces are not allowed here",
                detail=words.strip() or None,
                hint=f"Run as an ordinary user, or let uid {self._run_as_uid} reach both the PostgreSQL programs and "
                f'"{self.data_dir}".',
            )
        return EmbeddedPostgresError(f"{what} (exit code {code})", detail=words.strip() or None)


def _environment() -> dict[str, str]:
    """Ours without what would steer PostgreSQL from outside."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LD_PRELOAD"))}
    return kept | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


def _quote_list_item(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _quote_conninfo(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
