"""The keys of a key directory, as the hub uses them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.hub.planner import Powers
from office.hub.publisher import Publisher
from office.hub.reception import take_report
from office.hub.signers import DirectorySigners
from office.hub.store import HubStore
from office.keys import KeyDirectory
from sync.chain import Anchor
from sync.delegation import Role
from sync.encoding import encode_settings, stored
from sync.envelope import parse_envelope, seal
from sync.publishing import Destination, snapshot
from sync.update import ListVersion
from tests.support.estate import DAY, ESTATE_ID, NOW, SETTINGS, Gate, content, resident
from tests.support.hub import registered


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    """An estate's keys; the online key counts at gate 1 alone."""
    numbers = iter(range(100))

    def seed(size: int) -> bytes:
        return sha256(b"%d" % next(numbers)).digest()[:size]

    made = KeyDirectory.create(tmp_path / "keys", ESTATE_ID, random_bytes=seed)
    for role, gates in ((Role.LIST, None), (Role.ONLINE, frozenset({1}))):
        made.create_key(role.name.lower(), random_bytes=seed)
        made.delegate(role.name.lower(), role, gates=gates, issued_at=NOW, not_after=NOW + DAY)
    return made


def test_what_a_key_may_sign_depends_on_gate_and_time(keys: KeyDirectory) -> None:
    signers = DirectorySigners(keys)
    assert signers.powers(1, NOW) == Powers(list_key=True, online_key=True)
    assert signers.powers(2, NOW) == Powers(list_key=True, online_key=False)
    assert signers.powers(1, NOW + DAY) == Powers(list_key=False, online_key=False)


def test_a_stick_that_is_pulled_takes_the_list_key_along(keys: KeyDirectory, tmp_path: Path) -> None:
    stick, drawer = tmp_path / "stick", tmp_path / "drawer"
    stick.mkdir()
    (keys.path / "list.key").rename(stick / "list.key")
    signers = DirectorySigners(KeyDirectory(keys.path, (stick,)))
    assert signers.powers(1, NOW).list_key
    assert not signers.look()
    stick.rename(drawer)
    assert signers.look()
    assert not signers.look()
    assert signers.powers(1, NOW) == Powers(list_key=False, online_key=True)
    drawer.rename(stick)
    assert signers.look()
    assert signers.powers(1, NOW).list_key


def test_a_gate_takes_what_the_directorys_keys_sign(keys: KeyDirectory, tmp_path: Path) -> None:
    store = HubStore.found(tmp_path / "hub.db", ESTATE_ID)
    store.gates.add(registered(1))
    store.wanted.put(1, [stored(resident(1))], settings=encode_settings(SETTINGS), urgent=False, at=NOW)
    take_report(store, 1, None, NOW)
    publisher = Publisher(store, DirectorySigners(keys))
    gate, anchor = Gate(), Anchor(ESTATE_ID, 1, (keys.public("root"),))
    (data,) = publisher.advance(1, NOW).envelopes
    gate.offer(data, anchor)
    composed = publisher.raise_epoch(1, NOW)
    gate.offer(seal(composed.statement, [keys.signing("root")]), anchor)
    assert gate.current is not None
    assert gate.current.version.epoch == 2
    store.close()


def test_a_key_that_is_not_here_is_named(keys: KeyDirectory) -> None:
    signers = DirectorySigners(keys)
    destination = Destination(ESTATE_ID, 1)
    statement = snapshot(destination, content([resident(1)]), ListVersion(1, 1), issued_at=NOW)
    assert parse_envelope(signers.seal(statement, Role.LIST)).statement == statement
    (keys.path / "online.key").unlink()
    signers.look()
    with pytest.raises(OfficeError, match="no key of role online"):
        signers.seal(statement, Role.ONLINE)


def test_a_whole_list_brings_the_online_keys_delegation_along(keys: KeyDirectory) -> None:
    signers = DirectorySigners(keys)
    chain = {one.role: data for one, data in keys.delegations().values()}
    for gate_id, brought in ((1, (chain[Role.LIST], chain[Role.ONLINE])), (2, (chain[Role.LIST],))):
        statement = snapshot(
            Destination(ESTATE_ID, gate_id), content([resident(1)]), ListVersion(1, 1), issued_at=NOW
        )
        assert parse_envelope(signers.seal(statement, Role.LIST)).delegations == brought
