"""SqlError as Flight tells errors: a gRPC status whose details hold SQLSTATE, hint, detail and position.

The details are a google.rpc.Status with one google.rpc.ErrorInfo, which ADBC's drivers and gRPC libraries read: reason
is the SQLSTATE, domain "kadali". pyarrow sends them as they are (`extra_info`); their code must be the status' own, or
ADBC's Go driver calls the whole answer malformed. Of gRPC's codes pyarrow's server offers seven; CANCELLED is not used,
because pyarrow's client takes it for a Control-C of its own user. Python's own exceptions are never let through:
pyarrow sends their traceback to the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from pyarrow import flight

from catalog.errors import SqlError
from gateway.outcome import as_sql_error

DOMAIN = "kadali"
_UNKNOWN, _DEADLINE, _DENIED, _INTERNAL, _UNAVAILABLE, _UNAUTHENTICATED = 2, 4, 7, 13, 14, 16
_CLASSES: dict[int, type[flight.FlightError]] = {
    _UNKNOWN: flight.FlightServerError,
    _DEADLINE: flight.FlightTimedOutError,
    _DENIED: flight.FlightUnauthorizedError,
    _INTERNAL: flight.FlightInternalError,
    _UNAVAILABLE: flight.FlightUnavailableError,
    _UNAUTHENTICATED: flight.FlightUnauthenticatedError,
}
_CODES = {
    "28": _UNAUTHENTICATED,
    "42501": _DENIED,
    "53": _UNAVAILABLE,
    "57": _UNAVAILABLE,
    "57014": _UNKNOWN,
    "08006": _UNAVAILABLE,
    "XX": _INTERNAL,
}
"""gRPC's code by SQLSTATE or its class; others are UNKNOWN."""


def flight_error(error: SqlError) -> flight.FlightError:
    """The exception that pyarrow turns into the answer."""
    code = _CODES.get(error.code, _CODES.get(error.code[:2], _UNKNOWN))
    if error.code == "57014" and error.message.endswith("timeout"):
        code = _DEADLINE
    message = described(error)
    info = ErrorInfo(reason=error.code, domain=DOMAIN, metadata=_facts(error))
    box = Any()
    box.Pack(info)
    status = Status(code=code, message=message, details=[box])
    return _CLASSES[code](message, extra_info=status.SerializeToString())


def described(error: SqlError) -> str:
    """The message with its SQLSTATE, and what else helps a reader, as psql lays it out."""
    lines = [f"{error.message} [SQLSTATE {error.code}]"]
    lines += [f"{name}: {text}" for name, text in (("DETAIL", error.detail), ("HINT", error.hint)) if text]
    return "\n".join(lines)


@contextmanager
def answering() -> Iterator[None]:
    """Whatever goes wrong inside leaves as Flight's error; bugs as XX000, told in the log only."""
    try:
        yield
    except flight.FlightError:
        raise
    except Exception as error:  # noqa: BLE001 - the door's edge: everything becomes an answer
        raise flight_error(as_sql_error(error)) from None


@contextmanager
def answering_schema() -> Iterator[None]:
    """`answering` for GetSchema, from which pyarrow's server takes no error of Flight: words are all it can send."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - as above
        raise SchemaError(described(as_sql_error(error))) from None


class SchemaError(Exception):
    """An error of GetSchema, whose text the client gets."""

    @property
    def __cause__(self) -> NoReturn:  # type: ignore[override]
        """Read when the traceback is made into text, which fails so: then pyarrow sends none."""
        raise TypeError("it has no cause")


def _facts(error: SqlError) -> dict[str, str]:
    found = {"sqlstate": error.code, "message": error.message}
    for name in ("detail", "hint", "position"):
        value = getattr(error, name)
        if value is not None:
            found[name] = str(value)
    return found
