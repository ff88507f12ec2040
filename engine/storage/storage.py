"""The storage of a tenant, or of this machine alone: which files belong to a URI, and what deltalake must be told."""

from __future__ import annotations

from catalog.errors import FeatureNotSupported
from engine.storage.files import Files, LocalFiles
from engine.storage.options import S3Options, delta_options
from engine.storage.place import is_s3, place
from engine.storage.s3 import S3Files


class Storage:
    """Folders of this machine and, with options, an S3-compatible store. Safe for many threads.

    `lake`: the folder whose folders are tenants'; no symbolic links are followed in those.
    """

    def __init__(self, s3: S3Options | None = None, lake: str | None = None) -> None:
        self.s3_options = s3
        self._local = LocalFiles(lake)
        self.s3 = S3Files(s3) if s3 is not None else None
        self._delta = delta_options(s3) if s3 is not None else None

    def place(self, uri: str) -> str:
        """As `engine.storage.place.place`; raises FeatureNotSupported also for an object store that is not set up."""
        found = place(uri)
        if is_s3(found) and self.s3 is None:
            raise _no_store()
        return found

    def files(self, place_: str) -> Files:
        """The files that a place is among."""
        if not is_s3(place_):
            return self._local
        if self.s3 is None:
            raise _no_store()
        return self.s3

    def delta(self, place_: str) -> dict[str, str] | None:
        """deltalake's `storage_options` for a place."""
        return self._delta if is_s3(place_) else None


def _no_store() -> FeatureNotSupported:
    return FeatureNotSupported(
        'tables on "s3" storage are not supported by this server',
        hint="Set lake_root to an s3:// URL and the s3_ settings.",
    )


LOCAL = Storage()
"""This machine's folders only."""
