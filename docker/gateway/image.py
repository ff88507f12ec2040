"""Builds the gateway's image without Docker: Debian with Python, the locked requirements, and our own packages.

    python docker/gateway/image.py FILE [--name NAME:TAG]

FILE is an OCI archive: `docker load -i FILE`, `kind load image-archive FILE`, `ctr -n k8s.io images import FILE`. Needs
mmdebstrap (Debian's package). docker/Dockerfile makes the same with Docker.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "k8s"))

from singlenode import archives, commands, debian, oci
from singlenode.binaries import BuildError
from singlenode.cache import cache_dir, made

ROOT = Path(__file__).resolve().parents[2]
NAME = "localhost/kadali/gateway:dev"
PYTHON = "3.11"
"""Debian's: pip fetches what fits it, whatever Python runs this."""
SOURCES = ("catalog", "engine", "sql_extensions", "gateway")
HOME = "/var/lib/kadali"
PACKAGES_FOLDER = "opt/kadali"
PACKAGES = ("python3-minimal", "libpython3-stdlib", "ca-certificates")
PROGRAM = """#!/usr/bin/python3
import sys

from gateway.__main__ import main

sys.exit(main())
"""
_TIMEOUT_S = 1800


def image(name: str = NAME) -> Path:
    """A folder with the image in OCI's layout, in the user's cache. Raises MissingError, BuildError."""
    base, required = debian.layer(PACKAGES, "kadali", HOME), _requirements()
    digest = hashlib.sha256(f"{base.digest} {required.digest} {name}".encode())
    for file in _own_files():
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())

    def make(folder: Path) -> None:
        _own_layer(folder)
        settings = oci.Settings(
            user=f"{debian.USER}:{debian.USER}",
            environment={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HOME": HOME,
                "PYTHONPATH": f"/{PACKAGES_FOLDER}",
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "KADALI_DATA_DIR": f"{HOME}/data",
                "KADALI_HOST": "0.0.0.0",  # noqa: S104 - in a container
                "KADALI_LOG_FORMAT": "json",
            },
            entrypoint=("kadali",),
            command=("serve",),
            work_dir=HOME,
            ports=(5433, 5434, 8080),
        )
        oci.write_image(folder / "image", name, (base, required, oci.layer(folder / "own.tar")), settings)

    return made(cache_dir() / "images" / f"gateway-{digest.hexdigest()[:12]}", make) / "image"


def _requirements() -> oci.Layer:
    """The middle layer: what requirements.lock names, for the image's Python."""
    lock = ROOT / "requirements.lock"

    def make(folder: Path) -> None:
        _pip(folder / "packages", "--python-version", PYTHON, "--implementation", "cp", "--only-binary=:all:",
             *_platforms(), "-r", str(lock))  # fmt: skip
        oci.write_layer(folder / "layer.tar", lambda layer: layer.tree(folder / "packages", PACKAGES_FOLDER))
        shutil.rmtree(folder / "packages")

    key = hashlib.sha256(lock.read_bytes() + PYTHON.encode()).hexdigest()[:12]
    return oci.layer(made(cache_dir() / "images" / f"gateway-requirements-{key}", make) / "layer.tar")


def _platforms() -> list[str]:
    """Of wheels that Debian's C library takes, the newest first."""
    return [f"--platform=manylinux_2_{minor}_{platform.machine()}" for minor in range(36, 16, -1)] + [
        f"--platform=manylinux2014_{platform.machine()}"
    ]


def _own_layer(folder: Path) -> None:
    """The upper layer: our packages, installed from a copy, since a build writes beside its sources."""
    copy = folder / "source"
    for file in _own_files():
        target = copy / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    _pip(folder / "packages", "--no-deps", str(copy))

    def fill(layer: oci.LayerWriter) -> None:
        layer.tree(folder / "packages", PACKAGES_FOLDER, lambda name: name.startswith("bin/"))
        layer.text(PROGRAM, "usr/local/bin/kadali", 0o755)
        layer.folder(HOME, debian.USER, 0o700)

    oci.write_layer(folder / "own.tar", fill)
    shutil.rmtree(folder / "packages")
    shutil.rmtree(copy)


def _own_files() -> Iterator[Path]:
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        yield ROOT / name
    for name in SOURCES:
        yield from sorted(p for p in (ROOT / name).rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _pip(target: Path, *arguments: str) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-compile")
    commands.output(*pip, f"--target={target}", *arguments, timeout_s=_TIMEOUT_S, failed=BuildError)


if __name__ == "__main__":
    sys.exit(archives.main("the gateway's image", NAME, image))
