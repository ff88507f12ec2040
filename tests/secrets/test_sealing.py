"""Sealing of values, and the file with the keys."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from catalog.errors import DataCorrupted, IoError, ObjectNotInPrerequisiteState
from catalog.secrets.sealing import Key, make_key, read_keys, seal, unseal

KEY, OTHER = Key(b"k" * 32), Key(b"o" * 32)
TENANT, SECRET = uuid4(), uuid4()


@pytest.mark.parametrize("text", ["geheim", "ü" * 100, "a\nb", "x" * 65_536])
def test_what_is_sealed_comes_back_and_cannot_be_seen(text: str) -> None:
    sealed = seal(text, KEY, TENANT, SECRET)
    assert unseal(sealed, [OTHER, KEY], TENANT, SECRET) == text
    assert text.encode() not in sealed and sealed != seal(text, KEY, TENANT, SECRET)


def test_a_value_is_that_of_one_secret_of_one_tenant() -> None:
    sealed = seal("geheim", KEY, TENANT, SECRET)
    for tenant, secret in ((uuid4(), SECRET), (TENANT, uuid4()), (SECRET, TENANT)):
        with pytest.raises(DataCorrupted):
            unseal(sealed, [KEY], tenant, secret)


def test_a_value_that_has_been_changed_is_noticed() -> None:
    sealed = seal("geheim", KEY, TENANT, SECRET)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises((DataCorrupted, ObjectNotInPrerequisiteState)):
            unseal(changed, [KEY], TENANT, SECRET)
    for length in (0, 8, 9, 20, 21, len(sealed) - 1):
        with pytest.raises((DataCorrupted, ObjectNotInPrerequisiteState)):
            unseal(sealed[:length], [KEY], TENANT, SECRET)


def test_another_key_is_told_apart_from_damage() -> None:
    with pytest.raises(ObjectNotInPrerequisiteState, match="another key"):
        unseal(seal("geheim", KEY, TENANT, SECRET), [OTHER], TENANT, SECRET)
    assert "k" * 32 not in repr(KEY)


def test_a_key_is_made_for_this_user_alone_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secrets.key"
    assert read_keys(path) is None
    made = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and read_keys(path) == (made,)
    with pytest.raises(IoError):
        make_key(path)
    assert read_keys(path) == (made,) and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("mode", "right"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False)])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int, right: bool) -> None:
    path = tmp_path / "key"
    path.write_bytes(base64.b64encode(KEY.value))
    path.chmod(mode)
    if right:
        assert read_keys(path) == (KEY,)
    else:
        with pytest.raises(ObjectNotInPrerequisiteState, match="read by others"):
            read_keys(path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "short", "a" * 44, base64.b64encode(b"x" * 31).decode(), "\0"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ObjectNotInPrerequisiteState, match="is not one"):
        read_keys(path)


def test_a_file_holds_several_keys(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"# new\n" + base64.b64encode(OTHER.value) + b"\r\n\n" + base64.b64encode(KEY.value))
    path.chmod(0o600)
    assert read_keys(path) == (OTHER, KEY)
