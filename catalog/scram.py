"""SCRAM-SHA-256 verifiers as pg_authid stores them: pure functions. The exchange on the wire is in gateway/auth."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from dataclasses import dataclass

ITERATIONS = 4096
SALT_BYTES = 16
_KEY_BYTES = 32
_SCHEME = "SCRAM-SHA-256"


@dataclass(frozen=True, slots=True)
class Verifier:
    """What the server keeps instead of a password (RFC 5803)."""

    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes

    def __str__(self) -> str:
        salt, stored, server = (_base64(part) for part in (self.salt, self.stored_key, self.server_key))
        return f"{_SCHEME}${self.iterations}:{salt}${stored}:{server}"


def scram_verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """The verifier of a password, with a fresh salt unless one is given. Takes about 1 ms."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", saslprep(password), salt, iterations)
    client_key = _hmac(salted, b"Client Key")
    return str(Verifier(iterations, salt, hashlib.sha256(client_key).digest(), _hmac(salted, b"Server Key")))


def parse_verifier(text: str) -> Verifier:
    """Raises ValueError if `text` is no SCRAM-SHA-256 verifier."""
    try:
        scheme, parameters, keys = text.split("$")
        iterations, salt = parameters.split(":")
        stored, server = (base64.b64decode(part, validate=True) for part in keys.split(":"))
        verifier = Verifier(int(iterations), base64.b64decode(salt, validate=True), stored, server)
    except (ValueError, binascii.Error) as error:
        raise ValueError("not a SCRAM-SHA-256 verifier") from error
    if scheme != _SCHEME or len(stored) != _KEY_BYTES or len(server) != _KEY_BYTES or verifier.iterations < 1:
        raise ValueError("not a SCRAM-SHA-256 verifier")
    return verifier


def mock_verifier(user: str, secret: bytes) -> str:
    """For a user who does not exist: the same salt each time, and keys that no password gives.

    Without it, the first server message would tell strangers which users exist.
    """
    salt = _hmac(secret, b"salt " + user.encode())[:SALT_BYTES]
    return str(Verifier(ITERATIONS, salt, _hmac(secret, b"stored " + user.encode()), _hmac(secret, b"server")))


def matches(password: str, verifier: str) -> bool:
    """Whether the verifier was made from this password."""
    parsed = parse_verifier(verifier)
    return hmac.compare_digest(scram_verifier(password, salt=parsed.salt, iterations=parsed.iterations), str(parsed))


def saslprep(password: str) -> bytes:
    """RFC 4013 as PostgreSQL applies it: a password that may not be prepared is used as its raw UTF-8 bytes."""
    raw = password.encode()
    if password.isascii():
        return raw
    spaced = (" " if stringprep.in_table_c12(c) else c for c in password)
    prepared = unicodedata.normalize("NFKC", "".join(c for c in spaced if not stringprep.in_table_b1(c)))
    return prepared.encode() if prepared and _permitted(prepared) else raw


_PROHIBITED = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _permitted(text: str) -> bool:
    if any(prohibited(c) for c in text for prohibited in _PROHIBITED):
        return False
    if not any(stringprep.in_table_d1(c) for c in text):
        return True
    mixed = any(stringprep.in_table_d2(c) for c in text)
    return not mixed and stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
