"""Processes of Spark's pods on this machine's node, for tests that kill them: by what their pods told them.

    kill(driver_jvm("c-3f2a91bc0d4e-0"))        the JVM of a driver: the driver program ends, its container starts anew
    kill(driver_program("c-3f2a91bc0d4e-0"))    the container's first process
    kill(executor("c-3f2a91bc0d4e-exec-1"))     a worker

A pid is looked up at the moment of use, never kept: containers that start again have new ones.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


def driver_jvm(pod: str) -> int | None:
    return _found("java", f"POD_NAME={pod}")


def driver_program(pod: str) -> int | None:
    return _found("python3", f"POD_NAME={pod}")


def executor(pod: str) -> int | None:
    return _found("java", f"SPARK_EXECUTOR_POD_NAME={pod}")


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
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            name = Path(os.fsdecode((folder / "cmdline").read_bytes().split(b"\0")[0])).name
            if name.startswith(program) and variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                return int(folder.name)
        except OSError:
            continue
    return None
