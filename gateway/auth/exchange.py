"""The server's half of a SCRAM-SHA-256 exchange (RFC 5802, 5929), pure. Verifiers are made in catalog/scram.py."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from catalog.errors import FeatureNotSupported, InvalidAuthorization, InvalidPassword, ProtocolViolation
from catalog.scram import parse_verifier

PLAIN = "SCRAM-SHA-256"
PLUS = "SCRAM-SHA-256-PLUS"
BINDING = "tls-server-end-point"
_NONCE_BYTES = 18


@dataclass(frozen=True, slots=True)
class _Opening:
    gs2: str
    bare: str
    nonce: str


class ScramExchange:
    """One login: `first`, then `final`. `certificate_hash` is the tls-server-end-point value, None without TLS."""

    def __init__(self, user: str, verifier: str, certificate_hash: bytes | None) -> None:
        self._user = user
        self._verifier = parse_verifier(verifier)
        self._certificate_hash = certificate_hash
        self._mechanism = PLAIN
        self._opening: _Opening | None = None
        self._server_first = ""

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """What to offer; PLUS only over TLS, before PLAIN."""
        return (PLAIN,) if self._certificate_hash is None else (PLUS, PLAIN)

    def first(self, mechanism: str, data: bytes) -> bytes:
        """The client's first message -> the server's. Raises ProtocolViolation."""
        if mechanism not in self.mechanisms:
            raise ProtocolViolation("client selected an invalid SASL authentication mechanism")
        self._mechanism = mechanism
        self._opening = opening = self._open(_ascii(data))
        nonce = opening.nonce + secrets.token_urlsafe(_NONCE_BYTES)
        salt = base64.b64encode(self._verifier.salt).decode()
        self._server_first = f"r={nonce},s={salt},i={self._verifier.iterations}"
        return self._server_first.encode()

    def final(self, data: bytes) -> bytes:
        """The client's proof -> the server's signature. Raises 28P01, 28000, 08P01."""
        opening = self._opening
        if opening is None:
            raise ProtocolViolation("malformed SCRAM message", detail="The first message is missing.")
        text = _ascii(data)
        without_proof, found, proof_text = text.rpartition(",p=")
        attributes = without_proof.split(",")
        if not found or len(attributes) < 2 or attributes[0][:2] != "c=" or attributes[1][:2] != "r=":
            raise ProtocolViolation("malformed SCRAM message")
        proof, bound = _base64(proof_text), _base64(attributes[0][2:])
        expected = opening.gs2.encode() + ((self._certificate_hash or b"") if opening.gs2.startswith("p=") else b"")
        if not hmac.compare_digest(bound, expected):
            raise InvalidAuthorization("SCRAM channel binding check failed")
        nonce = self._server_first[2:].partition(",")[0]
        if not hmac.compare_digest(attributes[1][2:].encode(), nonce.encode()):
            raise ProtocolViolation("invalid SCRAM response", detail="Nonce does not match.")
        signed = f"{opening.bare},{self._server_first},{without_proof}".encode()
        signature = _hmac(self._verifier.stored_key, signed)
        if len(proof) != len(signature):
            raise ProtocolViolation("malformed SCRAM message", detail="Malformed proof in client-final-message.")
        client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        if not hmac.compare_digest(hashlib.sha256(client_key).digest(), self._verifier.stored_key):
            raise InvalidPassword(f'password authentication failed for user "{self._user}"')
        return b"v=" + base64.b64encode(_hmac(self._verifier.server_key, signed))

    def _open(self, text: str) -> _Opening:
        """Take client-first-message apart and check its channel-binding flag (gs2-cbind-flag)."""
        parts = text.split(",")
        if len(parts) < 4:
            raise ProtocolViolation("malformed SCRAM message")
        flag, authorization, name, nonce = parts[:4]
        self._check_flag(flag)
        if authorization:
            raise FeatureNotSupported("client uses authorization identity, but it is not supported")
        if name.startswith("m="):
            raise FeatureNotSupported("client requires an unsupported SCRAM extension")
        if not name.startswith("n=") or not nonce.startswith("r=") or len(nonce) < 3 or not nonce.isprintable():
            raise ProtocolViolation("malformed SCRAM message")
        return _Opening(f"{flag},,", text[len(flag) + 2 :], nonce[2:])

    def _check_flag(self, flag: str) -> None:
        if self._mechanism == PLUS:
            if flag != f"p={BINDING}":
                if flag.startswith("p="):
                    raise ProtocolViolation(f'unsupported SCRAM channel-binding type "{flag[2:]}"')
                raise ProtocolViolation(
                    "malformed SCRAM message",
                    detail="The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel "
                    "binding data.",
                )
        elif flag == "y" and self._certificate_hash is not None:
            raise InvalidAuthorization(
                "SCRAM channel binding negotiation error",
                detail="The client supports SCRAM channel binding but thinks the server does not.  "
                "However, this server does support channel binding.",
            )
        elif flag not in ("n", "y"):
            raise ProtocolViolation("malformed SCRAM message")


def _ascii(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ProtocolViolation("malformed SCRAM message") from error
    if "\0" in text:
        raise ProtocolViolation("malformed SCRAM message", detail="Message length does not match input length.")
    return text


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise ProtocolViolation("malformed SCRAM message") from error


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
