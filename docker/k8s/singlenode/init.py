"""Process 1 of a node: mounts what is the node's own, says that it is there, and buries what is orphaned in it.

Run by node.py in namespaces of its own. When it is killed the kernel ends everything in them, mounts included.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

OWN_FOLDERS = ("/run", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
"""Where containerd, kubelet and the network plugins leave things outside the folders that they are told to use."""


def main() -> None:
    ready = Path(sys.argv[1])
    _mount("--make-rshared", "/")  # in this namespace: a pod may mount what other pods see
    for folder in OWN_FOLDERS:
        Path(folder).mkdir(parents=True, exist_ok=True)
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    for folder in ("/run/netns", "/run/lock"):
        Path(folder).mkdir()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    ready.touch()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            signal.sigwait({signal.SIGCHLD})


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=30)


if __name__ == "__main__":
    main()
