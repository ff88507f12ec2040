"""One session's settings: the values in force, undone and reset as PostgreSQL does it.

The session's shadow (a real PostgreSQL) checks and spells values when they are set; reading needs no round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from catalog.errors import ConnectionFailure, FeatureNotSupported, InvalidParameterValue, SqlError
from engine.base import Notice
from sql_extensions.settings import rules
from sql_extensions.settings.defaults import SettingDefault, SettingDefaults, Start
from sql_extensions.settings.set_config import SetConfigCalls
from sql_extensions.settings.values import SettingValues

_TRANSACTION = ("transaction_isolation", "transaction_read_only", "transaction_deferrable")


class SettingsServer(Protocol):
    """The PostgreSQL session that checks settings and answers catalog queries under them."""

    @property
    def is_open(self) -> bool: ...

    def read_text(self, sql: str, params: tuple[str | None, ...] = ()) -> list[tuple[str | None, ...]]:
        """Run one query in autocommit; all values as text. Connects if needed. Raises SqlError."""
        ...

    def restore_from(self, settings: Callable[[], Mapping[str, str]]) -> None:
        """Where a new connection takes its settings from."""
        ...


class Reset(Enum):
    """Instead of a value in SET."""

    DEFAULT = "default"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Mark:
    """The values at one moment, to come back to."""

    session: Mapping[str, str]
    local: Mapping[str, str]


class SessionSettings(SettingValues):
    """For one session and one thread at a time.

    `stored`: (name, value) of the server's and the role's defaults, `start`: of the startup packet and its options.
    RESET goes back to them. What is stored and no longer holds is left out, with a warning in `refused`. `definitions`
    tells the state of the catalog, on which the schemas of the search path depend.
    """

    def __init__(
        self,
        server: SettingsServer,
        defaults: SettingDefaults,
        *,
        user: str,
        definitions: Callable[[], object],
        stored: Iterable[tuple[str, str]] = (),
        start: Iterable[tuple[str, str]] = (),
        check_cluster: Callable[[str], None] = rules.no_cluster,
    ) -> None:
        """`check_cluster` raises what forbids kadali.cluster to be this name (42704, 42501)."""
        self._server, self._known = server, defaults
        self._check_cluster = check_cluster
        self._user, self._definitions = user, definitions
        self.refused: list[Notice] = []
        self._start: dict[str, str] = {}
        self._session: Mapping[str, str] = {}
        self._local: Mapping[str, str] = {}
        self._custom: dict[str, str] = {}
        """Spelling of custom settings, by lower-case name: once set they exist for the session."""
        self._reported: dict[str, str] = {}
        self._changed = False
        self._path: tuple[str, object, tuple[str, ...]] | None = None
        self.before_change: Callable[[], None] = lambda: None
        """Called before a query's set_config() is taken over: the session remembers what to go back to."""
        server.restore_from(self.for_shadow)
        self._begin(tuple(stored), tuple(start))

    # -- the statements ---------------------------------------------------------------------------------------------

    def set(self, name: str, value: str, *, local: bool = False) -> None:
        """SET: check, spell and remember. Raises SqlError (42704, 22023, 42501, 55P02, 0A000) as PostgreSQL would."""
        key = setting_key(name)
        checked = self._check(key, name, value)
        if rules.is_custom(key) and key not in rules.OWN:
            self._custom.setdefault(key, name)
        self._store(key, checked, local=local or key in _TRANSACTION)

    def spelled(self, name: str, value: str) -> str:
        """A characteristic of transactions in PostgreSQL's spelling. Raises InvalidParameterValue (22023)."""
        return rules.isolation(name, value) if name == "transaction_isolation" else rules.boolean(name, value)

    def set_list(self, name: str, values: tuple[str, ...], *, local: bool = False) -> None:
        """SET with one or several values as written. Raises also InvalidParameterValue where only one is taken."""
        key = setting_key(name)
        if len(values) > 1 and key not in rules.LIST_INPUT:
            raise InvalidParameterValue(f"SET {name} takes only one argument")
        if key in rules.LIST_QUOTE:
            values = self._quoted(values)
        self.set(name, ", ".join(values), local=local)

    def set_default(self, name: str, *, local: bool = False) -> None:
        """SET ... TO DEFAULT and, without `local`, RESET. Raises UndefinedObject (42704), FeatureNotSupported."""
        key = setting_key(name)
        if key in _TRANSACTION:
            raise FeatureNotSupported(f'parameter "{key}" cannot be reset')
        if key not in self._defaults() and key not in self._custom and key not in _HIDDEN:
            self._server.read_text("SELECT pg_catalog.set_config($1, NULL, true)", (name,))
            self._custom.setdefault(key, name)
        if local:
            self._replace(self._session, {**self._local, key: self._reset_value(key)})
        else:
            self._replace(_without(self._session, key), _without(self._local, key))

    def reset_all(self) -> None:
        """RESET ALL: the connection's start values; role and the transaction's own settings stay, as in PostgreSQL."""
        kept = ("role", "session_authorization", *_TRANSACTION)
        self._replace(_only(self._session, kept), _only(self._local, kept))

    def show(self, name: str) -> tuple[str, str]:
        """The setting's own spelling and its value. Raises UndefinedObject (42704), InsufficientPrivilege."""
        key = setting_key(name)
        value = self._value(key)
        if value is not None:
            return self._spelling(key), value
        [(hidden,)] = self._server.read_text("SELECT pg_catalog.current_setting($1)", (name,))
        return name, hidden or ""

    def show_all(self) -> list[SettingDefault]:
        """SHOW ALL: every setting but hidden and custom ones, with the value in force."""
        return [
            SettingDefault(row.name, self._value(key) or "", row.description) for key, row in self._defaults().items()
        ]

    def chosen(self) -> dict[str, str]:
        """What the client has chosen, by name: another session begun with it has the same settings."""
        return {self._custom.get(key, key): value for key, value in {**self._start, **self._session}.items()}

    # -- transactions -----------------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        return Mark(self._session, self._local)

    def restore(self, mark: Mark) -> None:
        """Come back to `mark`: ROLLBACK, to a savepoint or of all."""
        self._replace(mark.session, mark.local)

    def begin_block(self) -> None:
        """BEGIN: the transaction's own settings are those of default_transaction_* now, whatever comes later."""
        own = {name: self._value(name) or "" for name in _TRANSACTION}
        self._local = {**self._local, **own}

    def end_transaction(self, _committed: bool = True) -> None:
        """What SET LOCAL and SET TRANSACTION did is over."""
        if self._local:
            self._replace(self._session, {})

    # -- the shadow and the client ------------------------------------------------------------------------------------

    def for_shadow(self) -> dict[str, str]:
        """All that a newly opened shadow session must be told, by name."""
        in_force = {**self._start, **self._session, **self._local}
        return {self._custom.get(key, key): value for key, value in in_force.items() if _goes_to_shadow(key)}

    def follow(self, calls: SetConfigCalls) -> None:
        """After a query that called set_config(): take over what the shadow has in force now.

        Raises SqlError where SET would have refused the value; the shadow is then as before.
        """
        self.before_change()
        session, local = dict(self._session), dict(self._local)
        kept_out = self._take_back_withheld()
        for name in calls.names:
            if setting_key(name) in _TRANSACTION:
                raise FeatureNotSupported(
                    f'set_config() of "{setting_key(name)}" is not supported', hint="Use SET TRANSACTION."
                )
            if rules.is_custom(name) and setting_key(name) not in rules.OWN:
                self._custom.setdefault(setting_key(name), name)
        wanted = [row.name for key, row in self._defaults().items() if _goes_to_shadow(key)]
        wanted += self._custom.values()
        columns = ", ".join(f"pg_catalog.current_setting(${n + 1}, true)" for n in range(len(wanted)))
        [values] = self._server.read_text(f"SELECT {columns}", tuple(wanted))
        for name, found in (*kept_out, *zip(wanted, values, strict=True)):
            key = setting_key(name)
            if found is None or found == self._value(key):
                continue
            value = self._checked_after(key, found) if key in rules.OWN else found
            if key in calls.local:
                local[key] = value
            else:
                session[key] = value
                local.pop(key, None)
        self._note(session, local)

    def _take_back_withheld(self) -> list[tuple[str, str]]:
        """Settings that must not be in force in the shadow and now are: reset there; what they had been set to."""
        rows = self._server.read_text(
            "SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings"
            " WHERE source = 'session' AND name = ANY ($1::pg_catalog.text[])"
            " UNION ALL SELECT 'role', r FROM pg_catalog.current_setting('role') AS r WHERE r <> 'none'",
            ("{" + ",".join(rules.WITHHELD) + "}",),
        )
        found = [(name or "", value or "") for name, value in rows]
        if found:
            columns = ", ".join(f"pg_catalog.set_config(${n + 1}, NULL, false)" for n in range(len(found)))
            self._server.read_text(f"SELECT {columns}", tuple(name for name, _ in found))
        for name, value in found:
            self._check_honoured(name, value)
        return found

    def _checked_after(self, key: str, value: str) -> str:
        """The canonical value of a setting of ours that set_config() has set already; a bad one is taken back."""
        spelled = self._value(key) or ""
        try:
            spelled = self._check_own(key, value)
        finally:
            self._server.read_text("SELECT pg_catalog.set_config($1, $2, false)", (key, spelled))
        return spelled

    def initial_reports(self) -> list[tuple[str, str]]:
        """Every parameter PostgreSQL reports at the start of a session."""
        self._reported = {name: self._value(name.lower()) or "" for name in rules.REPORTED}
        self._changed = False
        return list(self._reported.items())

    def take_reports(self) -> list[tuple[str, str]]:
        """Reported parameters that have changed since they were last asked for (ParameterStatus)."""
        if not self._changed:
            return []
        self._changed = False
        now = {name: self._value(name.lower()) or "" for name in rules.REPORTED}
        changed = [(name, value) for name, value in now.items() if value != self._reported.get(name)]
        self._reported = now
        return changed

    @property
    def search_path(self) -> tuple[str, ...]:
        """current_schemas(false): the schemas of the path that exist and that the user may use."""
        value, state = self._value("search_path") or "", self._definitions()
        if self._path is None or self._path[:2] != (value, state):
            rows = self._server.read_text(
                "SELECT s FROM unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS p(s, n) ORDER BY n"
            )
            self._path = (value, state, tuple(schema for (schema,) in rows if schema is not None))
        return self._path[2]

    # -- inside ------------------------------------------------------------------------------------------------------

    def _begin(self, stored: Start, start: Start) -> None:
        """Take the start values: from one that began alike: who only connects needs no shadow."""
        spelled = self._known.spelled((*stored, *start))
        if spelled is not None:
            self._start, self._changed = dict(spelled), True
            return
        for name, value in stored:
            try:
                self._begin_with(name, value)
            except ConnectionFailure:
                raise
            except SqlError as error:
                self.refused.append(Notice("WARNING", error.message, error.code, error.detail, error.hint))
        for name, value in start:
            self._begin_with(name, value)
        if not self.refused and all(setting_key(name) in _SIMPLE for name, _ in (*stored, *start)):
            self._known.remember((*stored, *start), dict(self._start))

    def _begin_with(self, name: str, value: str) -> None:
        self.set(name, value)
        self._start.update(self._session)
        self._session = {}

    def _defaults(self) -> Mapping[str, SettingDefault]:
        return self._known.load(self._server)

    def _value(self, key: str) -> str | None:
        for values in (self._local, self._session, self._start):
            if key in values:
                return values[key]
        if key in _TRANSACTION:
            return self._value(f"default_{key}")
        return self._default(key)

    def _default(self, key: str) -> str | None:
        if key == "session_authorization":
            return self._user
        if key in _HIDDEN:
            return _HIDDEN[key]
        row = self._defaults().get(key)
        if row is not None:
            return row.value
        return "" if key in self._custom else None

    def _reset_value(self, key: str) -> str:
        return self._start.get(key) or self._default(key) or ""

    def _spelling(self, key: str) -> str:
        row = self._defaults().get(key)
        return row.name if row is not None else self._custom.get(key, key)

    def _check(self, key: str, name: str, value: str) -> str:
        """The value in PostgreSQL's spelling; leaves it in force in the shadow if it belongs there."""
        rules.check_own_prefix(name)
        self._defaults()
        own = rules.OWN.get(key)
        if own is not None:
            value = self._check_own(key, value)
        if key in _TRANSACTION:
            return self.spelled(key, value)
        passing = not _goes_to_shadow(key)
        [(spelled,)] = self._server.read_text(
            f"SELECT pg_catalog.set_config($1, $2, {'true' if passing else 'false'})",
            (own.name if own else name, value),
        )
        spelled = spelled or ""
        self._check_honoured(key, spelled)
        return spelled

    def _check_own(self, key: str, value: str) -> str:
        """The canonical value of a setting of ours."""
        spelled = rules.OWN[key].check(value, self._server.read_text)
        if key == "kadali.cluster" and spelled not in rules.PLACES:
            self._check_cluster(spelled)
        return spelled

    def _check_honoured(self, key: str, value: str) -> None:
        rules.check_honoured(self._spelling(key), value)
        if key == "role" and value not in ("none", self._user):
            raise FeatureNotSupported(f'SET ROLE to a role other than "{self._user}" is not supported')

    def _quoted(self, values: tuple[str, ...]) -> tuple[str, ...]:
        calls = ", ".join(f"pg_catalog.quote_ident(${n + 1})" for n in range(len(values)))
        [row] = self._server.read_text(f"SELECT {calls}", values)
        return tuple(text or "" for text in row)

    def _store(self, key: str, value: str, *, local: bool) -> None:
        if local:
            self._note(self._session, {**self._local, key: value})
        else:
            self._note({**self._session, key: value}, _without(self._local, key))

    def _note(self, session: Mapping[str, str], local: Mapping[str, str]) -> None:
        self._session, self._local, self._changed = session, local, True

    def _replace(self, session: Mapping[str, str], local: Mapping[str, str]) -> None:
        """Put other values in force, in the shadow too where they differ."""
        touched = {*self._session, *self._local, *session, *local}
        before = {key: self._value(key) for key in touched}
        self._note(session, local)
        names: list[str | None] = []
        for key in touched:
            value = self._value(key)
            if value != before[key] and _goes_to_shadow(key):
                names += [self._spelling(key), value]
        if names and self._server.is_open:
            calls = ", ".join(f"pg_catalog.set_config(${n + 1}, ${n + 2}, false)" for n in range(0, len(names), 2))
            self._server.read_text(f"SELECT {calls}", tuple(names))


