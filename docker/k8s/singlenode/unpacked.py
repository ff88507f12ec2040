"""A program run in what an image's layers hold: for files of an image that only its own programs can make."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from singlenode import commands, oci, requirements
from singlenode.binaries import BuildError

_UNPACK_TIMEOUT_S = 600
_ENTER = """
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/tmp" || exit 1
root=$1; shift
exec chroot "$root" /usr/bin/env -i "$@"
"""


def unpack(layers: Sequence[oci.Layer], root: Path) -> None:
    """Into an empty folder, with the times that files have in the image. Raises MissingError, BuildError."""
    requirements.require(requirements.IMAGE)
    root.mkdir(parents=True, exist_ok=True)
    for layer in layers:
        commands.output(
            "tar", "-C", str(root), "--exclude=./dev/*", "-xf", str(layer.file),
            timeout_s=_UNPACK_TIMEOUT_S, failed=BuildError,
        )  # fmt: skip
    (root / "etc" / "hosts").write_text("127.0.0.1 localhost\n")


def run(root: Path, *command: str, environment: Mapping[str, str], timeout_s: float) -> None:
    """With a /proc and an empty /tmp of its own, and this machine's network. Raises BuildError."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    user = () if os.geteuid() == 0 else ("--map-root-user",)
    commands.output(
        "unshare", *user, "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _ENTER, "sh", str(root),
        *variables, *command, timeout_s=timeout_s, failed=BuildError,
    )  # fmt: skip
