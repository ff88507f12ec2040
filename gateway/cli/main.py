"""Parsing the command line, calling the command, and telling errors: exit code 1; 2 for a wrong command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TextIO

from catalog.errors import SqlError
from gateway.cli import demo, serve, user
from gateway.version import VERSION

_DESCRIPTION = """\
Kadali answers PostgreSQL clients from Delta Lake tables.

Try it:          kadali demo
Run a server:    kadali serve --data-dir DIR
Let someone in:  kadali user add NAME --database DB --data-dir DIR
Then connect:    psql 'postgresql://NAME@127.0.0.1:5433/DB'
"""
_EPILOG = "Each command explains itself: kadali COMMAND --help"


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="kadali",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for add in (serve.add_command, demo.add_command, user.add_command):
        add(commands)
    version = commands.add_parser("version", help="print the version", description="Print the version.")
    version.set_defaults(command=_version)
    return top


def run(arguments: Sequence[str]) -> int:
    """The exit code. Wrong command lines end in SystemExit(2), as argparse does."""
    if not arguments:
        parser().print_help()
        return 2
    parsed = parser().parse_args(arguments)
    try:
        return int(parsed.command(parsed))
    except SqlError as error:
        report(error, sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def report(error: SqlError, stream: TextIO) -> None:
    """An error as psql shows it."""
    print(f"kadali: error: {error.message}", file=stream)
    if error.detail:
        print(f"DETAIL:  {error.detail}", file=stream)
    if error.hint:
        print(f"HINT:  {error.hint}", file=stream)


def _version(parsed: argparse.Namespace) -> int:
    print(f"kadali {VERSION}")
    return 0
