"""Runs as its own small process: gives up root, ties itself to its parent's life, becomes a PostgreSQL program.

    python -I -S launcher.py MODE PARENT_PID DEATH_SIGNAL MEMORY_MAX PROGRAM [ARGUMENT ...]

MEMORY_MAX (bytes of address space, 0 for no limit) holds for each process.
MODE is `direct`, `drop:UID:GID` or `namespace:UID` (the uid to seem to be inside a user namespace). It is a script and
not a `preexec_fn`, because user namespaces can only be entered by a process with one thread. Imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
EXIT_NO_NAMESPACE = 97
EXIT_ORPHAN = 98


def main(arguments: list[str]) -> None:
    """`arguments` as in the module's head. Does not return: the process becomes PROGRAM, or ends."""
    mode, parent, death_signal, memory_max, *command = arguments
    kind, *numbers = mode.split(":")
    os.umask(0o077)
    if int(memory_max) > 0:
        resource.setrlimit(resource.RLIMIT_AS, (int(memory_max), int(memory_max)))
    if kind == "drop":
        os.setgroups([])
        os.setgid(int(numbers[1]))
        os.setuid(int(numbers[0]))
    elif kind == "namespace":
        _enter_user_namespace(int(numbers[0]))
    # Only now: a change of credentials clears the parent-death signal.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(EXIT_ORPHAN)
    os.execv(command[0], command)  # noqa: S606


def _enter_user_namespace(inner_uid: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        print(f"unshare(CLONE_NEWUSER): {os.strerror(ctypes.get_errno())}", file=sys.stderr)
        sys.exit(EXIT_NO_NAMESPACE)
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{inner_uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{inner_uid} {gid} 1")
    except OSError as error:
        print(f"user namespace: {error}", file=sys.stderr)
        sys.exit(EXIT_NO_NAMESPACE)


if __name__ == "__main__":
    main(sys.argv[1:])
