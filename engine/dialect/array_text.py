"""The text form of one-dimensional arrays, `{a,"b c",NULL}`, read by PostgreSQL's rules."""

from __future__ import annotations

from catalog.errors import InvalidTextRepresentation
from engine.dialect.value import refuse

_BLANKS = " \t\n\r\v\f"


def parse_array(text: str) -> list[str | None]:
    """The elements' texts; None for an unquoted NULL. Raises InvalidTextRepresentation; refuses more dimensions."""
    body = text.strip(_BLANKS)
    if body.startswith("["):
        raise refuse("an array literal with bounds")
    if not (body.startswith("{") and body.endswith("}")):
        raise _malformed(text)
    at, end = 1, len(body) - 1
    items: list[str | None] = []
    if not body[at:end].strip(_BLANKS):
        return items
    while True:
        item, at = _item(body, at, end, text)
        items.append(item)
        if at >= end:
            return items
        at += 1


def _malformed(text: str) -> InvalidTextRepresentation:
    return InvalidTextRepresentation(f'malformed array literal: "{text}"')


def _item(body: str, at: int, end: int, text: str) -> tuple[str | None, int]:
    out: list[str] = []
    quoted = False
    kept = 0
    while at < end and body[at] in _BLANKS:
        at += 1
    while at < end and body[at] != ",":
        c = body[at]
        if c in "{}":
            raise refuse("an array literal of more than one dimension")
        if c == '"':
            quoted = True
            at += 1
            while at < end and body[at] != '"':
                at += body[at] == "\\"
                out.append(body[at])
                at += 1
            if at >= end:
                raise _malformed(text)
            kept = len(out)
        elif c == "\\":
            at += 1
            out.append(body[at])
            kept = len(out)
        else:
            out.append(c)
            if c not in _BLANKS:
                kept = len(out)
        at += 1
    found = "".join(out[:kept])
    if not quoted and not found:
        raise _malformed(text)
    if not quoted and found.lower() == "null":
        return None, at
    return found, at
