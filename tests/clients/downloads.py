"""Client libraries of other languages, fetched by their own package managers into the user's cache, by version."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TIMEOUT_S = 300


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


def _run(*command: str, cwd: Path) -> None:
    cwd.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def _keep(fresh: Path, target: Path) -> None:
    """By rename, so that what lies there is whole; another process may have been quicker."""
    try:
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh)
