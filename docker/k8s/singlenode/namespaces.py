"""Namespaces of a node: process ids, mounts and network of its own, like a container's, with init.py as process 1."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from singlenode.processes import Processes, ProgramError

START_TIMEOUT_S = 60.0
_LOOK_EVERY_S = 0.05


def enter(processes: Processes) -> int:
    """Make them; the pid of process 1, called `init`, as this machine sees it. Raises ProgramError."""
    ready = processes.folder / "ready"
    ready.unlink(missing_ok=True)
    program = Path(__file__).with_name("init.py")
    unshare = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    pid = processes.start_child("init", *unshare, sys.executable, "-S", str(program), str(ready))
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready.exists():
        processes.check("init")
        if time.monotonic() > deadline:
            raise ProgramError(f"the node's first process does not start: {processes.output('init')}")
        time.sleep(_LOOK_EVERY_S)
    return pid


def inside(init: int) -> tuple[str, ...]:
    """The start of a command that runs in the namespaces of process `init`. Not `ip netns exec`, which mounts /sys anew
    and so hides the control groups.
    """
    return ("nsenter", f"--target={init}", "--mount", "--net", "--pid", "--")
