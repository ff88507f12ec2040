"""TLS of the Flight SQL port: the PEM texts that gRPC wants, from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catalog.errors import ConfigFileError
from gateway.pgwire.tls import certificate_files
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class FlightTls:
    """`client_ca` None: clients need no certificate."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None = None


def load_flight_tls(settings: Settings) -> FlightTls | None:
    """None if the port has none. The certificate is the one of the other ports. Raises ConfigFileError."""
    if not settings.flight_tls:
        if settings.flight_client_ca is not None:
            raise ConfigFileError("flight_client_ca needs flight_tls")
        return None
    certificate, key = certificate_files(settings)
    ca = None if settings.flight_client_ca is None else _read(settings.flight_client_ca)
    return FlightTls(_read(certificate), _read(key), ca)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigFileError(f'could not load certificate file "{path}"', detail=error.strerror) from error
