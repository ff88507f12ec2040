"""Clusters that run, each in a folder of its own, and how one is ended: from what its folder says, by any process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from singlenode.cache import cache_dir
from singlenode.configuration import hierarchies
from singlenode.init import OWN_FOLDERS
from singlenode.processes import record, recorded
from singlenode.requirements import find

KILL_TIMEOUT_S = 30.0
_OWNER = "owner"
_LOOK_EVERY_S = 0.05


def new_run(prefix: str) -> Path:
    """A folder for a cluster that ends with this process: if this one cannot end it, the next one that comes does."""
    root = cache_dir() / "k8s" / "runs"
    root.mkdir(parents=True, exist_ok=True)
    end_abandoned(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=root))
    record(folder / _OWNER, os.getpid())
    return folder


def end_abandoned(root: Path) -> None:
    """End the clusters whose owners are no more."""
    for folder in root.iterdir():
        if (folder / _OWNER).exists() and recorded(folder / _OWNER) is None:
            end_run(folder)


def end_run(folder: Path) -> None:
    """End every process of the cluster, remove what it made on this machine, and the folder. Raises TimeoutError."""
    records = sorted(folder.glob("*/*.pid"), key=lambda one: one.name != "init.pid")  # a node's init takes all with it
    for file in records:
        _kill(file, time.monotonic() + KILL_TIMEOUT_S)
    for file in folder.glob("*/interface"):
        ip = find("ip")
        if ip is not None:  # it goes with the node's network; to be sure
            subprocess.run([ip, "link", "del", file.read_text().strip()], capture_output=True, timeout=30, check=False)
    for file in folder.glob("*/cgroup"):
        _remove_groups(file.read_text().strip(), time.monotonic() + KILL_TIMEOUT_S)
    shutil.rmtree(folder)
    for place in OWN_FOLDERS:
        with contextlib.suppress(OSError):
            Path(place).rmdir()  # where a node had its own mounted: it may be another program's, and is not empty then


def _kill(file: Path, deadline: float) -> None:
    while (pid := recorded(file)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} ({file.stem}) does not end")
        time.sleep(_LOOK_EVERY_S)


def _remove_groups(name: str, deadline: float) -> None:
    """Control groups called `name`, in every hierarchy, with those below; they are empty, or soon will be."""
    for top in (mount / name for mount, _ in hierarchies()):
        while top.is_dir():
            for group, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):  # busy: its processes are on their way out
                    Path(group).rmdir()
            if top.is_dir():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"control group {top} does not empty")
                time.sleep(_LOOK_EVERY_S)
