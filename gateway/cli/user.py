"""kadali user add, list, drop, password: who may log in, and to which database."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from gateway.cli.options import VISITING, add_settings, settings_of
from gateway.cli.password import password_for

if TYPE_CHECKING:
    from catalog.store import Store

_DESCRIPTION = """\
Manage who may log in. These commands work while the server runs (changes take effect at once) and without it.

  kadali user add anna --database sales --admin --data-dir DIR
  printf %s "$PASSWORD" | kadali user add bob --database sales --password-stdin --data-dir DIR
  kadali user list --data-dir DIR
"""
_PASSWORDS = "Without --password-stdin the terminal is asked; without a terminal a password is generated and printed."


def add_command(commands: Any) -> None:
    """`kadali user` and its actions."""
    parser = commands.add_parser(
        "user",
        help="manage who may log in",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = _action(actions, "add", "let a user into a database, which is made if missing", _add, _PASSWORDS)
    add.add_argument("name", metavar="NAME", help="name of the user")
    add.add_argument("--database", metavar="DB", required=True, help="database (tenant) to let the user into")
    add.add_argument("--admin", action="store_true", help="make the user an administrator of the database")
    _password_option(add)
    change = _action(actions, "password", "change a user's password", _password, _PASSWORDS)
    change.add_argument("name", metavar="NAME", help="name of the user")
    _password_option(change)
    drop = _action(actions, "drop", "shut a user out", _drop, "Data and tables of the user stay.")
    drop.add_argument("name", metavar="NAME", help="name of the user")
    drop.add_argument("--database", metavar="DB", help="only out of this database (default: of all)")
    shown = _action(actions, "list", "list users and their databases", _list, "One line for each user and database.")
    shown.add_argument("--database", metavar="DB", help="only users of this database")


def _action(actions: Any, name: str, summary: str, command: Any, more: str) -> argparse.ArgumentParser:
    description = f"{summary[0].upper()}{summary[1:]}. {more}"
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=description, allow_abbrev=False
    )
    add_settings(parser, VISITING)
    parser.set_defaults(command=command)
    return parser


def _password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _add(parsed: argparse.Namespace) -> int:
    from catalog.store.users import check_password, check_user_name

    check_user_name(parsed.name)
    opening = _store(parsed)
    password, was_generated = password_for(parsed.name, from_stdin=parsed.password_stdin)
    check_password(password)
    with opening as store:
        store.ensure_tenant(parsed.database)
        store.users.add(parsed.name, parsed.database, password, admin=parsed.admin)
    role = "administrator" if parsed.admin else "user"
    print(f'added {role} "{parsed.name}" to database "{parsed.database}"', file=sys.stderr)
    if was_generated:
        print(password)
    return 0


def _password(parsed: argparse.Namespace) -> int:
    opening = _store(parsed)
    password, was_generated = password_for(parsed.name, from_stdin=parsed.password_stdin)
    with opening as store:
        store.users.set_password(parsed.name, password)
    print(f'changed the password of user "{parsed.name}"', file=sys.stderr)
    if was_generated:
        print(password)
    return 0


def _drop(parsed: argparse.Namespace) -> int:
    with _store(parsed) as store:
        store.users.drop(parsed.name, parsed.database)
    print(f'dropped user "{parsed.name}"', file=sys.stderr)
    return 0


def _list(parsed: argparse.Namespace) -> int:
    with _store(parsed) as store:
        users = store.users.list(parsed.database)
    rows = [("user", "database", "admin", "since")]
    rows += [(u.name, u.database, "yes" if u.admin else "no", f"{u.created_at:%Y-%m-%d %H:%M:%S} UTC") for u in users]
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _store(parsed: argparse.Namespace) -> AbstractContextManager[Store]:
    from gateway.metadata import visited_store
    from gateway.observers.log import set_up_logging

    settings = settings_of(parsed, defaults={"log_level": "warning"})
    set_up_logging(settings)
    return visited_store(settings)
