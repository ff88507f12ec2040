"""Tiers and sizes: the server's built-in ones, or those of a TOML file (`--tiers`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from catalog.clusters.model import Size, Tier
from catalog.errors import ConfigFileError

GIB = 1 << 30
MIB = 1 << 20
_UNITS = {"": 1, "Ki": 1 << 10, "Mi": MIB, "Gi": GIB, "Ti": 1 << 40, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(Ki|Mi|Gi|Ti|K|M|G|T|)(?:B|b)?\s*")

SIZES = (
    Size("xsmall", 0.5, 1 * GIB, 0.25, 768 * MIB, 1),
    Size("small", 1, 2 * GIB, 1, 2 * GIB, 1),
    Size("medium", 2, 4 * GIB, 2, 8 * GIB, 2),
    Size("large", 4, 8 * GIB, 4, 16 * GIB, 4),
    Size("xlarge", 4, 16 * GIB, 8, 32 * GIB, 8),
)
"""xsmall fits, with two workers, on a machine of two cores."""
DEFAULT_TIER = Tier(
    "default",
    clusters=5,
    workers=4,
    cores=8,
    memory=16 * GIB,
    concurrency=10,
    queue=100,
    queue_timeout_s=300.0,
    default_size="xsmall",
)


@dataclass(frozen=True, slots=True)
class Tiers:
    """All tiers and sizes by name, and which tenant has which tier; the others have the one called `default`."""

    tiers: Mapping[str, Tier]
    sizes: Mapping[str, Size]
    tenants: Mapping[str, str]

    def of(self, tenant: str) -> Tier:
        """The tier of a tenant."""
        return self.tiers[self.tenants.get(tenant, DEFAULT_TIER.name)]

    @property
    def prices(self) -> Mapping[str, float]:
        """What a worker costs in an hour, by size, where it costs anything."""
        return {size.name: size.worker_hour_price for size in self.sizes.values() if size.worker_hour_price is not None}


BUILT_IN = Tiers({DEFAULT_TIER.name: DEFAULT_TIER}, {size.name: size for size in SIZES}, {})


def read_tiers(path: Path) -> Tiers:
    """The file's tiers and sizes beside the built-in ones, which it may redefine.

    Raises ConfigFileError naming the key that is wrong.
    """
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigFileError(f"tiers cannot be read from {path}: {error}") from error
    unknown = set(document) - {"tiers", "sizes", "tenants"}
    if unknown:
        raise ConfigFileError(f"{path}: unknown table {sorted(unknown)[0]!r}", hint="tiers, sizes, tenants")
    sizes, tiers = dict(BUILT_IN.sizes), dict(BUILT_IN.tiers)
    for name, given in _tables(path, document, "sizes"):
        sizes[name] = Size(name, **_values(path, f"sizes.{name}", given, Size))  # type: ignore[arg-type]
    for name, given in _tables(path, document, "tiers"):
        tiers[name] = Tier(name, **_values(path, f"tiers.{name}", given, Tier))  # type: ignore[arg-type]
    for tier in tiers.values():
        if tier.default_size not in sizes:
            raise ConfigFileError(f"{path}: tier {tier.name}: no size is called {tier.default_size!r}")
    tenants = document.get("tenants", {})
    for tenant, tier_name in tenants.items():
        if tier_name not in tiers:
            raise ConfigFileError(f"{path}: tenant {tenant}: no tier is called {tier_name!r}")
    return Tiers(tiers, sizes, tenants)


def memory_bytes(text: str) -> int:
    """'16Gi', '512MB', '1073741824': bytes. Raises ValueError."""
    found = _MEMORY.fullmatch(text)
    if found is None:
        raise ValueError(f"invalid amount of memory: {text!r}")
    return round(float(found[1]) * _UNITS[found[2]])


def memory_text(size: int) -> str:
    """The shortest exact form, as Kubernetes writes it: '16Gi', '1536Mi'."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return str(size)


def _tables(path: Path, document: dict[str, object], key: str) -> list[tuple[str, dict[str, object]]]:
    found = document.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(item, dict) for item in found.values()):
        raise ConfigFileError(f"{path}: {key} is not a table of tables")
    return list(found.items())


def _values(path: Path, where: str, given: dict[str, object], kind: type[Size] | type[Tier]) -> dict[str, object]:
    """The fields of a size or tier; memory may be text, numbers must be positive."""
    known = {field.name for field in fields(kind)} - {"name"}
    values: dict[str, object] = {}
    for key, value in given.items():
        if key not in known:
            raise ConfigFileError(f"{path}: {where}: unknown key {key!r}", hint=", ".join(sorted(known)))
        found = value
        if key.endswith("memory") or key == "bytes_scanned_per_day":
            try:
                found = memory_bytes(str(value))
            except ValueError as error:
                raise ConfigFileError(f"{path}: {where}: {key}: {error}") from error
        if key == "default_size":
            if not isinstance(found, str):
                raise ConfigFileError(f"{path}: {where}: {key} is the name of a size")
        elif isinstance(found, bool) or not isinstance(found, int | float) or found < 0:
            raise ConfigFileError(f"{path}: {where}: {key} is not a number")
        values[key] = found
    if kind is Size and (missing := known - set(values) - {"worker_hour_price"}):
        raise ConfigFileError(f"{path}: {where}: {sorted(missing)[0]} is missing")
    return values
