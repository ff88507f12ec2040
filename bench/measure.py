"""Ratios of alternated runs, and what processes cost in CPU time and memory."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
Cost = Callable[[], float]
"""Does the work once; what it cost, in any unit that both sides share (seconds, bytes)."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ratios of the rounds. `lower` True: below 1 is better for us (a cost), else above 1 (a throughput)."""

    name: str
    peer: str
    rounds: tuple[float, ...]
    lower: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def row(self) -> tuple[str, ...]:
        span = f"{min(self.rounds):.2f}-{max(self.rounds):.2f}"
        return self.name, self.peer, f"{self.median:.2f}", span, "lower" if self.lower else "higher", self.note


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is not a ratio (bytes, a count)."""

    name: str
    value: float
    unit: str
    note: str = ""

    def row(self) -> tuple[str, ...]:
        return self.name, "", f"{self.value:.4g} {self.unit}", "", "", self.note


@dataclass(slots=True)
class Report:
    """What one benchmark found; shown as it grows."""

    name: str
    rows: list[Ratio | Figure] = field(default_factory=list)

    def add(self, row: Ratio | Figure) -> None:
        self.rows.append(row)
        name, peer, value, span, _, note = row.row()
        print(
            f"  {name:44} {value:>12} {f'({span})' if span else '':14} {f'x {peer}' if peer else ''}  {note}",
            flush=True,
        )

    def skipped(self, what: str, reason: str) -> None:
        print(f"  {what}: skipped, {reason}", flush=True)

    def save(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        shown = [asdict(row) | ({"median": row.median} if isinstance(row, Ratio) else {}) for row in self.rows]
        (folder / f"{self.name}.json").write_text(json.dumps({"made": machine(), "rows": shown}, indent=1) + "\n")


def alternate(ours: Cost, peer: Cost, rounds: int, warm: int = 1) -> list[tuple[float, float]]:
    """(ours, peer) of each round, after `warm` runs of both. Who begins changes from round to round."""
    for _ in range(warm):
        ours(), peer()
    costs = []
    for number in range(rounds):
        if number % 2:
            theirs = peer()
            costs.append((ours(), theirs))
        else:
            mine = ours()
            costs.append((mine, peer()))
    return costs


def throughput(name: str, peer_name: str, costs: Sequence[tuple[float, float]], note: str = "") -> Ratio:
    """How many times the peer's speed: its cost over ours."""
    return Ratio(name, peer_name, tuple(peer / max(ours, 1e-9) for ours, peer in costs), note=note)


def latency(name: str, peer_name: str, costs: Sequence[tuple[float, float]], note: str = "") -> Ratio:
    """How many times the peer's cost: ours over its."""
    return Ratio(name, peer_name, tuple(ours / max(peer, 1e-9) for ours, peer in costs), lower=True, note=note)


def seconds(work: Callable[[], object], repeat: int = 1) -> Cost:
    """Wall time of `repeat` runs."""

    def cost() -> float:
        start = time.perf_counter()
        for _ in range(repeat):
            work()
        return time.perf_counter() - start

    return cost


def cpu_seconds(work: Callable[[], object], pid: Callable[[], Sequence[int]], repeat: int = 1) -> Cost:
    """CPU time that processes spent on `repeat` runs; children of theirs are not looked for."""

    def cost() -> float:
        before = sum(map(cpu_of, pid()))
        for _ in range(repeat):
            work()
        return sum(map(cpu_of, pid())) - before

    return cost


def cpu_of(pid: int) -> float:
    """CPU seconds a process has used, in steps of a clock tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def children(pid: int) -> list[int]:
    """All processes below, nearest first."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for each in level for child in parents.get(each, [])]
        found += level
    return found


def private_bytes(pid: int) -> int:
    """Memory that would be free if the process ended."""
    total = 0
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in lines:
        if line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1]) * 1024
    return total


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def machine() -> dict[str, object]:
    packages = ("kadali", "duckdb", "deltalake", "pyarrow", "psycopg", "numpy", "sqlglot", "uvloop")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: version for name in packages if (version := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
