"""What tenants with a limit of bytes have read today, in the metadata store, over all gateways."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from catalog.store.database import Database
from catalog.store.tables import scans

KEPT = timedelta(days=7)


def today() -> date:
    """Days are those of UTC."""
    return datetime.now(UTC).date()


class Scans:
    """One tenant's. Usable from any thread."""

    def __init__(self, database: Database, tenant: UUID) -> None:
        self._database, self._tenant = database, tenant

    def take(self, day: date, size: int, limit: int) -> int | None:
        """Add `size` to what has been read on the day; None if that would be more than `limit`: nothing is added.

        Else what has been read by now, in bytes. Raises SqlError (08006).
        """
        row = insert(scans).values(tenant_id=self._tenant, day=day, bytes=size)
        total = scans.c.bytes + row.excluded.bytes
        added = row.on_conflict_do_update(
            index_elements=[scans.c.tenant_id, scans.c.day], set_={"bytes": total}, where=total <= limit
        ).returning(scans.c.bytes)
        if size > limit:
            return None
        with self._database.begin() as connection:
            found = connection.execute(added).scalar()
            if found == size:  # the first of the day
                connection.execute(delete(scans).where(scans.c.tenant_id == self._tenant, scans.c.day < day - KEPT))
            return None if found is None else int(found)

    def taken(self, day: date) -> int:
        """Bytes. Raises SqlError (08006)."""
        found = select(scans.c.bytes).where(scans.c.tenant_id == self._tenant, scans.c.day == day)
        with self._database.begin() as connection:
            return int(connection.execute(found).scalar() or 0)
