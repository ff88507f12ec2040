"""PostgreSQL's advanced regular expressions rewritten for RE2; what has another meaning there is refused.

Source: PostgreSQL documentation 9.7.3. Whether a match exists is the same for both engines once classes, anchors and
flags agree; *which* match is found is not (POSIX takes the longest), so `find_safe` says when the two must agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from catalog.errors import SqlError
from engine.dialect.unicode_classes import ALPHABETIC_MARKS, DIGITS, MORE_LOWER, MORE_UPPER, re2_ranges
from engine.dialect.value import refuse

_ALPHA = r"\p{L}\p{Nl}" + re2_ranges(DIGITS) + re2_ranges(ALPHABETIC_MARKS)
_CLASSES = {
    "alpha": _ALPHA,
    "digit": "0-9",
    "alnum": _ALPHA + "0-9",
    "lower": r"\p{Ll}" + re2_ranges(MORE_LOWER),
    "upper": r"\p{Lu}" + re2_ranges(MORE_UPPER),
    "space": r"\t\n\x0b\f\r \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}",
    "blank": r"\t ",
    "xdigit": "0-9A-Fa-f",
    "word": _ALPHA + "0-9_",
}
_SHORTHANDS = {"d": "digit", "w": "word", "s": "space"}
_PLAIN_ESCAPES = {
    "a": r"\x07",
    "b": r"\x08",
    "e": r"\x1b",
    "f": r"\f",
    "n": r"\n",
    "r": r"\r",
    "t": r"\t",
    "v": r"\x0b",
    "B": r"\\",
    "0": r"\x00",
}
_WEIGHT_MAX = 20_000
"""RE2 writes repetitions out: nested ones would take all memory."""
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})(\??)")


class InvalidRegularExpression(SqlError, sqlstate="2201B"): ...


@dataclass(slots=True)
class _Atom:
    """A piece of a pattern: its RE2 text, whether its length varies, and the characters it may begin with."""

    text: str
    minimum: int = 1
    maximum: int | None = 1
    chars: frozenset[str] | None = None
    group: bool = False
    lazy: bool = False
    weight: int = 1
    """How many single characters it stands for once its repetitions are written out."""


@dataclass(slots=True)
class Rewritten:
    """`text` for RE2; `deterministic` when longest and first match agree; `groups` counts capturing groups.

    `empty`: it may match nothing at all, where engines disagree about what follows another match.
    """

    text: str
    deterministic: bool
    groups: int
    empty: bool


def to_re2(pattern: str, *, insensitive: bool) -> str:
    return rewrite(pattern, insensitive=insensitive).text


def rewrite(pattern: str, *, insensitive: bool = False, newline: bool = False) -> Rewritten:
    """The pattern for RE2. Raises InvalidRegularExpression, and FeatureNotSupported for what RE2 lacks."""
    body = pattern
    if body.startswith("***"):
        raise refuse("a regular expression with a director")
    if match := re.match(r"\(\?([a-z]+)\)", body):
        letters, body = match.group(1), body[match.end() :]
        if not set(letters) <= set("icst"):
            raise refuse(f"the regular expression option {letters}")
        insensitive = insensitive or "i" in letters
        if "c" in letters:
            insensitive = False
    parser = _Parser(body)
    text = parser.alternation()
    if parser.at < len(body):
        raise InvalidRegularExpression("invalid regular expression: parentheses () not balanced")
    flags = ("i" if insensitive else "") + ("m" if newline else "s")
    return Rewritten(f"(?{flags}){text}", parser.deterministic, parser.groups, parser.empty)


class _Parser:
    """A recursive descent over the pattern; `deterministic` falls when a longer match might hide behind the first."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.at = 0
        self.groups = 0
        self.depth = 0
        self.deterministic = True
        self.empty = False
        self.weight = 0

    def peek(self) -> str:
        return self.body[self.at : self.at + 1]

    def alternation(self) -> str:
        branches = [self.branch()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.branch())
        if len(branches) > 1:
            self.deterministic = False
        return "|".join(branches)

    def branch(self) -> str:
        atoms: list[_Atom] = []
        while (c := self.peek()) and c not in "|":
            if c == ")" and self.depth:
                break
            atoms.append(self.quantified(self.atom()))
            self.weight += atoms[-1].weight
            if self.weight > _WEIGHT_MAX:
                raise refuse("a regular expression with this many repetitions")
        self.judge(atoms)
        if not self.depth and not sum(a.minimum for a in atoms):
            self.empty = True
        return "".join(a.text for a in atoms)

    def judge(self, atoms: list[_Atom]) -> None:
        """Fixed lengths and runs that cannot overlap what follows leave one possible match only."""
        varying = [i for i, a in enumerate(atoms) if a.minimum != a.maximum]
        if any(atoms[i].lazy for i in varying) and len(varying) > 1:
            self.deterministic = False
        for i in varying:
            if atoms[i].group:
                self.deterministic = False
        if len(varying) <= 1:
            return
        for i in varying[:-1]:
            for following in atoms[i + 1 :]:
                if following.maximum == 0:
                    continue
                own = atoms[i].chars
                if own is None or following.chars is None or own & following.chars:
                    self.deterministic = False
                if following.minimum:
                    break

    def quantified(self, atom: _Atom) -> _Atom:
        match = _QUANTIFIER.match(self.body, self.at)
        if match is None:
            if self.peek() == "{" and self.body[self.at + 1 : self.at + 2].isdigit():
                raise InvalidRegularExpression("invalid regular expression: invalid repetition count(s)")
            return atom
        self.at = match.end()
        if _QUANTIFIER.match(self.body, self.at):
            raise InvalidRegularExpression("invalid regular expression: quantifier operand invalid")
        symbol = match.group()[0]
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(symbol, (0, None))
        if symbol == "{":
            low = int(match.group(1))
            high = low if match.group(2) is None else int(match.group(3)) if match.group(3) else None
            if max(low, high or 0) > 255 or (high is not None and high < low):
                raise InvalidRegularExpression("invalid regular expression: invalid repetition count(s)")
        if atom.group and (atom.minimum != atom.maximum):
            self.deterministic = False
        return _Atom(
            atom.text + match.group(),
            atom.minimum * low,
            None if high is None or atom.maximum is None else atom.maximum * high,
            atom.chars,
            atom.group,
            lazy=bool(match.group(4)),
            weight=atom.weight * max(low, high or 1, 1),
        )

    def atom(self) -> _Atom:
        c = self.peek()
        self.at += 1
        if c == "(":
            return self.group()
        if c == "[":
            return self.bracket()
        if c == ".":
            return _Atom(".")
        if c in "^$":
            return _Atom(c, 0, 0)
        if c == "\\":
            return self.escape()
        if c in "*+?":
            raise InvalidRegularExpression("invalid regular expression: quantifier operand invalid")
        if c == "{" and self.peek().isdigit():
            raise InvalidRegularExpression("invalid regular expression: quantifier operand invalid")
        return _Atom(quoted(c), chars=frozenset((c, c.lower(), c.upper())))

    def group(self) -> _Atom:
        head = "("
        if self.body.startswith("?:", self.at):
            self.at += 2
            head = "(?:"
        elif self.peek() == "?":
            raise refuse("lookaround in a regular expression")
        else:
            self.groups += 1
        self.depth += 1
        before, outside = self.deterministic, self.weight
        self.weight = 0
        inner = self.alternation()
        weight, self.weight = self.weight, outside
        self.depth -= 1
        if self.peek() != ")":
            raise InvalidRegularExpression("invalid regular expression: parentheses () not balanced")
        self.at += 1
        varies = bool(re.search(r"[*+?{|]", inner))
        self.deterministic = before and self.deterministic
        return _Atom(f"{head}{inner})", 1 if not varies else 0, 1, None, group=True, weight=weight)

    def escape(self) -> _Atom:
        c = self.peek()
        self.at += 1
        if not c:
            raise InvalidRegularExpression("invalid regular expression: invalid escape \\ sequence")
        if c.lower() in _SHORTHANDS:
            ranges = _CLASSES[_SHORTHANDS[c.lower()]]
            if c.isupper():
                return _Atom(f"[^{ranges}]")
            return _Atom(f"[{ranges}]", chars=_sample(ranges))
        if c == "A":
            return _Atom("^", 0, 0)
        if c == "Z":
            return _Atom("$", 0, 0)
        if c in "yYmM":
            raise refuse("a word boundary in a regular expression")
        if c in _PLAIN_ESCAPES:
            return _Atom(_PLAIN_ESCAPES[c])
        if c.isalnum():
            raise refuse(f"\\{c} in a regular expression")
        return _Atom(quoted(c), chars=frozenset(c))

    def bracket(self) -> _Atom:
        end = self.at + 1 if self.peek() == "^" else self.at
        negated = self.peek() == "^"
        at, out = end, []
        first = True
        while True:
            if at >= len(self.body):
                raise InvalidRegularExpression("invalid regular expression: brackets [] not balanced")
            c = self.body[at]
            if c == "]" and not first:
                break
            first = False
            text, at = self.member(at)
            out.append(text)
        self.at = at + 1
        ranges = "".join(out)
        return _Atom(f"[{'^' if negated else ''}{ranges}]", chars=None if negated else _sample(ranges))

    def member(self, at: int) -> tuple[str, int]:
        """One character, range or class inside brackets."""
        if self.body.startswith("[:", at):
            close = self.body.find(":]", at)
            name = self.body[at + 2 : close]
            if close < 0 or name not in _CLASSES:
                raise refuse(f"the class [:{name}:] in a regular expression")
            return _CLASSES[name], close + 2
        if self.body.startswith(("[.", "[="), at):
            raise refuse("a collating element in a regular expression")
        low, at = self.bracket_char(at)
        if low.startswith("\\p") or len(low) > 12 or low == _CLASSES["digit"]:
            return low, at
        if self.body[at : at + 1] == "-" and self.body[at + 1 : at + 2] not in ("]", ""):
            high, at = self.bracket_char(at + 1)
            return f"{low}-{high}", at
        return low, at

    def bracket_char(self, at: int) -> tuple[str, int]:
        c = self.body[at]
        if c != "\\":
            return (f"\\{c}" if c in "\\]-^[" else c), at + 1
        following = self.body[at + 1 : at + 2]
        if following in _SHORTHANDS:
            return _CLASSES[_SHORTHANDS[following]], at + 2
        if following in _PLAIN_ESCAPES:
            return _PLAIN_ESCAPES[following], at + 2
        if not following or following.isalnum():
            raise refuse(f"\\{following} in a regular expression")
        return f"\\{following}", at + 2


