"""Clients and programs of other languages, fetched or built by their own tools into the user's cache, by version."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

TIMEOUT_S = 300
BUILD_S = 900


def folder(name: str) -> Path:
    """Where `name` (with its version) is kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kadali" / "tests" / name


def need(*programs: str) -> None:
    """Skip the test, saying why, where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


def maven_jar(group: str, artifact: str, version: str) -> Path:
    target = folder(f"{artifact}-{version}")
    jar = target / f"{artifact}-{version}.jar"
    if not jar.exists():
        need("mvn")
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        coordinates = f"-Dartifact={group}:{artifact}:{version}"
        _run("mvn", "-q", "-B", "dependency:copy", coordinates, f"-DoutputDirectory={fresh}", cwd=target.parent)
        _keep(fresh, target)
    return jar


def npm_packages(name: str, *packages: str) -> Path:
    """A folder with `node_modules`; each package is `name@version`."""
    target = folder(name)
    if not (target / "node_modules").exists():
        need("npm")
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        fresh.mkdir(parents=True)
        (fresh / "package.json").write_text('{"private": true}\n')
        _run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages, cwd=fresh)
        _keep(fresh, target)
    return target


def go_program(package: str, version: str) -> Path:
    """A published program, built by Go (minutes)."""
    name = package.rpartition("/")[2]
    target = folder(f"{name}-{version}")
    if not (target / name).exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        _go("install", f"{package}@v{version}", folder=fresh)
        _keep(fresh, target)
    return target / name


def go_built(name: str, sources: Mapping[str, str], *, tests: bool = False) -> Path:
    """The program of these files (texts by name, go.mod and go.sum among them), or their tests as a program."""
    key = hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()[:16]
    target = folder(f"{name}-{key}")
    if not (target / name).exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        fresh.mkdir(parents=True)
        for file, text in sources.items():
            (fresh / file).write_text(text, encoding="utf-8")
        _go(*(["test", "-c"] if tests else ["build"]), "-o", name, ".", folder=fresh)
        _keep(fresh, target)
    return target / name


def _go(*words: str, folder: Path) -> None:
    need("go")
    variables = {"GOBIN": str(folder), "GOFLAGS": "-trimpath -buildvcs=false", "CGO_ENABLED": "0"}
    _run("nice", "go", *words, cwd=folder, variables=variables, timeout_s=BUILD_S)


def _run(*command: str, cwd: Path, variables: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> None:
    """`variables` are added to the environment."""
    cwd.mkdir(parents=True, exist_ok=True)
    own = os.environ | (variables or {})
    done = subprocess.run(command, cwd=cwd, env=own, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def _keep(fresh: Path, target: Path) -> None:
    """By rename, so that what lies there is whole; another process may have been quicker."""
    try:
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh)
