"""The options of CREATE and ALTER CLUSTER: their names, how their values are read and printed, their defaults."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from catalog.clusters.model import Backend, Cluster, ClusterSpec, EngineKind, Size, Tier
from catalog.errors import ConfigurationLimitExceeded, FeatureNotSupported, InvalidParameterValue, SqlSyntaxError
from catalog.names import quote_literal
from engine.clusters.endpoints import endpoint_of
from engine.dialect.scanner import TokenKind
from engine.spark import SPARK_VERSION
from sql_extensions import option_values as kinds
from sql_extensions.cursor import Cursor, OptionValue

Given = Mapping[str, OptionValue]
"""Options as written, by lower-case name; Spark's own settings with their full names."""
PERIODS = ("day", "week", "month")
ENGINES = {kind.value for kind in EngineKind}


@dataclass(frozen=True, slots=True)
class Option:
    """`field` is the specification's; `read` gives its value from what was written (ValueError: what is wanted)."""

    field: str
    read: Callable[[OptionValue], Any]
    show: Callable[[Any], str]


OPTIONS: Mapping[str, Option] = {
    "engine": Option("engine", lambda value: EngineKind(kinds.word(*ENGINES)(value)), lambda value: str(value.value)),
    "size": Option("size", lambda value: kinds.text(value).lower(), kinds.quoted),
    "min_workers": Option("min_workers", kinds.count(0), kinds.plain),
    "max_workers": Option("max_workers", kinds.count(1), kinds.plain),
    "driver_cores": Option("driver_cores", kinds.number, kinds.plain),
    "driver_memory": Option("driver_memory", kinds.memory, kinds.memory_quoted),
    "worker_cores": Option("worker_cores", kinds.number, kinds.plain),
    "worker_memory": Option("worker_memory", kinds.memory, kinds.memory_quoted),
    "auto_suspend": Option("auto_suspend_s", kinds.length_of_time, kinds.seconds_text),
    "auto_resume": Option("auto_resume", kinds.truth, kinds.plain),
    "initially_suspended": Option("initially_suspended", kinds.truth, kinds.plain),
    "auto_terminate": Option("auto_terminate_s", kinds.length_of_time, kinds.seconds_text),
    "max_lifetime": Option("max_lifetime_s", kinds.length_of_time, kinds.seconds_text),
    "max_concurrency": Option("max_concurrency", kinds.count(1), kinds.plain),
    "queue_limit": Option("queue_limit", kinds.count(0), kinds.plain),
    "queue_timeout": Option("queue_timeout_s", kinds.length_of_time, kinds.seconds_text),
    "statement_timeout": Option("statement_timeout_s", kinds.length_of_time, kinds.seconds_text),
    "budget": Option("budget", kinds.number, kinds.plain),
    "budget_period": Option("budget_period", kinds.word(*PERIODS), str),
    "on_budget": Option("on_budget", kinds.word("notify", "suspend", "reject"), str),
    "spark_version": Option("spark_version", kinds.text, kinds.quoted),
    "image": Option("image", kinds.text, kinds.quoted),
    "service_account": Option("service_account", kinds.text, kinds.quoted),
    "node_selector": Option("node_selector", kinds.pairs, kinds.pairs_text),
    "tolerations": Option("tolerations", kinds.tolerations, kinds.list_text),
    "priority": Option("priority", kinds.priority, kinds.quoted),
    "tags": Option("tags", kinds.pairs, kinds.pairs_text),
    "url": Option("url", kinds.text, kinds.quoted),
}
"""By the option's name. `workers`, `comment`, `token` and Spark's settings are read by `specified`."""
OTHERS = ("workers", "comment", "token")
_SHAPE = ("driver_cores", "driver_memory", "worker_cores", "worker_memory")
_BUDGET = ("budget_period", "on_budget")
_WORKERS = frozenset({"workers", "min_workers", "max_workers"})


def parse(c: Cursor, *, stops: tuple[str, ...] = ()) -> Given:
    """`( key = value [, ...] )`, or the bare list `key = value ...`, up to a word of `stops`."""
    found: dict[str, OptionValue] = {}
    listed = c.take("(")
    while True:
        at = c.here()
        key = _key(c)
        c.expect("=")
        if key in found:
            raise SqlSyntaxError(f'option "{key}" is given twice', position=at)
        check_name(key, at)
        found[key] = c.option_value()
        if listed:
            if c.take(","):
                continue
            c.expect(")")
            return found
        if c.at_end() or any(c.at(word) for word in stops):
            return found


def names(c: Cursor) -> tuple[str, ...]:
    """`( key [, ...] )` of RESET."""

    def one() -> str:
        at = c.here()
        key = _key(c)
        check_name(key, at)
        return key

    return c.in_parentheses(lambda: c.comma_list(one))


