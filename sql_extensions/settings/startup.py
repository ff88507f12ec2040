"""Settings that come with a connection: the `options` parameter of the startup packet."""

from __future__ import annotations

from catalog.errors import SqlSyntaxError


def parse_options(options: str) -> list[tuple[str, str]]:
    """`-c name=value` and `--name=value` of the startup packet's `options`, in order; the last of a name wins.

    Blanks separate, a backslash takes the next character as it is (PostgreSQL's pg_split_opts). Raises SqlSyntaxError
    (42601) for any other switch.
    """
    words = _split(options)
    found: list[tuple[str, str]] = []
    while words:
        word = words.pop(0)
        if word.startswith("--") and len(word) > 2:
            setting = word[2:]
        elif word.startswith("-c"):
            setting = word[2:] or (words.pop(0) if words else "")
        else:
            raise SqlSyntaxError(
                f"invalid command-line argument for server process: {word}",
                hint='Only "-c name=value" and "--name=value" are taken.',
            )
        name, equals, value = setting.partition("=")
        if not equals or not name:
            spelling = f"--{name}" if word.startswith("--") else f"-c {name}"
            raise SqlSyntaxError(f"{spelling} requires a value")
        found.append((name.replace("-", "_"), value))
    return found


def _split(text: str) -> list[str]:
    words: list[str] = []
    word, inside, at = "", False, 0
    while at < len(text):
        character = text[at]
        if character.isspace():
            if inside:
                words.append(word)
            word, inside = "", False
        else:
            if character == "\\" and at + 1 < len(text):
                at += 1
                character = text[at]
            word, inside = word + character, True
        at += 1
    if inside:
        words.append(word)
    return words