_HIDDEN: Mapping[str, str] = {
    "is_superuser": "off",
    "in_hot_standby": "off",
    "role": "none",
    "session_authorization": "",
    "seed": "unavailable",
}
"""Settings that PostgreSQL leaves out of pg_settings."""


_SIMPLE = frozenset(
    """application_name client_encoding client_min_messages datestyle intervalstyle timezone extra_float_digits
    bytea_output standard_conforming_strings default_transaction_isolation default_transaction_read_only geqo
    statement_timeout lock_timeout idle_in_transaction_session_timeout idle_session_timeout search_path""".split()
)
"""Settings whose spelling depends on nothing but the values given: not on user, objects or extensions."""


def setting_key(name: str) -> str:
    """What a setting is known by: lower-case, our bare names with their prefix."""
    key = name.lower()
    return rules.ALIASES.get(key, key)


def _goes_to_shadow(key: str) -> bool:
    return key not in rules.WITHHELD and key not in _TRANSACTION and key not in ("role", "session_authorization")


def _without(values: Mapping[str, str], *keys: str) -> Mapping[str, str]:
    return {key: value for key, value in values.items() if key not in keys}


def _only(values: Mapping[str, str], keys: Iterable[str]) -> Mapping[str, str]:
    return {key: values[key] for key in keys if key in values}
