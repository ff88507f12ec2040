"""Sealing values with a key that is not in the database: AES-256-GCM, and the file that the key is in.

A sealed value is a version byte, the key's mark (8 bytes), a nonce (12 bytes), and what AES-GCM makes of the text. It
can be opened only as the secret of the tenant that it was sealed for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from catalog.errors import DataCorrupted, IoError, ObjectNotInPrerequisiteState

KEY_BYTES = 32
MARK_BYTES, NONCE_BYTES = 8, 12
FILE_BYTES_MAX, KEYS_MAX = 8192, 16
_VERSION = b"\x01"
_PURPOSE = b"kadali: which key seals secrets"


@dataclass(frozen=True, slots=True)
class Key:
    """`fingerprint` tells keys apart and says nothing of them; it may stand in the database."""

    value: bytes = field(repr=False)

    @property
    def fingerprint(self) -> bytes:
        return hmac.digest(self.value, _PURPOSE, hashlib.sha256)

    @property
    def mark(self) -> bytes:
        return self.fingerprint[:MARK_BYTES]


def seal(text: str, key: Key, tenant: UUID, secret: UUID) -> bytes:
    """The text, to be kept in the database as the value of this secret of this tenant."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    head = _VERSION + key.mark
    return head + nonce + AESGCM(key.value).encrypt(nonce, text.encode(), head + tenant.bytes + secret.bytes)


def unseal(sealed: bytes, keys: Sequence[Key], tenant: UUID, secret: UUID) -> str:
    """Raises ObjectNotInPrerequisiteState (55000) if none of the keys is the right one, DataCorrupted (XX001) if the
    value has been changed, or is another secret's.
    """
    head, rest = sealed[: 1 + MARK_BYTES], sealed[1 + MARK_BYTES :]
    key = next((one for one in keys if head == _VERSION + one.mark), None)
    if key is None:
        raise ObjectNotInPrerequisiteState(
            "the secret was sealed with another key than this server has",
            hint="Put that key into its file of keys (setting secret_key_file), in a line of its own.",
        )
    try:
        plain = AESGCM(key.value).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + tenant.bytes + secret.bytes)
    except (InvalidTag, ValueError) as error:
        raise DataCorrupted("the secret's value in the metadata store is damaged", hint="Set it anew.") from error
    return plain.decode()


def read_keys(path: Path) -> tuple[Key, ...] | None:
    """The keys of a file, one a line in base64, lines with # left out; None if there is no file.

    Raises ObjectNotInPrerequisiteState (55000) if others may read it (PostgreSQL's rule for ssl_key_file) or it holds
    something else, IoError.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            allowed = 0o640 if found.st_uid == 0 and os.geteuid() != 0 else 0o600
            if stat.S_IMODE(found.st_mode) & ~allowed & 0o777:
                raise ObjectNotInPrerequisiteState(
                    "the server's file of keys for secrets can be read by others",
                    hint="It must have permissions u=rw (0600) or less, or u=rw,g=r (0640) or less if root owns it.",
                )
            text = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IoError("the server's file of keys for secrets could not be read", detail=error.strerror) from error
    lines = [line.strip() for line in text.splitlines()]
    keys = tuple(_key(line) for line in lines if line and not line.startswith(b"#"))
    if not keys or len(keys) > KEYS_MAX or len(text) > FILE_BYTES_MAX:
        raise _malformed()
    return keys


def make_key(path: Path) -> Key:
    """A new key in a new file that only this user can read, on disk when this returns. Raises IoError."""
    key = Key(secrets.token_bytes(KEY_BYTES))
    line = b"# Seals the secrets in the metadata store: keep a copy elsewhere.\n" + base64.b64encode(key.value) + b"\n"
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)  # never over a file that is there
        beside.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise IoError("the server's file of keys for secrets could not be made", detail=error.strerror) from error
    return key


def _key(line: bytes) -> Key:
    try:
        value = base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise _malformed() from error
    if len(value) != KEY_BYTES:
        raise _malformed()
    return Key(value)


def _malformed() -> ObjectNotInPrerequisiteState:
    return ObjectNotInPrerequisiteState(
        "the server's file of keys for secrets is not one",
        hint=f"It has 1 to {KEYS_MAX} lines, each {KEY_BYTES} random bytes in base64: openssl rand -base64 {KEY_BYTES}",
    )
