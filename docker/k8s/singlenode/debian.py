"""The lowest layer of our images: a small Debian with some packages and one user, made by mmdebstrap without Docker."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from singlenode import commands, oci, requirements
from singlenode.binaries import BuildError
from singlenode.cache import cache_dir, made

SUITE = "bookworm"
USER = 10001
"""uid and gid of the one user: Java, Hadoop and PostgreSQL want a line in passwd."""
_TIMEOUT_S = 1800


def layer(packages: Sequence[str], user: str, home: str, hooks: Sequence[str] = ()) -> oci.Layer:
    """`hooks`: shell commands with the root folder as $1. Raises MissingError, BuildError."""
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={','.join(packages)}",
        f'--customize-hook=echo "{user}:x:{USER}:{USER}::{home}:/usr/sbin/nologin" >> "$1/etc/passwd"',
        f'--customize-hook=echo "{user}:x:{USER}:" >> "$1/etc/group"',
        '--customize-hook=rm -rf "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/*',
        *[f"--customize-hook={hook}" for hook in hooks],
        SUITE,
    ]

    def make(folder: Path) -> None:
        requirements.require(requirements.IMAGE)
        commands.output(*command, str(folder / "layer.tar"), timeout_s=_TIMEOUT_S, failed=BuildError)

    key = hashlib.sha256("\n".join(command).encode()).hexdigest()[:12]
    return oci.layer(made(cache_dir() / "images" / f"debian-{key}", make) / "layer.tar")
