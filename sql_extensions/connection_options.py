"""The options of CREATE and ALTER CONNECTION: how they are read from what was written, checked, and printed again."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from catalog.connections.model import OPTIONS, Connection, ConnectionOption, ConnectorKind, OptionType
from catalog.connections.outbound import host_of
from catalog.connections.tenant import SecretGiven
from catalog.errors import FeatureNotSupported, InvalidParameterValue, SqlError, SqlSyntaxError
from catalog.names import quote_ident, quote_literal
from engine.dialect.scanner import TokenKind
from sql_extensions import option_values
from sql_extensions.cursor import Cursor, OptionValue

COMMENT = "comment"
TEXT_MAX, SECONDS_MAX, PORT_MAX = 1000, 300, 65_535
_ALIASES = {"dbname": "database", "username": "user"}
_KINDS = {kind.value: kind for kind in ConnectorKind} | {
    "postgresql": ConnectorKind.POSTGRES,
    "postgres_fdw": ConnectorKind.POSTGRES,
    "mariadb": ConnectorKind.MYSQL,
}
_NOT_BUILT = ("http", "jdbc")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Given:
    """Options as written, by name. `comment`: the option of that name."""

    plain: Mapping[str, OptionValue] = field(default_factory=dict)
    secrets: Mapping[str, SecretGiven] = field(default_factory=dict)
    comment: str | None = None


def parse_kind(c: Cursor) -> ConnectorKind:
    """Raises InvalidParameterValue (22023) with the nearest word, FeatureNotSupported (0A000)."""
    at, word = c.here(), c.name().lower()
    if word in _NOT_BUILT:
        raise FeatureNotSupported(f"connections of type {word} are not supported", position=at)
    if word not in _KINDS:
        words = [kind.value for kind in ConnectorKind]
        raise InvalidParameterValue(
            f'unrecognized connection type "{word}"', hint=_nearest(word, words, "Types"), position=at
        )
    return _KINDS[word]


def parse(c: Cursor, kind: ConnectorKind | None, *, equals: bool = True) -> Given:
    """`( key = value [, ...] )`; without `equals` also PostgreSQL's `( key 'value' )`. `kind` None: not known yet."""
    plain: dict[str, OptionValue] = {}
    secrets: dict[str, SecretGiven] = {}
    comment: str | None = None
    seen: set[str] = set()
    c.expect("(")
    while True:
        at, written = c.here(), c.name().lower()
        key = _ALIASES.get(written, written)
        if key in seen:
            raise SqlSyntaxError(f'option "{written}" is given twice', position=at)
        seen.add(key)
        check_name(key, kind, at)
        if equals:
            c.expect("=")
        else:
            c.take("=")
        if key == COMMENT:
            comment = c.string()
        elif (named := _secret_name(c)) is not None:
            secrets[key] = SecretGiven(name=named)
        elif _is_secret(key, kind):
            token = c.peek()
            if token is None or token.kind is not TokenKind.STRING:
                c.fail("a string, or SECRET and the name of one")
            secrets[key] = SecretGiven(value=c.string())
        else:
            plain[key] = c.option_value()
        if not c.take(","):
            c.expect(")")
            return Given(plain, secrets, comment)


def check_name(key: str, kind: ConnectorKind | None, at: int | None = None) -> None:
    """Raises InvalidParameterValue (22023), naming the nearest option."""
    kinds = [kind] if kind is not None else list(ConnectorKind)
    known = [name for one in kinds for name in OPTIONS[one]] + [COMMENT]
    if key not in known:
        raise InvalidParameterValue(
            f'unrecognized connection option "{key}"',
            hint=_nearest(key, sorted(set(known)), "Options" if kind is None else f"Options of {kind.value}"),
            position=at,
        )


def checked(kind: ConnectorKind, given: Given) -> dict[str, str]:
    """The plain options as the store has them. Raises InvalidParameterValue (22023)."""
    for key in (*given.plain, *given.secrets):
        check_name(key, kind)
    for key, secret in given.secrets.items():
        if OPTIONS[kind][key].type is not OptionType.SECRET:
            raise InvalidParameterValue(f'connection option "{key}" is not a secret', hint="Write its value as text.")
        if secret.value == "":
            raise InvalidParameterValue(f'connection option "{key}" must not be empty')
    found: dict[str, str] = {}
    for key, value in given.plain.items():
        option = OPTIONS[kind][key]
        try:
            found[key] = _read(option, value)
        except (ValueError, OverflowError, SqlError) as error:
            wanted = f"one of {', '.join(option.words)}" if option.words else option.type.value
            raise InvalidParameterValue(
                f'invalid value for connection option "{key}": {value}', hint=f"{key} is {wanted}."
            ) from error
    return found


