"""The key directory: private, atomic, and what the root signs in it counts at a gate."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.keys import KeyDirectory
from sync.delegation import Role, parse_delegation, parse_withdrawals
from sync.keys import DELEGATION_DOMAIN, WITHDRAWALS_DOMAIN

ESTATE = bytes.fromhex("0f1e2d3c4b5a6978")
NOW = 1_800_000_000


def counting() -> Callable[[int], bytes]:
    """Stands in for randomness: another seed at each call."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    made = KeyDirectory.create(tmp_path / "keys", ESTATE, random_bytes=counting())
    made.create_key("list", random_bytes=lambda size: b"l" * size)
    return made


def delegate(keys: KeyDirectory, name: str = "list", *, at: int = NOW, until: int = 2 * NOW) -> bytes:
    keys.delegate(name, Role.LIST, gates=None, issued_at=at, not_after=until)
    return keys.delegations()[name][1]


def test_private_keys_are_for_their_owner_alone(keys: KeyDirectory) -> None:
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o700
    for path in keys.path.glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(keys.path.glob(".*.new"))


def test_a_key_others_may_read_is_refused(keys: KeyDirectory) -> None:
    (keys.path / "list.key").chmod(0o640)
    with pytest.raises(OfficeError, match="chmod 600"):
        keys.signing("list")


def test_root_signs_delegations_and_withdrawals(keys: KeyDirectory) -> None:
    delegation, signed = parse_delegation(delegate(keys))
    assert signed.holds(keys.public("root"), DELEGATION_DOMAIN)
    assert (delegation.estate_id, delegation.public) == (ESTATE, keys.public("list"))
    keys.withdraw(delegation.key_id)
    data = keys.signed_withdrawals()
    assert data is not None
    statement, signed = parse_withdrawals(data)
    assert signed.holds(keys.public("root"), WITHDRAWALS_DOMAIN)
    assert (statement.version, statement.key_ids) == (1, frozenset((delegation.key_id,)))


def test_withdrawals_add_up(keys: KeyDirectory) -> None:
    keys.withdraw(b"12345678")
    statement = keys.withdraw(b"abcdefgh")
    assert (statement.version, statement.key_ids) == (2, frozenset((b"12345678", b"abcdefgh")))


def test_serials_rise_although_the_clock_steps_back(keys: KeyDirectory) -> None:
    first, _ = parse_delegation(delegate(keys))
    second, _ = parse_delegation(delegate(keys, at=NOW - 86_400))
    assert second.serial > first.serial


def test_a_signer_must_be_in_force(keys: KeyDirectory) -> None:
    with pytest.raises(OfficeError, match="role list"):
        keys.signer(Role.LIST, 1, NOW)
    delegate(keys, until=NOW + 10)
    key, _ = keys.signer(Role.LIST, 1, NOW)
    assert key.public == keys.public("list")
    with pytest.raises(OfficeError, match="role list"):
        keys.signer(Role.LIST, 1, NOW + 10)
    keys.withdraw(key.key_id)
    with pytest.raises(OfficeError, match="role list"):
        keys.signer(Role.LIST, 1, NOW)
    with pytest.raises(OfficeError, match="withdrawn"):
        delegate(keys)


def test_without_its_private_key_a_name_cannot_sign(keys: KeyDirectory) -> None:
    delegate(keys)
    (keys.path / "list.key").unlink()
    with pytest.raises(OfficeError, match="role list"):
        keys.signer(Role.LIST, 1, NOW)


@pytest.mark.parametrize("name", ["list", "", "Root", "../root", "a" * 33])
def test_a_key_name_is_plain_and_used_once(keys: KeyDirectory, name: str) -> None:
    before = sorted(keys.path.iterdir())
    with pytest.raises(OfficeError):
        keys.create_key(name, random_bytes=counting())
    assert sorted(keys.path.iterdir()) == before


def test_an_old_directory_is_never_overwritten(keys: KeyDirectory) -> None:
    root = keys.public("root")
    with pytest.raises(OfficeError, match="not empty"):
        KeyDirectory.create(keys.path, ESTATE, random_bytes=counting())
    assert keys.public("root") == root


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("list.pub", "zz"),
        ("list.pub", "00"),
        ("estate.id", ""),
        ("list.delegation", "x"),
        ("withdrawals", "x"),
    ],
)
def test_damaged_files_are_named(keys: KeyDirectory, name: str, damage: str) -> None:
    delegate(keys)
    (keys.path / name).write_text(damage)
    with pytest.raises(OfficeError, match=name):
        delegate(keys)
