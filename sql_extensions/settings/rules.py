"""Which settings are special, as data: ours, kept from the shadow, refused, reported. No state lives here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalog.clusters.tiers import memory_text
from catalog.errors import FeatureNotSupported, InvalidName, InvalidParameterValue, UndefinedObject
from sql_extensions import as_of, option_values

ALIASES = {"cluster": "kadali.cluster", "as_of": "kadali.as_of"}
"""Bare names of our own settings (PostgreSQL refuses a bare unknown name, so nothing else can mean them)."""

LIST_INPUT = frozenset(
    """search_path datestyle temp_tablespaces local_preload_libraries session_preload_libraries createrole_self_grant
    shared_preload_libraries wal_consistency_checking log_destination restrict_nonsystem_relation_kind debug_io_direct
    synchronous_standby_names listen_addresses unix_socket_directories""".split()
)
"""PostgreSQL's GUC_LIST_INPUT: SET takes several values for these only."""

LIST_QUOTE = frozenset(
    "search_path temp_tablespaces local_preload_libraries session_preload_libraries shared_preload_libraries".split()
)
"""PostgreSQL's GUC_LIST_QUOTE: each value is an identifier."""

REPORTED = (
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "scram_iterations",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
)
"""PostgreSQL 16's GUC_REPORT: sent as ParameterStatus at the start and when they change."""

WITHHELD: Mapping[str, str | None] = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "client_encoding": "UTF8",
    "client_connection_check_interval": None,
    "tcp_keepalives_idle": None,
    "tcp_keepalives_interval": None,
    "tcp_keepalives_count": None,
    "tcp_user_timeout": None,
    "work_mem": None,
    "maintenance_work_mem": None,
    "autovacuum_work_mem": None,
    "logical_decoding_work_mem": None,
    "hash_mem_multiplier": None,
    "temp_buffers": None,
    "vacuum_buffer_usage_limit": None,
    "max_parallel_workers": None,
    "max_parallel_workers_per_gather": None,
    "max_parallel_maintenance_workers": None,
    "parallel_leader_participation": None,
    "effective_cache_size": None,
    "effective_io_concurrency": None,
    "maintenance_io_concurrency": None,
    "geqo_threshold": None,
    "geqo_effort": None,
    "geqo_pool_size": None,
    "geqo_generations": None,
    "from_collapse_limit": None,
    "join_collapse_limit": None,
    "jit": None,
    "jit_above_cost": None,
    "jit_inline_above_cost": None,
    "jit_optimize_above_cost": None,
    "commit_siblings": None,
    "backend_flush_after": None,
    "default_transaction_deferrable": None,
    "default_transaction_isolation": None,
    "standard_conforming_strings": None,
    "transform_null_equals": None,
    "array_nulls": None,
    "seed": None,
    "session_replication_role": None,
    "timezone_abbreviations": None,
    "default_table_access_method": None,
}
"""Checked by PostgreSQL, remembered and shown, but not in force in the shadow: its memory and time are the server's.

The value is the default to show where the shadow's own configuration must not be seen; None: the shadow's.
"""


