"""kadali demo: a server on a data folder of its own, with sample data and a line to paste."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from gateway.cli.options import add_settings, settings_of
from gateway.settings import user_data_dir

_DESCRIPTION = """\
Run a server with sample data (orders, customers, parts, in the shape of TPC-H) and print a line to paste into a shell.
The data is loaded once; later starts find it. Stop with Ctrl-C.
"""
_SHOWN = {"data_dir": "~/.local/share/kadali/demo", "log_level": "warning"}
"""Defaults that differ from those of kadali serve."""


def add_command(commands: Any) -> None:
    """`kadali demo`."""
    parser = commands.add_parser(
        "demo",
        help="try it: a server with sample data",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--scale", metavar="N", type=_scale, default=0.01, help="size of the data; 1 is about 1 GB (default: 0.01)"
    )
    add_settings(parser, shown=_SHOWN)
    parser.set_defaults(command=_demo)


def _demo(parsed: argparse.Namespace) -> int:
    from gateway.demo.launch import DemoLoader, tell
    from gateway.listening import check_ports, free_port
    from gateway.observers.log import set_up_logging

    settings = settings_of(parsed, defaults=_SHOWN | {"data_dir": str(user_data_dir() / "demo")})
    if settings.pg_port == 0:
        settings = replace(settings, pg_port=free_port(settings.host))
    if settings.http_port == 0:
        settings = replace(settings, http_port=free_port(settings.host))
    set_up_logging(settings)
    check_ports(settings)
    tell(f"starting on the data folder {settings.data_dir}")
    loader = DemoLoader(settings, parsed.scale)
    loader.start()
    from gateway.build import serve

    code = serve(settings)
    return code or int(loader.failed)


def _scale(text: str) -> float:
    scale = float(text)
    if not 0 < scale <= 100:
        raise ValueError(text)
    return scale
