"""What TLS the server speaks: the SSL contexts with its certificate, from the settings."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import ConfigFileError
from gateway.auth.certificate import certificate_hash, ensure_self_signed
from gateway.settings import Settings, TlsMode


@dataclass(frozen=True, slots=True)
class Tls:
    """`certificate_hash` binds SCRAM to this server's certificate; None: no channel binding offered."""

    context: ssl.SSLContext
    certificate_hash: bytes | None
    required: bool


def load_tls(settings: Settings) -> Tls | None:
    """None if TLS is off. Without tls_cert a self-signed pair is kept in the data folder. Raises ConfigFileError."""
    if settings.tls is TlsMode.OFF:
        return None
    context, certificate = _context(settings, "postgresql")
    return Tls(context, certificate_hash(certificate), settings.tls is TlsMode.REQUIRED)


def load_http_tls(settings: Settings) -> ssl.SSLContext | None:
    """For the HTTP port; None if it has none. The same certificate. Raises ConfigFileError."""
    return _context(settings, "http/1.1")[0] if settings.http_tls else None


def _context(settings: Settings, protocol: str) -> tuple[ssl.SSLContext, Path]:
    """The context, and the file with its certificate."""
    certificate, key = certificate_files(settings)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols([protocol])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigFileError(
            f'could not load server certificate file "{certificate}" with key "{key}"', detail=str(error)
        ) from error
    return context, certificate


def certificate_files(settings: Settings) -> tuple[Path, Path]:
    """The server's certificate and key: those of the settings, or the self-signed pair, made when first asked for."""
    if settings.tls_cert is not None and settings.tls_key is not None:
        return settings.tls_cert, settings.tls_key
    names = sorted({"localhost", "127.0.0.1", "::1"} | ({settings.host} - {"0.0.0.0", "::", "*", ""}))  # noqa: S104
    return ensure_self_signed(settings.data_dir / "tls", names)
