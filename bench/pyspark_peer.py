"""Runs in a Python of its own, not in ours: pyspark's own client answers what the parent asks for.

Each line on standard input, {"sql", "repeat", "threads"}, is answered by one on standard output: {"seconds", "rows"}.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any


def main() -> None:
    from pyspark.sql import SparkSession

    remote = os.environ["KADALI_BENCH_REMOTE"]
    sessions = [SparkSession.builder.remote(remote).create() for _ in range(int(os.environ["KADALI_BENCH_SESSIONS"]))]
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        begun = time.perf_counter()
        if asked["threads"] == 1:
            rows = [_run(sessions[0], asked["sql"], asked["repeat"])]
        else:
            rows = _together(sessions[: asked["threads"]], asked["sql"], asked["repeat"])
        print(json.dumps({"seconds": time.perf_counter() - begun, "rows": sum(rows)}), flush=True)


def _run(session: Any, sql: str, repeat: int) -> int:
    return sum(session.sql(sql).toArrow().num_rows for _ in range(repeat))


def _together(sessions: list[Any], sql: str, repeat: int) -> list[int]:
    rows: list[int] = []
    threads = [threading.Thread(target=lambda s=s: rows.append(_run(s, sql, repeat))) for s in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rows


if __name__ == "__main__":
    main()