def check_complete(kind: ConnectorKind, options: Mapping[str, str]) -> None:
    """Raises InvalidParameterValue (22023) for what a connection of the kind needs and has not."""
    for key, option in OPTIONS[kind].items():
        if option.required and key not in options:
            raise InvalidParameterValue(f'connection of type {kind.value} needs option "{key}"')


def says_where(kind: ConnectorKind, given: Given) -> bool:
    """Whether the options say where the other system is."""
    return any(OPTIONS[kind][key].where for key in given.plain if key in OPTIONS[kind])


def address_of(kind: ConnectorKind, options: Mapping[str, str]) -> tuple[str, int] | None:
    """(host, port) that checked options lead to; None: Amazon's own S3."""
    if kind is not ConnectorKind.S3:
        port = options.get("port", OPTIONS[kind]["port"].default)
        return options["host"], int(port or 0)
    if "endpoint" not in options:
        return None
    url = urlsplit(options["endpoint"])
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def create_statement(connection: Connection) -> str:
    """CREATE CONNECTION with every option in force. A password of its own is left out: a comment says so."""
    listed, hidden = [], []
    for key, option in OPTIONS[connection.kind].items():
        if (use := connection.secrets.get(key)) is not None:
            if use.name is None:
                hidden.append(key)
            else:
                listed.append(f"{key} = SECRET {quote_ident(use.name)}")
        elif (value := connection.option(key)) is not None:
            bare = option.type in (OptionType.PORT, OptionType.SECONDS, OptionType.TRUTH)
            listed.append(f"{key} = {value if bare else quote_literal(value)}")
    if connection.comment is not None:
        listed.append(f"{COMMENT} = {quote_literal(connection.comment)}")
    left_out = f" /* {', '.join(hidden)}: not shown */" if hidden else ""
    name = quote_ident(connection.name)
    return f"CREATE CONNECTION {name} TYPE {connection.kind.value} WITH ({', '.join(listed)}){left_out}"


def _secret_name(c: Cursor) -> str | None:
    after = c.peek(1)
    if not c.at("SECRET") or after is None or after.kind not in (TokenKind.WORD, TokenKind.QUOTED):
        return None
    c.take("SECRET")
    return c.identifier()


def _is_secret(key: str, kind: ConnectorKind | None) -> bool:
    kinds = [kind] if kind is not None else list(ConnectorKind)
    return any(key in OPTIONS[one] and OPTIONS[one][key].type is OptionType.SECRET for one in kinds)


def _read(option: ConnectionOption, value: OptionValue) -> str:
    """Raises ValueError, SqlError."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    match option.type:
        case OptionType.HOST:
            return host_of(text)
        case OptionType.PORT | OptionType.SECONDS:
            most = PORT_MAX if option.type is OptionType.PORT else SECONDS_MAX
            number = option_values.count(1)(value)
            return str(number if number <= most else _invalid())
        case OptionType.TRUTH:
            return str(option_values.truth(value)).lower()
        case OptionType.WORD:
            return option_values.word(*option.words)(value)
        case OptionType.URL:
            return _url(text)
        case OptionType.NAME:
            return text if _NAME.fullmatch(text) else _invalid()
        case OptionType.TEXT:
            return text if text.isprintable() and 1 <= len(text) <= TEXT_MAX else _invalid()
        case OptionType.SECRET:
            raise TypeError("a secret is not a plain value")


def _url(text: str) -> str:
    url = urlsplit(text)
    plain = url.scheme in ("http", "https") and not url.query and not url.fragment and "@" not in url.netloc
    if not plain or url.path not in ("", "/") or not text.isprintable() or url.port == 0:
        _invalid()
    host_of(url.hostname or "")
    return text.rstrip("/")


def _invalid() -> str:
    raise ValueError("not a value of that kind")


def _nearest(word: str, words: list[str], what: str) -> str:
    near = difflib.get_close_matches(word, words, 1, 0.5)
    return f'Did you mean "{near[0]}"?' if near else f"{what} are {', '.join(words)}."
