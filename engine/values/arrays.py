"""Array literals ({a,"b c",NULL}, with optional bounds) into nested lists of element texts."""

from __future__ import annotations

from catalog.errors import FeatureNotSupported, InvalidTextRepresentation, ProgramLimitExceeded
from engine.values.scalars import SPACE

MAX_DIMENSIONS = 6
Nested = list["Nested | str | None"]


def parse_array(text: str) -> Nested:
    """Elements as text, NULL as None; raises 22P02 for a malformed literal."""
    body = text.lstrip(SPACE)
    sizes: list[int] | None = None
    if body.startswith("["):
        bounds, mark, body = body.partition("=")
        if not mark:
            raise _malformed(text, 'Missing "=" after array dimensions.')
        sizes = _bounds(bounds.strip(SPACE), text)
        body = body.lstrip(SPACE)
    if not body.startswith("{"):
        raise _malformed(text, 'Array value must start with "{" or dimension information.')
    found, end = _Reader(body, text).level(1, 1)
    if body[end:].strip(SPACE):
        raise _malformed(text, "Junk after closing right brace.")
    _check_shape(found, text)
    if sizes is not None and sizes != _sizes(found):
        raise _malformed(text, "Specified array dimensions do not match array contents.")
    return found


def _bounds(bounds: str, text: str) -> list[int]:
    """Sizes by dimension, from "[1:2][1:3]"."""
    sizes = []
    for each in bounds[1:-1].split("]["):
        low, mark, high = each.rpartition(":")
        try:
            if int(low or 1) != 1:
                raise FeatureNotSupported("array lower bounds other than 1 are not supported here")
            sizes.append(int(high))
        except ValueError:
            raise _malformed(text, '"[" must introduce explicitly-specified array dimensions.') from None
        if not mark and not bounds.endswith("]"):
            raise _malformed(text, 'Missing "]" after array dimensions.')
    return sizes


def _sizes(found: Nested) -> list[int]:
    first = found[0] if found else None
    return [len(found), *(_sizes(first) if isinstance(first, list) else ())]


def _malformed(text: str, detail: str) -> InvalidTextRepresentation:
    return InvalidTextRepresentation(f'malformed array literal: "{text}"', detail=detail)


class _Reader:
    def __init__(self, body: str, text: str) -> None:
        self.body, self.text = body, text

    def level(self, at: int, depth: int) -> tuple[Nested, int]:
        """The list that opens just before `at`, and where it ends."""
        if depth > MAX_DIMENSIONS:
            raise ProgramLimitExceeded(f"number of array dimensions exceeds the maximum allowed ({MAX_DIMENSIONS})")
        found: Nested = []
        at = self._blanks(at)
        if self._char(at) == "}":
            return found, at + 1
        while True:
            at = self._blanks(at)
            if self._char(at) == "{":
                inner, at = self.level(at + 1, depth + 1)
                found.append(inner)
            else:
                item, at = self._item(at)
                found.append(item)
            at = self._blanks(at)
            char = self._char(at)
            if char == "}":
                return found, at + 1
            if char != ",":
                raise _malformed(self.text, "Unexpected array element.")
            at += 1

    def _char(self, at: int) -> str:
        if at >= len(self.body):
            raise _malformed(self.text, "Unexpected end of input.")
        return self.body[at]

    def _blanks(self, at: int) -> int:
        while at < len(self.body) and self.body[at] in SPACE:
            at += 1
        return at

    def _item(self, at: int) -> tuple[str | None, int]:
        if self._char(at) == '"':
            return self._quoted(at + 1)
        out, escaped, kept = [], False, 0
        while (char := self._char(at)) not in ",{}":
            if char == '"':
                raise _malformed(self.text, "Incorrectly quoted array element.")
            if char == "\\":
                at += 1
                char, escaped = self._char(at), True
                out.append(char)
                kept = len(out)
            else:
                out.append(char)
                if char not in SPACE:
                    kept = len(out)
            at += 1
        if char == "{":
            raise _malformed(self.text, 'Unexpected "{" character.')
        word = "".join(out[:kept])
        if not out:
            raise _malformed(self.text, f'Unexpected "{char}" character.')
        return (None if word.lower() == "null" and not escaped else word), at

    def _quoted(self, at: int) -> tuple[str, int]:
        out = []
        while (char := self._char(at)) != '"':
            if char == "\\":
                at += 1
                char = self._char(at)
            out.append(char)
            at += 1
        at += 1
        if at < len(self.body) and self.body[at] not in SPACE + ",}":
            raise _malformed(self.text, "Incorrectly quoted array element.")
        return "".join(out), at


def _check_shape(found: Nested, text: str) -> None:
    level: list[Nested | str | None] = [found]
    while level:
        lists = [each for each in level if isinstance(each, list)]
        if not lists:
            return
        if len(lists) != len(level) or len({len(each) for each in lists}) != 1:
            raise _malformed(text, "Multidimensional arrays must have sub-arrays with matching dimensions.")
        level = [item for each in lists for item in each]
