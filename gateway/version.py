"""The version of this program: the one its package was installed with."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("kadali")
