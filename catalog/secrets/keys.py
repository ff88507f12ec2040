"""The keys of a server in step with its store: one for all gateways, rotated by a new first line of the file."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from catalog.errors import ObjectNotInPrerequisiteState
from catalog.secrets.sealing import Key, make_key, read_keys, seal, unseal
from catalog.store.database import Database
from catalog.store.tables import secrets, server_secrets

FINGERPRINT = "secret key fingerprint"
"""In `server_secrets`: of the key that new values are sealed with."""
LOCK = 0x6B736563
"""Key of the advisory lock under which the key is made or changed."""
BATCH = 500


class ServerKeys:
    """Of one gateway process; safe for many threads. The file is read at each use: a new one needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rotated_to: bytes | None = None

    def prepare(self, database: Database) -> None:
        """Make the file at first use of all gateways; if its first line is a new key, seal all values with that. In a
        transaction of its own: what comes after may fail.

        Raises ObjectNotInPrerequisiteState (55000) if the store's key is not in the file, IoError.
        """
        with database.begin() as connection:
            recorded, keys = _recorded(connection), read_keys(self._path)
            if recorded is not None and not (keys is not None and self._is_news(keys, recorded)):
                return
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
            recorded = _recorded(connection)
            if recorded is None:
                recorded = (read_keys(self._path) or (make_key(self._path),))[0].fingerprint
                connection.execute(insert(server_secrets).values(name=FINGERPRINT, value=recorded))
            keys = read_keys(self._path)
            if keys is not None and self._is_news(keys, recorded):
                _current(keys, recorded)
                _seal_anew(connection, keys)

    def known(self, connection: Connection) -> tuple[Key, ...]:
        """The keys of the file, the one to seal with first; until the transaction's end it stays the store's.

        Raises ObjectNotInPrerequisiteState (55000), IoError.
        """
        connection.execute(select(func.pg_advisory_xact_lock_shared(LOCK)))
        recorded, keys = _recorded(connection), read_keys(self._path)
        if keys is None or recorded is None:
            raise _missing("this server has no file of keys for secrets, and the store's secrets need one")
        current = _current(keys, recorded)
        with self._lock:
            self._rotated_to = keys[0].fingerprint
        return (current, *(key for key in keys if key is not current))

    def _is_news(self, keys: Sequence[Key], recorded: bytes) -> bool:
        """Whether the file begins with another key than the store's, and did not when it was last looked at: gateways
        whose files differ in order would otherwise undo each other's work.
        """
        first = keys[0].fingerprint
        with self._lock:
            return first not in {recorded, self._rotated_to}


def _recorded(connection: Connection) -> bytes | None:
    found = connection.execute(select(server_secrets.c.value).where(server_secrets.c.name == FINGERPRINT)).scalar()
    return None if found is None else bytes(found)


def _current(keys: Sequence[Key], recorded: bytes) -> Key:
    found = next((key for key in keys if key.fingerprint == recorded), None)
    if found is None:
        raise _missing("this server has another key for secrets than the one that they are sealed with")
    return found


def _seal_anew(connection: Connection, keys: Sequence[Key]) -> None:
    """All values of all tenants with the first key, and note that it is the store's. Under the lock."""
    rows = select(secrets.c.id, secrets.c.tenant_id, secrets.c.sealed).where(secrets.c.sealed.is_not(None))
    last = None
    while True:
        page = rows.order_by(secrets.c.id).limit(BATCH).with_for_update()
        found = connection.execute(page if last is None else page.where(secrets.c.id > last)).all()
        if not found:
            break
        for row in found:
            text = unseal(bytes(row.sealed), keys, row.tenant_id, row.id)
            sealed = seal(text, keys[0], row.tenant_id, row.id)
            connection.execute(update(secrets).where(secrets.c.id == row.id).values(sealed=sealed))
        last = found[-1].id
    name = server_secrets.c.name == FINGERPRINT
    connection.execute(update(server_secrets).where(name).values(value=keys[0].fingerprint))


def _missing(message: str) -> ObjectNotInPrerequisiteState:
    return ObjectNotInPrerequisiteState(
        message, hint="Copy the file of keys of a gateway that works to this one (setting secret_key_file)."
    )
