"""Requests and answers of HTTP/1.1, as far as the HTTP port speaks it: one request per connection, no bodies sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

HEAD_BYTES_MAX = 8_192


class HttpError(Exception):
    """What a request is refused with."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, dict(headers or {})


@dataclass(frozen=True, slots=True)
class Request:
    """`path` and `query` are as sent (printable ASCII, percent-encoded); headers by lower-case name."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Raises HttpError (400, 405, 431); asyncio.IncompleteReadError if the client goes away before the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise HttpError(431, "request header fields too large") from error
    first, *lines = head[:-4].split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/1.") or not _printable(parts[1]):
        raise HttpError(400, "bad request")
    method = parts[0].decode("latin-1")
    if method not in ("GET", "HEAD"):
        raise HttpError(405, "method not allowed", {"Allow": "GET, HEAD"})
    path, _, query = parts[1].decode().partition("?")
    return Request(method, path, query, parse_headers(lines))


def parse_headers(lines: list[bytes]) -> dict[str, str]:
    """By lower-case name; of a repeated one the last. Raises HttpError (400)."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        text = value.strip().decode("latin-1")
        if not colon or not _printable(name) or "\r" in text or "\n" in text or "\0" in text:
            raise HttpError(400, "bad request")
        headers[name.decode().lower()] = text
    return headers


def json_answer(status: int, content: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
    """A whole answer."""
    body = json.dumps(content).encode() + b"\n"
    return answer(status, body, {"Content-Type": "application/json"} | dict(headers or {}))


def answer(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A whole answer with this body."""
    fixed = {"Content-Length": str(len(body)), "Cache-Control": "no-store"}
    return head(status, dict(headers) | fixed) + body


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers; the connection ends with the answer."""
    lines = [f"HTTP/1.1 {status} {_reason(status)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close"]).encode("latin-1") + b"\r\n\r\n"


def without_body(whole: bytes) -> bytes:
    """The answer to HEAD."""
    return whole[: whole.index(b"\r\n\r\n") + 4]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _printable(text: bytes) -> bool:
    return bool(text) and all(0x20 < byte < 0x7F for byte in text)
