"""SCRAM-SHA-256 from the client's side (RFC 5802): independent of the server's half, for tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from catalog.scram import saslprep


class ScramClient:
    """`gs2` and `bound` are the channel-binding header and data."""

    def __init__(self, password: str, gs2: str = "n,,", bound: bytes = b"", nonce: str | None = None) -> None:
        self.password, self.gs2, self.bound = password, gs2, bound
        self.nonce = nonce or secrets.token_urlsafe(18)
        self.bare = f"n=,r={self.nonce}"
        self.expected = b""
        """What the server must prove itself with, known after `final`."""

    def first(self) -> bytes:
        return (self.gs2 + self.bare).encode()

    def final(self, server_first: bytes, nonce: str | None = None) -> bytes:
        parts = dict(part.split("=", 1) for part in server_first.decode().split(","))
        assert parts["r"].startswith(self.nonce) and len(parts["r"]) > len(self.nonce) + 20
        salted = hashlib.pbkdf2_hmac("sha256", saslprep(self.password), base64.b64decode(parts["s"]), int(parts["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        binding = base64.b64encode(self.gs2.encode() + self.bound).decode()
        without_proof = f"c={binding},r={nonce or parts['r']}"
        signed = f"{self.bare},{server_first.decode()},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self.expected = b"v=" + base64.b64encode(
            hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        )
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()
