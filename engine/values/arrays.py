"""Array literals ({a,"b c",NULL}, with optional bounds) into nested lists of element texts."""

from __future__ import annotations

from catalog.errors import InvalidTextRepresentation, ProgramLimitExceeded, SqlError
from engine.values.scalars import SPACE

MAX_DIMENSIONS = 6
Nested = list["Nested | str | None"]


def parse_array(text: str) -> Nested:
    """Elements as text, NULL as None; raises 22P02 for a malformed literal."""
    body = text.lstrip(SPACE)
    if body.startswith("["):
        bounds, mark, body = body.partition("=")
        if not mark:
            raise _malformed(text, 'Missing "=" after array dimensions.')
        if any(each.partition(":")[0] not in ("1", "") for each in bounds.strip(SPACE)[1:-1].split("][")):
            raise SqlError("array lower bounds other than 1 are not supported", code="0A000")
        body = body.lstrip(SPACE)
    if not body.startswith("{"):
        raise _malformed(text, 'Array value must start with "{" or dimension information.')
    found, end = _Reader(body, text).level(1, 1)
    if body[end:].strip(SPACE):
        raise _malformed(text, "Junk after closing right brace.")
    _check_shape(found, text)
    return found


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