def check_name(key: str, at: int) -> None:
    """Raises InvalidParameterValue (22023), naming the nearest option."""
    if key in OPTIONS or key in OTHERS or key.startswith("spark."):
        return
    near = difflib.get_close_matches(key, [*OPTIONS, *OTHERS], 1, 0.5)
    hint = f'Did you mean "{near[0]}"?' if near else f"Options are {', '.join(sorted([*OPTIONS, *OTHERS]))}."
    raise InvalidParameterValue(f'unrecognized cluster option "{key}"', hint=hint, position=at)


def specified(given: Given, sizes: Mapping[str, Size], tier: Tier, backend: Backend | None) -> ClusterSpec:
    """The specification of a new cluster: what is given over what the size, the tier and the server say.

    Raises InvalidParameterValue (22023), FeatureNotSupported (0A000) for what this server cannot run.
    """
    values = _read(given)
    kind = values.get("engine", EngineKind.SPARK)
    if kind is not EngineKind.SPARK:
        raise FeatureNotSupported(f'engine "{kind.value}" is not built into this server', hint="engine = spark")
    if "url" in values:
        backend = Backend.EXTERNAL
        endpoint_of(values["url"])  # refuses what is none
    if backend is None:
        raise FeatureNotSupported(
            "this server has nothing to run clusters on",
            hint="Start it with --kubeconfig (Spark on Kubernetes) or --spark-home (Spark on this machine), or give "
            "the url of a Spark Connect endpoint.",
        )
    size = _size(values.get("size", tier.default_size), sizes)
    low, high = _workers(given, values, size)
    spec = ClusterSpec(
        engine=kind,
        backend=backend,
        size=size.name,
        min_workers=low,
        max_workers=high,
        driver_cores=size.driver_cores,
        driver_memory=size.driver_memory,
        worker_cores=size.worker_cores,
        worker_memory=size.worker_memory,
        max_lifetime_s=tier.max_lifetime_s,
    )
    return _with(spec, given, values)


def altered(before: ClusterSpec, given: Given, sizes: Mapping[str, Size], tier: Tier) -> ClusterSpec:
    """What ALTER ... SET and OR ALTER make of a specification: options not given stay."""
    values = _read(given)
    if values.get("engine", before.engine) is not before.engine:
        raise FeatureNotSupported("a cluster keeps its engine")
    if ("url" in values) and before.backend is not Backend.EXTERNAL:
        raise FeatureNotSupported("a cluster that this server runs cannot become an endpoint of others")
    if "url" in values:
        endpoint_of(values["url"])  # refuses what is none
    spec = before
    if "size" in values:
        size = _size(values["size"], sizes)
        own = before.named
        shape = {name: getattr(size, name) for name in _SHAPE if name not in own}
        spec = replace(spec, size=size.name, **shape)
        if not own & _WORKERS:
            spec = replace(spec, min_workers=size.workers, max_workers=size.workers)
    if _WORKERS & set(given):
        low, high = _workers(given, values, None, before)
        spec = replace(spec, min_workers=low, max_workers=high)
    return _with(spec, given, values)


def reset(before: Cluster, keys: tuple[str, ...], sizes: Mapping[str, Size], tier: Tier) -> ClusterSpec:
    """RESET: these options as if they had never been named."""
    spec = before.spec
    kept = spec.named - set(keys)
    if "url" in keys:
        raise InvalidParameterValue("the url of a cluster cannot be reset")
    workers = {"workers": spec.min_workers, "min_workers": spec.min_workers, "max_workers": spec.max_workers}
    given = {key: value for key, value in (written(spec) | workers).items() if key in kept}
    backend = None if spec.backend is Backend.EXTERNAL else spec.backend
    return specified(given, sizes, tier, backend)


def check_limits(spec: ClusterSpec, tier: Tier) -> None:
    """Raises ConfigurationLimitExceeded (53400) for a named option above what the tier allows; never is above all."""
    for key, limit, never in (
        ("max_concurrency", tier.concurrency, False),
        ("queue_limit", tier.queue, False),
        ("queue_timeout", tier.queue_timeout_s, True),
        ("max_lifetime", tier.max_lifetime_s, True),
    ):
        option = OPTIONS[key]
        value = getattr(spec, option.field)
        if key in spec.named and limit is not None and (value > limit if value is not None else never):
            shown = option.show(limit)
            raise ConfigurationLimitExceeded(f'tier "{tier.name}" allows {key} {shown}', hint=f"{key} <= {shown}")


