"""A Kubernetes of this machine for whoever wants to try Spark clusters:  python docker/k8s up | down | status

State is kept in the user's cache; `up` again starts afresh. Needs root and Go; the first time takes about ten minutes.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "spark"))

import distribution
import image
from singlenode import binaries, requirements, runs
from singlenode.cache import cache_dir
from singlenode.cluster import Cluster
from singlenode.processes import ProgramError, recorded

FOLDER = "cluster"
KUBECONFIG = ".kadali-kubeconfig"
"""In the home of whoever calls sudo."""
NEEDED = {**requirements.NODE, **requirements.IMAGE}
FAILURES = (requirements.MissingError, binaries.BuildError, distribution.DistributionError, ProgramError, TimeoutError)


def main() -> int:
    parser = argparse.ArgumentParser(prog="docker/k8s", description="A Kubernetes of this machine.")
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--install", action="store_true", help="install missing Debian packages (apt-get, as root)")
    arguments = parser.parse_args()
    folder = cache_dir() / "k8s" / FOLDER
    try:
        if arguments.command == "up":
            return up(folder, arguments.install)
        return down(folder) if arguments.command == "down" else status(folder)
    except FAILURES as error:
        print(error, file=sys.stderr)
        return 1


def up(folder: Path, install: bool) -> int:
    """Prints the kubeconfig and how the gateway is started with it."""
    started = time.monotonic()
    if install:
        requirements.install(NEEDED, cni=True)
    requirements.require(NEEDED, cni=True, root=True)
    absent = distribution.missing() | ({"go": "golang-go"} if shutil.which("go") is None else {})
    if absent:
        raise requirements.MissingError(
            f"not installed here: {', '.join(absent)} (Debian packages {' '.join(sorted(set(absent.values())))})"
        )
    say("programs of Kubernetes: compiled the first time, which takes minutes")
    binaries.kubernetes()
    binaries.kube_router()
    say("image of Spark: built the first time, which takes minutes")
    layers, built = image.layers(), image.image()
    if folder.exists():
        runs.end_run(folder)
    folder.mkdir(parents=True)
    try:
        say("starting")
        cluster = Cluster(folder)
        cluster.start(layers, [built])
    except BaseException:
        runs.end_run(folder)
        raise
    kubeconfig = hand_over(cluster.kubeconfig)
    say(f"ready after {time.monotonic() - started:.0f} s")
    print(f"KUBECONFIG={kubeconfig}")
    print(f"kadali serve --kubeconfig {kubeconfig} --spark-image {image.NAME}")
    return 0


def hand_over(kubeconfig: Path) -> Path:
    """A file that whoever called sudo can read: the cluster is root's, the gateway need not be."""
    caller = os.environ.get("SUDO_UID")
    if caller is None:
        return kubeconfig
    user = pwd.getpwuid(int(caller))
    copy = Path(user.pw_dir) / KUBECONFIG
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    os.chown(copy, user.pw_uid, user.pw_gid)
    copy.write_bytes(kubeconfig.read_bytes())
    return copy


def down(folder: Path) -> int:
    if folder.exists():
        runs.end_run(folder)
    return 0


def status(folder: Path) -> int:
    """0 while it runs."""
    records = sorted(folder.glob("*/*.pid"))
    for one in records:
        print(f"{one.stem}: {recorded(one) or 'ended'}")
    return 0 if records and all(recorded(one) for one in records) else 1


def say(text: str) -> None:
    print(f"# {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
