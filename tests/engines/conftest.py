"""The Delta fixtures of tests/delta serve the engines' tests as well."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "delta"))