def _is(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


HONOURED: Mapping[str, Callable[[str], bool]] = {
    "client_encoding": _is("UTF8", "SQL_ASCII"),
    "standard_conforming_strings": _is("on"),
    "transform_null_equals": _is("off"),
    "array_nulls": _is("on"),
    "session_replication_role": _is("origin"),
    "seed": lambda _value: False,
    "timezone_abbreviations": _is("Default"),
    "default_table_access_method": _is("heap"),
}
"""Settings of which only some (canonical) values can be honoured; any other is refused with 0A000."""


@dataclass(frozen=True, slots=True)
class OwnSetting:
    """A setting of ours: `check` gives the canonical value or raises SqlError."""

    name: str
    default: str
    description: str
    check: Callable[[str, as_of.ReadText], str]


PLACES = ("default", "auto", "embedded")
"""Values of kadali.cluster that name no cluster."""


def no_cluster(name: str) -> None:
    """Raises UndefinedObject (42704): where there are no clusters."""
    raise UndefinedObject(f'cluster "{name}" does not exist')


def _cluster(value: str, _read_text: as_of.ReadText) -> str:
    return value.lower() if value.lower() in PLACES else value


def _flight_numeric(value: str, _read_text: as_of.ReadText) -> str:
    if value.lower() not in FLIGHT_NUMERICS:
        raise InvalidParameterValue(
            f'invalid value for parameter "kadali.flight_numeric": "{value}"',
            hint=f"Available values: {', '.join(FLIGHT_NUMERICS)}.",
        )
    return value.lower()


def _spark_result(value: str, _read_text: as_of.ReadText) -> str:
    if value.lower() not in SPARK_RESULTS:
        raise InvalidParameterValue(
            f'invalid value for parameter "kadali.spark_result": "{value}"',
            hint=f"Available values: {', '.join(SPARK_RESULTS)}.",
        )
    return value.lower()


def _short_length(value: str) -> str:
    """A length of time, also as settings write it (20m, 20min, 1h), in words."""
    short = _SHORT.fullmatch(value.strip().lower())
    if short is not None:
        value = str(int(short[1]) * {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}[short[2]])
    return option_values.seconds_text(option_values.length_of_time(value)).strip("'")


_SHORT = re.compile(r"(\d{1,9})\s*(s|m|min|h|d)")
SIZING: Mapping[str, Callable[[str], str]] = {
    "worker_memory": lambda value: memory_text(option_values.memory(value)),
    "worker_cores": lambda value: option_values.plain(option_values.number(value)),
    "workers": lambda value: str(option_values.count(1)(value)),
    "worker_ttl": _short_length,
}
"""Settings that ask for a cluster of the session's own (kadali.worker_memory, ...): what spells their values."""


def _sizing(name: str) -> OwnSetting:
    def check(value: str, _read_text: as_of.ReadText) -> str:
        try:
            return SIZING[name](value) if value.strip() else ""
        except (ValueError, OverflowError, InvalidParameterValue) as error:
            raise InvalidParameterValue(f'invalid value for parameter "kadali.{name}": "{value}"') from error

    about = "how long it stays unused" if name == "worker_ttl" else f"its {name}"
    return OwnSetting(f"kadali.{name}", "", f"A cluster of the session's own: {about}; empty for the default.", check)


FLIGHT_NUMERICS = ("auto", "text", "float8")
SPARK_RESULTS = ("auto", "stream", "staged")
OWN: Mapping[str, OwnSetting] = {
    row.name: row
    for row in (
        OwnSetting(
            "kadali.as_of",
            "",
            "Time or tag at which the session's queries read every table; empty for now.",
            as_of.canonical,
        ),
        OwnSetting(
            "kadali.cluster",
            "default",
            "Where queries run: default, auto, embedded, or the name of a cluster.",
            _cluster,
        ),
        OwnSetting(
            "kadali.flight_numeric",
            "auto",
            "How numeric without precision goes to clients of Arrow Flight: auto, text, or float8.",
            _flight_numeric,
        ),
        OwnSetting(
            "kadali.spark_result",
            "auto",
            "How large results come from a cluster: auto, stream, or staged (as files, of any size).",
            _spark_result,
        ),
        *map(_sizing, SIZING),
    )
}

_CUSTOM = re.compile(r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*(?:\.[A-Za-z_\x80-\U0010ffff][\w$]*)+\Z")


def check_own_prefix(name: str) -> None:
    """Our prefix is reserved, as PostgreSQL's MarkGUCPrefixReserved does it. Raises InvalidName."""
    if name.lower().startswith("kadali.") and name.lower() not in OWN:
        raise InvalidName(f'invalid configuration parameter name "{name}"', detail='"kadali" is a reserved prefix.')


def is_custom(name: str) -> bool:
    """Whether PostgreSQL takes the name for a custom setting, which exists once it is set."""
    return "." in name and _CUSTOM.match(name) is not None


def check_honoured(name: str, value: str) -> None:
    """Raises FeatureNotSupported for a valid value that would silently have no effect here."""
    honoured = HONOURED.get(name.lower())
    if honoured is not None and not honoured(value):
        raise FeatureNotSupported(f'setting parameter "{name}" to "{value}" is not supported')


TRUE_WORDS = frozenset({"t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"})
_FALSE = frozenset({"f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"})


def boolean(name: str, value: str) -> str:
    """PostgreSQL's parse_bool: "on" or "off". Raises InvalidParameterValue (22023)."""
    word = value.strip().lower()
    if word in TRUE_WORDS:
        return "on"
    if word in _FALSE:
        return "off"
    raise InvalidParameterValue(f'parameter "{name}" requires a Boolean value')


ISOLATION_LEVELS = ("serializable", "repeatable read", "read committed", "read uncommitted")


def isolation(name: str, value: str) -> str:
    """An isolation level in PostgreSQL's spelling. Raises InvalidParameterValue (22023)."""
    if value.lower() not in ISOLATION_LEVELS:
        raise InvalidParameterValue(
            f'invalid value for parameter "{name}": "{value}"',
            hint=f"Available values: {', '.join(ISOLATION_LEVELS)}.",
        )
    return value.lower()


_MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_AMOUNT = re.compile(r"(\d+)(us|ms|s|min|h|d)?\Z")


def seconds(shown: str) -> float | None:
    """A timeout as SHOW prints it ("30s", "1min", "250ms") in seconds; None for 0, which means no limit."""
    match = _AMOUNT.match(shown)
    if match is None or match.group(1) == "0":
        return None
    return int(match.group(1)) * _MILLISECONDS[match.group(2) or "ms"] / 1000
