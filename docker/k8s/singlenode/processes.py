"""Long-running programs of a cluster: started, watched and ended by a record on disk, so that another process, or a
later one, can end exactly these and no others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from singlenode.requirements import SYSTEM_PATH

STOP_PATIENCE_S = 15.0
_LOOK_EVERY_S = 0.05
_SHOWN_BYTES = 3000


class ProgramError(Exception):
    """A program did not start, or ended by itself; the text has what it printed last."""


class Processes:
    """Programs whose records (`NAME.pid`) and output (`NAME.log`) lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str) -> int:
        """The pid. The program outlives this process unless it is stopped."""
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[name] = child
        record(self.folder / f"{name}.pid", child.pid)
        return child.pid

    def start_child(self, name: str, *command: str) -> int:
        """Like `start`, where `command` starts one process in other namespaces and waits for it: that one counts.

        The pid is this machine's.
        """
        outer = self.start(name, *command)
        children = Path(f"/proc/{outer}/task/{outer}/children")
        deadline = time.monotonic() + STOP_PATIENCE_S
        while True:
            self.check(name)
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
                inner = int(children.read_text())
                record(self.folder / f"{name}.pid", inner)  # to be ended itself: its parent passes no signal on
                return inner
            if time.monotonic() > deadline:
                raise ProgramError(f"{name} does not start: {self.output(name)}")
            time.sleep(_LOOK_EVERY_S)

    def pid(self, name: str) -> int | None:
        """The process, while it is alive."""
        child = self._children.get(name)
        if child is not None and child.poll() is not None:
            return None
        return recorded(self.folder / f"{name}.pid")

    def check(self, name: str) -> None:
        """Raises ProgramError if the program has ended."""
        if self.pid(name) is None:
            raise ProgramError(f"{name} has ended: {self.output(name)}")

    def output(self, name: str) -> str:
        """The end of what it printed."""
        with contextlib.suppress(FileNotFoundError), (self.folder / f"{name}.log").open("rb") as log:
            log.seek(max((self.folder / f"{name}.log").stat().st_size - _SHOWN_BYTES, 0))
            return log.read().decode("utf-8", "replace")
        return ""

    def stop(self, name: str, patience_s: float = STOP_PATIENCE_S) -> None:
        """Asked first, killed when `patience_s` is over; at once with 0."""
        numbers = (signal.SIGTERM, signal.SIGKILL) if patience_s > 0 else (signal.SIGKILL,)
        for number in numbers:
            pid = self.pid(name)
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            self._gone(name, time.monotonic() + (patience_s if number == signal.SIGTERM else STOP_PATIENCE_S))
        child = self._children.pop(name, None)
        if child is not None:
            child.wait(STOP_PATIENCE_S)
        (self.folder / f"{name}.pid").unlink(missing_ok=True)

    def _gone(self, name: str, deadline: float) -> None:
        while self.pid(name) is not None and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)


def record(file: Path, pid: int) -> None:
    """A pid alone proves nothing, since pids are used again: the time of the start is written beside it."""
    file.write_text(f"{pid} {_started(pid) or 0}\n")


def recorded(file: Path) -> int | None:
    """The pid in a record, if that same process is alive."""
    try:
        pid, started = map(int, file.read_text().split())
    except (FileNotFoundError, ValueError):
        return None
    return pid if _started(pid) == started else None


def _started(pid: int) -> int | None:
    """In ticks since the machine started; None if there is no such process, or nothing but its exit status."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