def written(spec: ClusterSpec) -> dict[str, OptionValue]:
    """The options in force that CREATE CLUSTER would take, as values it reads."""
    found: dict[str, OptionValue] = {}
    for key, option in OPTIONS.items():
        value = getattr(spec, option.field)
        if value in (None, "", ()) and option.show is not kinds.seconds_text:
            continue
        if isinstance(value, Mapping) and not value:
            continue
        if key in _BUDGET and spec.budget is None and key not in spec.named:
            continue
        shown = option.show(value)
        found[key] = shown[1:-1].replace("''", "'") if shown.startswith("'") else shown
    if not spec.autoscales:
        found["workers"] = spec.min_workers
        del found["min_workers"], found["max_workers"]
    return found | dict(spec.spark)


def create_statement(cluster: Cluster, name: str, tier: Tier) -> str:
    """CREATE CLUSTER with every effective option; `name` is quoted where it must be. Never with a token."""
    own = cluster.spec
    spec = replace(
        own,
        max_concurrency=tier.concurrency if own.max_concurrency is None else own.max_concurrency,
        queue_limit=tier.queue if own.queue_limit is None else own.queue_limit,
        queue_timeout_s=tier.queue_timeout_s if own.queue_timeout_s is None else own.queue_timeout_s,
    )
    listed: list[str] = []
    for key, value in written(spec).items():
        if key.startswith("spark.") and key not in OPTIONS:
            listed.append(f'"{key}" = {quote_literal(str(value))}')
        elif key == "workers":
            listed.append(f"workers = {value}")
        else:
            listed.append(f"{key} = {OPTIONS[key].show(getattr(spec, OPTIONS[key].field))}")
    if cluster.comment is not None:
        listed.append(f"comment = {quote_literal(cluster.comment)}")
    return f"CREATE CLUSTER {name} WITH ({', '.join(listed)})"


def _key(c: Cursor) -> str:
    token = c.peek()
    name = c.name()
    return name if token is not None and token.kind is TokenKind.QUOTED else name.lower()


def _read(given: Given) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in given.items():
        option = OPTIONS.get(key)
        if option is None:
            continue
        try:
            values[key] = option.read(value)
        except (ValueError, OverflowError) as error:
            wanted = str(error) if "could not convert" not in str(error) else "a number"
            raise InvalidParameterValue(
                f'invalid value for cluster option "{key}": {value}', hint=f"{key} is {wanted}."
            ) from error
    return values


def _size(name: str, sizes: Mapping[str, Size]) -> Size:
    found = sizes.get(name)
    if found is None:
        raise InvalidParameterValue(f'size "{name}" does not exist', hint=f"Sizes are {', '.join(sizes)}.")
    return found


def _workers(
    given: Given, values: Mapping[str, Any], size: Size | None, before: ClusterSpec | None = None
) -> tuple[int, int]:
    """(min, max), from `workers` or the two; both kinds together are 22023."""
    if "workers" in given:
        if "min_workers" in given or "max_workers" in given:
            raise InvalidParameterValue("workers excludes min_workers and max_workers")
        try:
            number = kinds.count(1)(given["workers"])
        except ValueError as error:
            raise InvalidParameterValue(
                f'invalid value for cluster option "workers": {given["workers"]}', hint=f"workers is {error}."
            ) from error
        return number, number
    standard = (size.workers, size.workers) if size is not None else (0, 0)
    if before is not None:
        standard = (before.min_workers, before.max_workers)
    low = values.get("min_workers", min(standard[0], values.get("max_workers", standard[0])))
    high = values.get("max_workers", max(standard[1], low))
    if low > high:
        raise InvalidParameterValue("min_workers must not exceed max_workers")
    return int(low), int(high)


def _with(spec: ClusterSpec, given: Given, values: Mapping[str, Any]) -> ClusterSpec:
    """The given values that are fields of their own, Spark's settings, and what was named."""
    plain = {
        OPTIONS[key].field: value
        for key, value in values.items()
        if key not in ("size", "min_workers", "max_workers", "engine")
    }
    spark = {key: str(value) for key, value in given.items() if key.startswith("spark.")}
    known = {field.name for field in fields(ClusterSpec)}
    if not set(plain) <= known:
        raise TypeError("an option without a field")
    named = spec.named - _WORKERS if _WORKERS & set(given) else spec.named
    made = replace(
        spec,
        **plain,
        spark=MappingProxyType({**spec.spark, **spark}),
        named=named | (set(given) - {"comment", "token"}),
    )
    _check_runs_here(made)
    return made


def _check_runs_here(spec: ClusterSpec) -> None:
    """Options of what this server runs itself. Raises InvalidParameterValue (22023)."""
    if spec.backend is Backend.EXTERNAL:
        for key, value in (("budget", spec.budget), ("spark_version", spec.spark_version)):
            if value is not None:
                raise InvalidParameterValue(
                    f"{key} excludes url", hint="What a Spark Connect server of others runs is not known here."
                )
    if spec.spark_version not in (None, SPARK_VERSION):
        raise InvalidParameterValue(
            f'Spark "{spec.spark_version}" is not available', hint=f"This server runs Spark {SPARK_VERSION}."
        )
