"""The server's certificate and TLS context."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from catalog.errors import ConfigFileError
from gateway.auth.certificate import _certificate, certificate_hash, ensure_self_signed
from gateway.pgwire.tls import load_tls
from gateway.settings import Settings, TlsMode


def test_the_self_signed_pair_is_kept_and_private(tmp_path: Path) -> None:
    certificate, key = ensure_self_signed(tmp_path / "tls", ["localhost", "127.0.0.1", "::1"])
    assert certificate.stat().st_mode & 0o777 == 0o600 and key.stat().st_mode & 0o777 == 0o600
    text = certificate.read_bytes()
    assert ensure_self_signed(tmp_path / "tls", ["other"]) == (certificate, key)
    assert certificate.read_bytes() == text
    names = x509.load_pem_x509_certificate(text).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_modes(tmp_path: Path) -> None:
    assert load_tls(Settings(data_dir=tmp_path, tls=TlsMode.OFF)) is None
    optional = load_tls(Settings(data_dir=tmp_path))
    required = load_tls(Settings(data_dir=tmp_path, tls=TlsMode.REQUIRED))
    assert optional is not None and not optional.required
    assert required is not None and required.required
    assert optional.certificate_hash == required.certificate_hash
    der = ssl.PEM_cert_to_DER_cert((tmp_path / "tls" / "server.crt").read_text())
    assert optional.certificate_hash == hashlib.sha256(der).digest()


def test_given_files_that_cannot_be_used(tmp_path: Path) -> None:
    certificate, key = ensure_self_signed(tmp_path, ["localhost"])
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "other.key").write_bytes(other)
    assert load_tls(Settings(data_dir=tmp_path, tls_cert=certificate, tls_key=key)) is not None
    for wrong in (tmp_path / "other.key", tmp_path / "missing.key"):
        with pytest.raises(ConfigFileError, match="could not load server certificate file"):
            load_tls(Settings(data_dir=tmp_path, tls_cert=certificate, tls_key=wrong))


def test_hash_follows_the_signature_algorithm(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    built = _certificate(key, ["localhost"])
    path = tmp_path / "c.crt"
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    der = built.public_bytes(serialization.Encoding.DER)
    assert certificate_hash(path) == hashlib.sha256(der).digest()
    edwards = ed25519.Ed25519PrivateKey.generate()
    builder = (
        x509.CertificateBuilder()
        .subject_name(built.subject)
        .issuer_name(built.subject)
        .serial_number(1)
        .not_valid_before(built.not_valid_before_utc)
        .not_valid_after(built.not_valid_after_utc)
    )
    path.write_bytes(
        builder.public_key(edwards.public_key()).sign(edwards, None).public_bytes(serialization.Encoding.PEM)
    )
    assert certificate_hash(path) is None
    strong = builder.public_key(key.public_key()).sign(key, hashes.SHA384())
    path.write_bytes(strong.public_bytes(serialization.Encoding.PEM))
    assert certificate_hash(path) == hashlib.sha384(strong.public_bytes(serialization.Encoding.DER)).digest()
