"""Processes of Spark's pods on this machine's node, for tests that kill them: by what their pods told them.

    kill(driver_jvm("c-3f2a91bc0d4e-0"))        the JVM of a driver: the driver program ends, its container starts anew
    kill(driver_program("c-3f2a91bc0d4e-0"))    the container's first process
    kill(executor("c-3f2a91bc0d4e-exec-1"))     a worker

A pid is looked up at the moment of use, never kept: containers that start again have new ones.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path


def driver_jvm(pod: str) -> int | None:
    return _found("java", f"POD_NAME={pod}")


def driver_program(pod: str) -> int | None:
    return _found("python3", f"POD_NAME={pod}")


def executor(pod: str) -> int | None:
    return _found("java", f"SPARK_EXECUTOR_POD_NAME={pod}")


def pods_of_processes() -> set[str]:
    """Names of the pods that drivers and workers of this machine think they are."""
    names = set()
    for program, variable in (("java", "POD_NAME="), ("python3", "POD_NAME="), ("java", "SPARK_EXECUTOR_POD_NAME=")):
        for _, environment in _running(program):
            names |= {one.partition("=")[2] for one in environment if one.startswith(variable)}
    return names


def age_s(pid: int | None) -> float:
    """For how long a process has been running; 0 if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return since_boot - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def kill(pid: int | None) -> bool:
    """At once; whether there was such a process."""
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _found(program: str, variable: str) -> int | None:
    return next((pid for pid, environment in _running(program) if variable in environment), None)


def _running(program: str) -> Iterator[tuple[int, list[str]]]:
    """Processes whose program's name begins so, with their environment."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            name = Path(os.fsdecode((folder / "cmdline").read_bytes().split(b"\0")[0])).name
            if name.startswith(program):
                yield int(folder.name), os.fsdecode((folder / "environ").read_bytes()).split("\0")
        except OSError:
            continue
