"""Programs of Kubernetes, compiled from Go modules into the user's cache: control plane, kubelet, kube-router, Helm."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from singlenode import commands
from singlenode.cache import cache_dir, made
from singlenode.requirements import MissingError

KUBERNETES = "1.37.2"
"""Any release whose staging modules have the tag v0.MINOR.PATCH."""
KUBE_ROUTER = "2.1.0"
HELM = "4.3.1"
COMMANDS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
_TIMEOUT_S = 3600
_ROOT = Path(__file__).resolve().parents[1]


class BuildError(Exception):
    """Go failed; the text has what it printed last."""


def kubernetes() -> Path:
    """A folder with etcd and COMMANDS; raises MissingError, BuildError. Cold 14 minutes of CPU, 620 MB to download."""
    return made(cache_dir() / "k8s" / f"kubernetes-{KUBERNETES}", _build_kubernetes)


def kube_router() -> Path:
    """The program; raises MissingError, BuildError."""
    module = "github.com/cloudnativelabs/kube-router/v2"
    folder = made(
        cache_dir() / "k8s" / f"kube-router-{KUBE_ROUTER}",
        lambda target: _build_tool(target, f"{module}/cmd/kube-router", KUBE_ROUTER),
    )
    return folder / "kube-router"


def helm() -> Path:
    """The program; raises MissingError, BuildError."""
    folder = made(
        cache_dir() / "k8s" / f"helm-{HELM}", lambda target: _build_tool(target, "helm.sh/helm/v4/cmd/helm", HELM)
    )
    return folder / "helm"


def pause() -> Path:
    """The program of a pod's first container, static; raises MissingError, BuildError."""
    source = _ROOT / "pause" / "main.go"

    def build(target: Path) -> None:
        _go(target, "build", *_build_flags(), "-o", str(target / "pause"), str(source))

    return made(cache_dir() / "k8s" / "pause-1", build) / "pause"


def _build_kubernetes(target: Path) -> None:
    """k8s.io/kubernetes names its staging modules by local folders, so `go install` refuses it. A module of our own
    replaces each by the published one of the same release.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        module = Path(work)
        _go(module, "mod", "init", "kadali.test/kubernetes")
        told = json.loads(_go(module, "mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}"))
        requirements = Path(told["GoMod"]).read_text()
        etcd = re.search(r"^\s*go\.etcd\.io/etcd/server/v3 (v\S+)", requirements, re.MULTILINE)
        staging = re.findall(r"^\s*(k8s\.io/[a-z-]+) => \./staging", requirements, re.MULTILINE)
        if etcd is None or not staging:
            raise BuildError(f"the module of Kubernetes {KUBERNETES} is not laid out as expected")
        published = "v0." + KUBERNETES.split(".", 1)[1]
        _go(
            module,
            "mod",
            "edit",
            f"-require=k8s.io/kubernetes@v{KUBERNETES}",
            *[f"-replace={name}={name}@{published}" for name in staging],
        )
        packages = [f"k8s.io/kubernetes/cmd/{command}@v{KUBERNETES}" for command in COMMANDS]
        _go(module, "get", "-tool", *packages, f"go.etcd.io/etcd/server/v3@{etcd[1]}")
        version = "k8s.io/component-base/version"
        major, minor, _ = KUBERNETES.split(".")
        named = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        _go(module, "build", *_build_flags({f"{version}.{key}": value for key, value in named.items()}), "-o",
            f"{target}/", "tool")  # fmt: skip
    for name in ("v3", "server"):  # Go names a program after the last part of its path
        if (target / name).exists():
            (target / name).rename(target / "etcd")
    _expect(target, ["etcd", *COMMANDS])


def _build_tool(target: Path, package: str, version: str) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        module = Path(work)
        _go(module, "mod", "init", "kadali.test/tool")
        _go(module, "get", "-tool", f"{package}@v{version}")
        name = package.rsplit("/", 1)[1]
        _go(module, "build", *_build_flags(), "-o", str(target / name), package)
    _expect(target, [name])


def _build_flags(values: Mapping[str, str] | None = None) -> list[str]:
    """`values`: variables of the program to set. Two packages at a time, since linking takes gigabytes of memory."""
    flags = " ".join(["-s", "-w", *[f"-X {name}={value}" for name, value in (values or {}).items()]])
    return ["-p", "2", "-trimpath", "-ldflags", flags]


def _go(folder: Path, *arguments: str) -> str:
    """What Go prints on standard output. At low priority: it is in nobody's way."""
    if shutil.which("go") is None:
        raise MissingError(
            "Go is not installed here: Kubernetes is compiled from its modules (Debian: apt-get install golang-go)"
        )
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=mod", "GOWORK": "off"}
    command = ("nice", "-n", "10", "go", *arguments)
    return commands.output(*command, folder=folder, environment=environment, timeout_s=_TIMEOUT_S, failed=BuildError)


def _expect(folder: Path, names: Iterable[str]) -> None:
    absent = [name for name in names if not (folder / name).exists()]
    if absent:
        raise BuildError(f"Go did not build {', '.join(absent)}")
