"""What the machine must have: programs of Debian packages, and rights. Says what is missing; may install it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

CONTROL_PLANE: Mapping[str, str] = {"openssl": "openssl", "nice": "coreutils"}
"""Programs, and the Debian package of each. The control plane needs no rights."""
NODE: Mapping[str, str] = {
    **CONTROL_PLANE,
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "nft": "nftables",
    "iptables": "iptables",
    "ipset": "ipset",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}
IMAGE: Mapping[str, str] = {"mmdebstrap": "mmdebstrap", "tar": "tar", "unshare": "util-linux"}
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
CNI_PLUGINS = ("bridge", "host-local", "loopback")
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""With them mmdebstrap trusts Debian's archive, on other systems too."""
_CNI_PACKAGE = "containernetworking-plugins"
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_INSTALL_TIMEOUT_S = 600


class MissingError(Exception):
    """Something the machine does not have; the text says what, and how to get it."""


def missing(programs: Mapping[str, str], *, cni: bool = False) -> tuple[str, ...]:
    """Debian packages to install, sorted."""
    packages = {package for program, package in programs.items() if find(program) is None}
    if cni and cni_folder() is None:
        packages.add(_CNI_PACKAGE)
    if "mmdebstrap" in programs and not _KEYS.exists():
        packages.add("debian-archive-keyring")
    return tuple(sorted(packages))


def require(programs: Mapping[str, str], *, cni: bool = False, root: bool = False) -> None:
    """Raises MissingError, with everything that is missing in one text."""
    reasons = []
    if root and os.geteuid() != 0:
        reasons.append("this needs root: it makes network interfaces, mounts and control groups")
    packages = missing(programs, cni=cni)
    if packages:
        reasons.append(f"not installed here: Debian packages {' '.join(packages)} (apt-get install ...)")
    if reasons:
        raise MissingError("; ".join(reasons))


def install(programs: Mapping[str, str], *, cni: bool = False) -> None:
    """Install what is missing, where that is possible: as root, with apt-get. Raises MissingError."""
    packages = missing(programs, cni=cni)
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingError(f"not installed here: Debian packages {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-q", *command],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_INSTALL_TIMEOUT_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise MissingError(f"apt-get {' '.join(command)} failed: {(done.stdout + done.stderr)[-4000:]}")
    require(programs, cni=cni)


def find(program: str) -> str | None:
    """Also where only root looks: a user's PATH often lacks these folders."""
    return shutil.which(program) or shutil.which(program, path=SYSTEM_PATH)


def cni_folder() -> Path | None:
    """The folder with the plugins that make a pod's network."""
    return next((one for one in CNI_FOLDERS if all((one / name).exists() for name in CNI_PLUGINS)), None)
