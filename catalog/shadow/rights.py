"""Owners and aclitems reduced to the roles a shadow knows: PostgreSQL takes no other, and one must not cost a shell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from catalog.model import Relation, Schema
from catalog.postgres.server import SUPERUSER

_ROLE = r'("(?:[^"]|"")*"|[^="/]*)'
_ACLITEM = re.compile(rf"{_ROLE}=([a-zA-Z*]*)/{_ROLE}\Z")


def of_relation(relation: Relation, roles: frozenset[str]) -> Relation:
    """`relation` itself if it names known roles only; else without the rest, owned by us if its owner is unknown."""
    acl = _known(relation.acl, roles)
    columns = tuple(
        column if (kept := _known(column.acl, roles)) == column.acl else replace(column, acl=kept or ())
        for column in relation.columns
    )
    if relation.owner in roles and acl == relation.acl and columns == relation.columns:
        return relation
    return replace(relation, owner=_known_owner(relation.owner, roles), acl=acl, columns=columns)


def of_schema(schema: Schema, roles: frozenset[str]) -> Schema:
    return replace(schema, owner=_known_owner(schema.owner, roles), acl=_known(schema.acl, roles))


def roles_of(aclitem: str) -> tuple[str, str]:
    """(grantee, grantor) of an aclitem; the grantee "" is PUBLIC."""
    match = _ACLITEM.match(aclitem)
    return ("", "") if match is None else (_unquote(match[1]), _unquote(match[3]))


def _known(acl: Sequence[str] | None, roles: frozenset[str]) -> tuple[str, ...] | None:
    if acl is None:
        return None
    return tuple(item for item in acl if all(role in roles or role == "" for role in roles_of(item)))


def _known_owner(owner: str, roles: frozenset[str]) -> str:
    return owner if owner in roles else SUPERUSER


def _unquote(role: str) -> str:
    return role[1:-1].replace('""', '"') if role.startswith('"') else role
