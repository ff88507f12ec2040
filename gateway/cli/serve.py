"""kadali serve: a server in the foreground."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.options import add_settings, settings_of

_DESCRIPTION = """\
Run the server in the foreground until SIGINT or SIGTERM; it then accepts no new clients, lets running statements end
(see --shutdown-grace) and stops. A server that was killed recovers by itself at the next start.

  kadali serve --data-dir /srv/kadali
  kadali serve --config kadali.toml --host 0.0.0.0 --tls required
"""


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "serve",
        help="run the server",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_settings(parser)
    parser.set_defaults(command=_serve)


def _serve(parsed: argparse.Namespace) -> int:
    from gateway.listening import check_ports
    from gateway.observers.log import set_up_logging

    settings = settings_of(parsed)
    set_up_logging(settings)
    check_ports(settings)
    from gateway.build import serve

    return serve(settings)
