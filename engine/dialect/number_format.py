"""to_char of numbers: digits, point, groups, sign at either end and FM (documentation table 9.29); others refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from catalog.errors import FeatureNotSupported
from engine.dialect.numeric_text import rounded

_SHAPE = re.compile(r"(FM)?(S|MI)?([09,G]*)(?:([.D])([09]*))?(S|MI)?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Format:
    fill: bool
    before: str
    point: bool
    after: str
    sign: str
    """Where the sign goes: "" (before the digits), "S<", ">S", "<MI", ">MI"."""


def _parse(pattern: str) -> _Format:
    match = _SHAPE.match(pattern)
    refused = match is None or (match.group(2) and match.group(6)) or not re.search("[09]", match.group(3))
    if match is None or refused or (match.group(4) and not match.group(5)):
        raise FeatureNotSupported(f'the format "{pattern}" is not supported by the embedded engine')
    front, back = (match.group(2) or "").upper(), (match.group(6) or "").upper()
    return _Format(
        fill=match.group(1) is None,
        before=match.group(3).upper().replace("G", ","),
        point=match.group(4) is not None,
        after=match.group(5) or "",
        sign=f"<{front}" if front else f">{back}" if back else "",
    )


def to_char(text: str, pattern: str) -> str:
    """`text` is a finite number's exact text."""
    number = Decimal(text)
    form = _parse(pattern)
    if not number.is_finite():
        raise FeatureNotSupported("to_char of NaN or infinity is not supported by the embedded engine")
    number = rounded(number, len(form.after))
    negative = number < 0
    whole, _, fraction = f"{number.copy_abs():f}".partition(".")
    places = sum(c in "09" for c in form.before)
    whole = whole.lstrip("0")
    if len(whole) > places:
        return _signed(_hashes(form), form, negative=negative, first=0)
    body, first = _before(form, whole, places)
    if form.point:
        after = _after(form, fraction)
        if not form.fill and not after and not body.strip():
            body = "0"
        body += "." + after
    return _signed(body, form, negative=negative, first=first)


def _hashes(form: _Format) -> str:
    shown = "".join("#" if c in "09" else c for c in form.before)
    return shown + ("." + "#" * len(form.after) if form.point else "")


def _before(form: _Format, whole: str, places: int) -> tuple[str, int]:
    """The digits before the point, and where the first of them (or the point) stands."""
    if not whole and not form.after and "0" not in form.before:
        whole = "0"
    padded = whole.rjust(places)
    zeros_from = next((i for i, c in enumerate(c for c in form.before if c in "09") if c == "0"), places)
    out, digit, started = [], 0, False
    for c in form.before:
        if c == ",":
            out.append("," if started else " ")
            continue
        shown = padded[digit]
        if shown == " " and digit >= zeros_from:
            shown = "0"
        started = started or shown != " "
        out.append(shown)
        digit += 1
    text = "".join(out)
    return text, len(text) - len(text.lstrip(" "))


def _after(form: _Format, fraction: str) -> str:
    if form.fill:
        return fraction
    kept = len(form.after.rstrip("9"))
    return fraction[:kept] + fraction[kept:].rstrip("0")


def _signed(body: str, form: _Format, *, negative: bool, first: int) -> str:
    mark = "-" if negative else "+" if form.sign.endswith("S") else " "
    if form.sign in (">S", ">MI"):
        text = body + mark
        return text.replace(" ", "") if not form.fill else text
    at = 0 if form.sign == "<MI" else first
    text = body[:at] + mark + body[at:]
    return text.replace(" ", "") if not form.fill else text
