"""python -m bench [names]: run benchmarks, print a table for each, keep bench/results/*.json."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from bench.measure import Report, machine

NAMES = ("encoders", "drain", "small", "tpch", "clients", "catalog", "start", "commit", "flight", "spark")
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--rounds", type=int, default=5, help="alternated rounds of each comparison (default: 5)")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(NAMES)
    if unknown:
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}")
    print(f"ratios, medians of {chosen.rounds} alternated rounds (range); {machine()}")
    for name in chosen.names or NAMES:
        module = importlib.import_module(f"bench.{name}")
        print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        report = Report(name)
        module.run(report, chosen.rounds)
        report.save(RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
