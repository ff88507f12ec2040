"""SCRAM's server half against an independent client, and against every message that is not quite right."""

from __future__ import annotations

import hashlib

import pytest

from catalog.errors import InvalidAuthorization, InvalidPassword, ProtocolViolation, SqlError
from catalog.scram import mock_verifier, scram_verifier
from gateway.auth.exchange import PLAIN, PLUS, ScramExchange
from tests.wire.scram_client import ScramClient

HASH = hashlib.sha256(b"a certificate").digest()


def run(client: ScramClient, verifier: str, mechanism: str = PLAIN, certificate_hash: bytes | None = None) -> bytes:
    exchange = ScramExchange("u", verifier, certificate_hash)
    return exchange.final(client.final(exchange.first(mechanism, client.first())))


@pytest.mark.parametrize("password", ["secret", "pâss wörd", "I\u00adX", "\u2168", "٣x", "p,a=s"])
def test_the_right_password_is_taken_and_the_server_proves_itself(password: str) -> None:
    client = ScramClient(password)
    assert run(client, scram_verifier(password)) == client.expected


def test_channel_binding() -> None:
    client = ScramClient("secret", "p=tls-server-end-point,,", HASH)
    assert run(client, scram_verifier("secret"), PLUS, HASH) == client.expected
    stolen = ScramClient("secret", "p=tls-server-end-point,,", hashlib.sha256(b"another").digest())
    with pytest.raises(InvalidAuthorization, match="channel binding check failed"):
        run(stolen, scram_verifier("secret"), PLUS, HASH)


def test_a_client_that_could_bind_but_thinks_we_cannot_is_refused_over_tls_only() -> None:
    assert run(ScramClient("secret", "y,,"), scram_verifier("secret"))
    with pytest.raises(InvalidAuthorization, match="channel binding negotiation error"):
        run(ScramClient("secret", "y,,"), scram_verifier("secret"), PLAIN, HASH)


def test_wrong_password_and_unknown_user_look_alike() -> None:
    for verifier in (scram_verifier("secret"), mock_verifier("u", b"server secret")):
        with pytest.raises(InvalidPassword, match='password authentication failed for user "u"'):
            run(ScramClient("guess"), verifier)
    exchanges = [ScramExchange("u", mock_verifier("u", b"server secret"), None) for _ in range(2)]
    salts = [exchange.first(PLAIN, ScramClient("x").first()).split(b",")[1] for exchange in exchanges]
    assert salts[0] == salts[1]


def test_mechanisms_offered() -> None:
    assert ScramExchange("u", scram_verifier("x"), None).mechanisms == (PLAIN,)
    assert ScramExchange("u", scram_verifier("x"), HASH).mechanisms == (PLUS, PLAIN)
    with pytest.raises(ProtocolViolation, match="invalid SASL authentication mechanism"):
        ScramExchange("u", scram_verifier("x"), None).first(PLUS, b"")


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"n",
        b"n,,",
        b"n,,n=,r=",
        b"n,,n=u",
        b"x,,n=,r=abc",
        b"n,,m=ext,n=,r=abc",
        b"n,a=other,n=,r=abc",
        b"\xff\xfe",
        b"n,,n=,r=a\0b",
        b"p=tls-unique,,n=,r=abc",
    ],
)
def test_malformed_first_messages(first: bytes) -> None:
    with pytest.raises(SqlError) as refused:
        ScramExchange("u", scram_verifier("secret"), None).first(PLAIN, first)
    assert refused.value.code in ("08P01", "0A000")


@pytest.mark.parametrize(
    "final",
    [b"", b"c=biws", b"c=biws,r=x", b"c=biws,r=x,p=", b"c=!!,r=x,p=AAAA", b"c=biws,r=\xc3\xa9,p=AAAA", b"p=AAAA,c=,r="],
)
def test_malformed_final_messages(final: bytes) -> None:
    exchange = ScramExchange("u", scram_verifier("secret"), None)
    exchange.first(PLAIN, ScramClient("secret").first())
    with pytest.raises(SqlError) as refused:
        exchange.final(final)
    assert refused.value.code == "08P01"


def test_another_nonce_is_refused() -> None:
    client = ScramClient("secret")
    exchange = ScramExchange("u", scram_verifier("secret"), None)
    final = client.final(exchange.first(PLAIN, client.first()), nonce=client.nonce)
    with pytest.raises(ProtocolViolation, match="invalid SCRAM response"):
        exchange.final(final)


def test_final_before_first_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        ScramExchange("u", scram_verifier("secret"), None).final(b"c=biws,r=x,p=AAAA")
