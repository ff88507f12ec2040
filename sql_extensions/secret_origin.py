"""Where a secret's value is, as CREATE and ALTER SECRET write it: AS 'value' or FROM a place."""

from __future__ import annotations

from catalog.secrets.model import Origin, SecretSource
from sql_extensions.cursor import Cursor


def parse_origin(c: Cursor, word: str) -> Origin:
    """What follows `word`, which is AS or FROM."""
    if word == "AS":
        return Origin(SecretSource.VALUE, value=c.string())
    source = SecretSource(c.one_of("ENV", "FILE", "KUBERNETES"))
    reference, key = c.string(), None
    if source is SecretSource.KUBERNETES:
        c.expect("KEY")
        key = c.string()
    return Origin(source, reference, key)