_SAMPLE = [chr(c) for c in range(1, 128)] + list("éÉßñ漢¼")


@lru_cache(maxsize=256)
def _sample(ranges: str) -> frozenset[str]:
    """Which of a sample of characters a bracket expression takes, both cases; an approximation from above."""
    python = ranges.replace(r"\p{L}", "a-zA-Zé-ɏ漢").replace(r"\p{Ll}", "a-zA-Z").replace(r"\p{Lu}", "a-zA-Z")
    python = re.sub(r"\\p\{\w+\}", "", python)
    python = re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: f"\\U{int(m.group(1), 16):08x}", python)
    found = re.compile(f"[{python}]", re.IGNORECASE)
    return frozenset(c for c in _SAMPLE if found.match(c))


def quoted(c: str) -> str:
    """A literal character for RE2."""
    return f"\\{c}" if c in r".^$*+?()[]{}|\/" and c != "/" else c


def similar_to_regex(pattern: str, escape: str) -> str:
    """similar_escape of regexp.c: the whole text must match; % and _ are wildcards."""
    out: list[str] = []
    after_escape = in_brackets = False
    for c in pattern:
        if after_escape:
            if c == '"' and not in_brackets:
                raise refuse("the escape-double-quote separator")
            out.append(c if c.isalnum() else "\\" + c)
            after_escape = False
        elif c == escape:
            after_escape = True
        elif in_brackets:
            out.append("\\\\" if c == "\\" else c)
            in_brackets = c != "]"
        elif c == "[":
            out.append(c)
            in_brackets = True
        elif c == "%":
            out.append(".*")
        elif c == "_":
            out.append(".")
        elif c == "(":
            out.append("(?:")
        elif c in "\\.^$":
            out.append("\\" + c)
        else:
            out.append(c)
    return "^(?:" + "".join(out) + ")$"
