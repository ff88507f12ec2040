"""Processes of an earlier server that still work in a cluster's directory: finding and ending them.

A pid alone proves nothing, since pids are used again: a process belongs to a cluster when it is called `postgres` and
works in the cluster's directory (every process of a server does). Linux only; elsewhere PostgreSQL's own check decides.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_START_SLACK_S = 120.0


@dataclass(frozen=True, slots=True)
class PidFile:
    """`postmaster.pid`: `started` in seconds since 1970; `status` is "ready" when connections are taken."""

    pid: int
    started: float
    status: str


def read_pid_file(cluster: Path) -> PidFile | None:
    """None if there is none or it is not complete (it is written in steps)."""
    try:
        lines = (cluster / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    try:
        return PidFile(int(lines[0]), float(lines[2]), lines[7].strip() if len(lines) > 7 else "")
    except (ValueError, IndexError):
        return None


def server_processes(cluster: Path) -> set[int]:
    """The pids of all PostgreSQL processes, postmaster or not, that work in `cluster`."""
    try:
        wanted = cluster.stat()
    except FileNotFoundError:
        return set()
    return {pid for pid in _all_pids() if _works_in(pid, wanted)}


def postmaster_of(cluster: Path) -> int | None:
    """The pid of the live postmaster of `cluster`: the pid file's, if process, folder and start time agree."""
    told = read_pid_file(cluster)
    if told is None or told.pid not in server_processes(cluster):
        return None
    started = _start_time(told.pid)
    return told.pid if started is not None and abs(started - told.started) < _START_SLACK_S else None


def end_leftovers(cluster: Path, *, patience_s: float) -> bool:
    """End every server process of `cluster`; True if there was one. Removes a stale pid file.

    The postmaster gets `patience_s` for a fast shutdown, then as long for an immediate one; what is left is killed.
    """
    found = server_processes(cluster)
    for number in (signal.SIGINT, signal.SIGQUIT):
        postmaster = postmaster_of(cluster)
        if postmaster is None:
            break
        _send(postmaster, number)
        _wait_until_gone(cluster, patience_s)
    deadline = time.monotonic() + patience_s
    while rest := server_processes(cluster):
        for pid in rest:
            _send(pid, signal.SIGKILL)
        _wait_until_gone(cluster, 0.5)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {sorted(rest)} of an earlier server do not end")
    if _PROC.is_dir():
        (cluster / "postmaster.pid").unlink(missing_ok=True)
    return bool(found)


def _wait_until_gone(cluster: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while server_processes(cluster) and time.monotonic() < deadline:
        time.sleep(0.01)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _all_pids() -> list[int]:
    if not _PROC.is_dir():
        return []
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _works_in(pid: int, wanted: os.stat_result) -> bool:
    try:
        if (_PROC / str(pid) / "comm").read_text().strip() != "postgres":
            return False
        folder = (_PROC / str(pid) / "cwd").stat()
    except (OSError, ValueError):
        return False  # gone meanwhile, a zombie, or another user's
    return (folder.st_dev, folder.st_ino) == (wanted.st_dev, wanted.st_ino)


def _start_time(pid: int) -> float | None:
    """Seconds since 1970 at which a process began; None if it is gone."""
    try:
        ticks = int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])
        uptime_s = float((_PROC / "uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return time.time() - uptime_s + ticks / os.sysconf("SC_CLK_TCK")
