"""Where a command gets a password from: standard input, the terminal, or chance."""

from __future__ import annotations

import getpass
import secrets
import sys

from catalog.errors import InvalidPassword

GENERATED_BYTES = 15


def password_for(name: str, *, from_stdin: bool) -> tuple[str, bool]:
    """The password, and whether it was generated (then the user must be told). Raises InvalidPassword."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if not sys.stdin.isatty():
        return generated(), True
    first = getpass.getpass(f'Enter password for user "{name}": ')
    if getpass.getpass("Enter it again: ") != first:
        raise InvalidPassword("Passwords didn't match.")
    return first, False


def generated() -> str:
    """120 random bits that need no quoting in a URL or a shell."""
    while (password := secrets.token_urlsafe(GENERATED_BYTES)).startswith("-"):
        continue
    return password
