"""One PostgreSQL server over one data directory of ours: made if needed, started, watched, stopped.

    with EmbeddedPostgres(folder, durable=True) as server:
        psycopg.connect(server.conninfo("postgres"))

`data_dir` is wholly ours: `cluster` (PostgreSQL's own), `socket`, `lock`. Connections come only through a Unix socket
that only our user can reach; there are no passwords.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from catalog.postgres import identity, launcher, leftovers
from catalog.postgres.binaries import EmbeddedPostgresError, find_binaries

SUPERUSER = "kadali"
PORT = 5432
SOCKET_PATH_MAX = 103 if sys.platform == "darwin" else 107
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
_DISPOSABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "16MB"}
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_OURS = frozenset({"boot", "cluster", "cluster.new", "lock", "socket", "socket.path"})
_RESTARTS_MAX, _RESTARTS_WINDOW_S = 5, 60.0
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
        self.data_dir = data_dir.absolute()
        self.cluster = self.data_dir / "cluster"
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
        self._lock_file: IO[str] | None = None
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
            if self._lock_file is not None:
                self._wait_ready()
                return self
            binaries = find_binaries(self._bin_dir)
            self._refuse_foreign_content()
            self.data_dir.parent.mkdir(parents=True, exist_ok=True)  # before its permissions decide
            self._run_as = identity.choose(binaries, self.data_dir, self._run_as_uid)
            self._own(self.data_dir)
            self._lock_file = self._take_lock()
            try:
                if leftovers.end_leftovers(self.cluster, patience_s=self._stop_timeout_s if self.durable else 2.0):
                    _log.warning("ended a PostgreSQL server that an earlier process left in %s", self.data_dir)
                self._make_cluster()
                self._socket_dir = self._make_socket_dir()
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
            if self._lock_file is not None:
                leftovers.end_leftovers(self.cluster, patience_s=1.0)
                self._drop_socket_dir()
                self._lock_file.close()
                self._lock_file = None
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

    def wait_ready(self) -> None:
        """Wait until a starting or restarting server takes connections. Raises EmbeddedPostgresError."""
        self._wait_ready()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- directories ----------------------------------------------------------------------------------------------

    def _refuse_foreign_content(self) -> None:
        if self.data_dir.exists() and (rest := {entry.name for entry in self.data_dir.iterdir()} - _OURS):
            raise EmbeddedPostgresError(
                f'the data directory "{self.data_dir}" holds foreign files: {", ".join(sorted(rest)[:3])}',
                hint="Name an empty or missing directory.",
            )

    def _own(self, folder: Path) -> None:
        """Make `folder` if it is missing, private to the user the server runs as."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if isinstance(self._run_as, identity.Drop) and folder.stat().st_uid != self._run_as.uid:
            os.chown(folder, self._run_as.uid, self._run_as.gid)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)

    def _take_lock(self) -> IO[str]:
        lock = (self.data_dir / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise EmbeddedPostgresError(
                f'the data directory "{self.data_dir}" is in use by another process',
                hint="Each process needs a data directory of its own.",
            ) from None
        return lock

    def _make_cluster(self) -> None:
        """By rename of a finished one, so that a cluster is whole or absent."""
        half_made = self.data_dir / "cluster.new"
        shutil.rmtree(half_made, ignore_errors=True)
        if not self.durable:
            self._forget_before_reboot()
        if (self.cluster / "PG_VERSION").exists() and (self.cluster / "global" / "pg_control").exists():
            return
        if self.cluster.exists():
            if self.durable:
                raise EmbeddedPostgresError(
                    f'the directory "{self.cluster}" is not a whole PostgreSQL cluster',
                    hint="Restore it from a backup, or remove it to begin anew.",
                )
            shutil.rmtree(self.cluster)
        if self._seed is not None:
            shutil.copytree(self._seed, half_made, symlinks=True)
            half_made.chmod(0o700)
            if isinstance(self._run_as, identity.Drop):
                for path in (half_made, *half_made.rglob("*")):
                    os.chown(path, self._run_as.uid, self._run_as.gid)
        else:
            self._run_initdb(half_made)
        half_made.rename(self.cluster)
        if self.durable:
            _sync_folder(self.data_dir)

    def _forget_before_reboot(self) -> None:
        """What was written without fsync may be torn after a crash of the machine: a cluster lives for one boot."""
        record = self.data_dir / "boot"
        now = _BOOT_ID.read_text() if _BOOT_ID.exists() else ""
        if self.cluster.exists() and (record.read_text() if record.exists() else "") != now:
            _log.warning("the machine was started since PostgreSQL in %s was made: it is made anew", self.data_dir)
            shutil.rmtree(self.cluster)
        record.write_text(now)

    def _run_initdb(self, target: Path) -> None:
        self._own(target)
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

    def _make_socket_dir(self) -> Path:
        """`data_dir/socket`, or a private folder under the system's temporary one if that path is too long."""
        self._drop_socket_dir()
        folder = self.data_dir / "socket"
        if _socket_path_bytes(folder) > SOCKET_PATH_MAX:
            folder = Path(tempfile.mkdtemp(prefix="kadali-"))
            (self.data_dir / "socket.path").write_text(str(folder))
            if _socket_path_bytes(folder) > SOCKET_PATH_MAX:
                raise EmbeddedPostgresError(
                    f'the socket path below "{folder}" is longer than {SOCKET_PATH_MAX} bytes',
                    hint="Choose a shorter data directory, or set TMPDIR to a shorter path.",
                )
        self._own(folder)
        return folder

    def _drop_socket_dir(self) -> None:
        record = self.data_dir / "socket.path"
        if record.exists():
            shutil.rmtree(record.read_text(), ignore_errors=True)
            record.unlink()
        self._socket_dir = None

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
            # A crash leaves the pid file as it was: one that never said "ready" would end the same way again.
            if too_often or (code != 0 and not self._is_ready(process)):
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


def _socket_path_bytes(folder: Path) -> int:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}"))


def _quote_list_item(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _quote_conninfo(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
