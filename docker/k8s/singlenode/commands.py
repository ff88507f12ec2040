"""Programs that are run to their end, for what they make or print. Those that go on running are in processes.py."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

_SHOWN_CHARS = 8000


def output(
    *command: str,
    timeout_s: float,
    failed: type[Exception],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What it prints on standard output. Raises `failed`, with the command and what it printed last."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise failed(f"took longer than {timeout_s:g} s: {' '.join(command)}") from None
    if done.returncode != 0:
        raise failed(f"failed: {' '.join(command)}\n{(done.stdout + done.stderr)[-_SHOWN_CHARS:]}")
    return done.stdout
