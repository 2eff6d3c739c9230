"""Taking an update: judged by trust, kept by the store, and nothing else ever changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.delegation import Role
from sync.delta import Put, Remove, Revoke, Step
from sync.encoding import stored
from sync.envelope import countersign, seal
from sync.keys import SigningKey
from sync.publishing import delta
from sync.records import RevocationReason, Tombstone
from sync.refusal import (
    ExpiredKeyError,
    GapError,
    ListRefusedError,
    MalformedError,
    RollbackError,
    WithdrawnKeyError,
    WrongGateError,
)
from sync.trust import Anchor
from sync.update import ListVersion
from terminal.list_updates import Taken, UnusableListError, take_update
from terminal.stores.list_format import Side
from terminal.stores.list_index import ListIndex
from terminal.stores.list_store import ListStore
from tests.support.estate import (
    ANCHOR,
    CHAIN,
    DAY,
    ESTATE_ID,
    GATE_ID,
    HERE,
    LISTS,
    MANAGER,
    NOW,
    ONLINE,
    ROOT,
    SETTINGS,
    card,
    content,
    delegate,
    first_list,
    key,
    resident,
    signed_snapshot,
    withdraw,
)

FLOOR = NOW - DAY


def open_store(directory: Path) -> ListStore:
    return ListStore(directory, estate_id=ESTATE_ID, gate_id=GATE_ID)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ListStore]:
    with closing(open_store(tmp_path)) as opened:
        yield opened


def take(store: ListStore, data: bytes, floor: int = FLOOR, anchor: Anchor = ANCHOR) -> Taken:
    return take_update(store, anchor, data, floor=floor)


def image(store: ListStore) -> object:
    """All that a refusal must leave as it is; trust memory aside."""
    current, list_content = store.current(), store.content()
    assert current is not None
    assert list_content is not None
    return (current.version, current.digest, store.envelopes(), list(list_content.records()))


def revocation(number: int, signer: SigningKey = ONLINE, *, withdrawals: bytes | None = None) -> bytes:
    """The delta 1.2 that ends the grant of card ``number`` of `first_list`."""
    steps: list[Step] = [Revoke(card(number).key, 1000 + number, RevocationReason.LOST, NOW + 60)]
    statement, _ = delta(HERE, (ListVersion(1, 1), first_list()), steps, issued_at=NOW + 60)
    return seal(statement, (signer,), delegations=CHAIN, withdrawals=withdrawals)


def test_a_first_list_comes_into_force_and_the_receipt_says_which(store: ListStore) -> None:
    receipt = take(store, signed_snapshot(first_list()))
    digest = first_list().digest(estate_id=ESTATE_ID, gate_id=GATE_ID, version=ListVersion(1, 1))
    assert receipt == Taken(ListVersion(1, 1), digest, NOW, unchanged=False, ended=frozenset())
    current = store.current()
    assert current is not None
    assert (current.version, current.digest) == (receipt.version, receipt.digest)


def test_a_delta_builds_on_what_is_stored_also_after_a_restart(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        take(store, signed_snapshot(first_list()))
    with closing(open_store(tmp_path)) as store:
        assert take(store, revocation(3)).version == ListVersion(1, 2)
        assert len(store.envelopes()) == 2


def test_the_same_list_again_gets_its_receipt_and_changes_nothing(store: ListStore) -> None:
    first = take(store, signed_snapshot(first_list()))
    before = image(store)
    again = take(store, signed_snapshot(first_list()))
    assert again == Taken(first.version, first.digest, first.issued_at, unchanged=True)
    assert image(store) == before


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (signed_snapshot(first_list(), 1, at=NOW - 1), RollbackError),
        (b"", MalformedError),
        (signed_snapshot(first_list(), 3)[:-20], MalformedError),
    ],
)
def test_a_refused_update_leaves_the_list_as_it_is(
    store: ListStore, data: bytes, refused: type[ListRefusedError]
) -> None:
    take(store, signed_snapshot(first_list(), 2))
    before = image(store)
    with pytest.raises(refused):
        take(store, data)
    assert image(store) == before


def test_a_list_for_another_gate_is_refused_on_a_gate_without_one(store: ListStore) -> None:
    with pytest.raises(WrongGateError):
        take(store, signed_snapshot(first_list()), anchor=Anchor(ESTATE_ID, 8, (ROOT.public,)))
    assert store.current() is None


def test_a_withdrawal_counts_even_if_the_update_that_brought_it_is_refused(tmp_path: Path) -> None:
    steps: list[Step] = [Revoke(card(3).key, 1003, RevocationReason.LOST, NOW)]
    statement, _ = delta(HERE, (ListVersion(1, 7), first_list()), steps, issued_at=NOW)
    gap = seal(statement, (LISTS,), delegations=CHAIN, withdrawals=withdraw(1, ONLINE))
    with closing(open_store(tmp_path)) as store:
        take(store, signed_snapshot(first_list(), 1))
        with pytest.raises(GapError):
            take(store, gap)
    with closing(open_store(tmp_path)) as store, pytest.raises(WithdrawnKeyError):
        take(store, revocation(3, ONLINE))


def test_a_withdrawal_counts_even_if_the_list_was_in_force_already(store: ListStore) -> None:
    take(store, signed_snapshot(first_list()))
    assert take(store, signed_snapshot(first_list(), withdrawals=withdraw(1, ONLINE))).unchanged
    with pytest.raises(WithdrawnKeyError):
        take(store, revocation(3, ONLINE))


def test_the_stored_list_is_a_floor_of_its_own(store: ListStore) -> None:
    take(store, signed_snapshot(first_list(), 1, at=NOW + 200))
    short = key("short")
    chain = (*CHAIN, delegate(short, Role.LIST, 9, until=NOW + 100))
    with pytest.raises(ExpiredKeyError):
        take(store, signed_snapshot(first_list(), 2, short, at=NOW + 50, chain=chain), floor=0)


def damage(path: Path, change: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(change).rowcount
        connection.commit()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = x'00' WHERE name = 'memory'",
        "UPDATE records SET data = x'00'",
        "DELETE FROM buckets WHERE number = 7",
    ],
)
def test_a_damaged_list_is_replaced_by_the_next_snapshot(tmp_path: Path, change: str) -> None:
    with closing(open_store(tmp_path)) as store:
        take(store, signed_snapshot(first_list(), 1))
        take(store, signed_snapshot(first_list(21), 2))
        damage(tmp_path / "list-b.db", change)
        receipt = take(store, signed_snapshot(first_list(22), 3))
        assert receipt.version == ListVersion(1, 3)
        assert store.faults
        after = store.content()
        assert after is not None
        assert len(list(after.records())) == 22


def test_the_list_before_stands_in_with_the_ends_that_came_since_and_those_that_were_lifted(
    store: ListStore, tmp_path: Path
) -> None:
    """2 moves out; 3 was suspended by telephone and is found again; 4 is lost."""
    moving = replace(resident(2), valid_until=NOW + DAY)
    version, built = ListVersion(1, 2), first_list(21)
    take(store, signed_snapshot(first_list()))
    take(store, signed_snapshot(built, 2))
    for step in (
        Revoke(card(3).key, 1003, RevocationReason.SUSPENDED, NOW),
        Revoke(card(4).key, 1004, RevocationReason.LOST, NOW),
        Put(stored(moving)),
        Put(stored(resident(3))),
    ):
        statement, built = delta(HERE, (version, built), [step], issued_at=NOW + 60)
        version = take(store, seal(statement, (LISTS,), delegations=CHAIN)).version
    store.close()
    os.truncate(tmp_path / "list-b.db", 5000)
    with closing(ListIndex(tmp_path)) as index:
        assert index.refresh().stands_in
        (lost,) = index.lookup(card(4).key).records
        assert isinstance(lost, Tombstone)
        assert index.lookup(card(2).key).records == (moving,)
        assert index.lookup(card(3).key).records == (resident(3),)


def test_a_list_whose_time_zone_is_not_known_here_locks_nobody_out(store: ListStore) -> None:
    take(store, signed_snapshot(first_list()))
    before = image(store)
    elsewhere = replace(SETTINGS, time_zone="Mars/Olympus")
    with pytest.raises(UnusableListError, match="Mars/Olympus.*tzdata"):
        take(store, signed_snapshot(content([resident(1)], elsewhere), 2, LISTS, MANAGER))
    assert image(store) == before


def test_trust_memory_that_cannot_be_read_is_damage_and_no_excuse_for_an_old_list(store: ListStore) -> None:
    take(store, signed_snapshot(first_list(), 5))
    take(store, signed_snapshot(first_list(21), 6))
    store._database(Side.B).keep_memory(b"not a trust memory")
    with pytest.raises(RollbackError):
        take(store, signed_snapshot(first_list(), 4))
    assert any("what trust remembers" in one for one in store.faults)


def test_only_what_this_very_update_ends_is_told_as_ended(store: ListStore) -> None:
    """Card 3 has a tombstone from before; its other grant is revoked, and card 4's vanishes."""
    older = Tombstone(77, 2003, card(3), RevocationReason.WITHDRAWN, NOW)
    records = [resident(number) for number in (1, 2, 3, 4, 5)]
    first = take(store, signed_snapshot(content([*records, older])))
    steps: list[Step] = [Revoke(card(3).key, 1003, RevocationReason.LOST, NOW), Remove(card(4).key, 1004)]
    base = (first.version, content([*records, older]))
    statement, _ = delta(HERE, base, steps, issued_at=NOW + 60)
    assert take(store, seal(statement, (LISTS,), delegations=CHAIN)).ended == frozenset({1003, 1004})


def test_with_both_databases_lost_no_older_list_comes_first(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        take(store, signed_snapshot(first_list(), 1))
        take(store, signed_snapshot(first_list(21), 2, withdrawals=withdraw(1, ONLINE)))
    for side in Side:
        os.truncate(tmp_path / side.file_name, 100)
    with closing(open_store(tmp_path)) as store:
        with pytest.raises(RollbackError, match=r"1\.1 is older than 1\.2"):
            take(store, signed_snapshot(first_list(), 1))
        assert store.current() is None
        take(store, signed_snapshot(first_list(21), 2))
        with pytest.raises(WithdrawnKeyError):
            take(store, revocation(3, ONLINE))


def test_a_manager_lets_a_mass_removal_pass(store: ListStore) -> None:
    take(store, signed_snapshot(first_list(40)))
    removal = signed_snapshot(content([resident(1)]), 2, at=NOW + 60)
    with pytest.raises(ListRefusedError, match="manager") as refused:
        take(store, removal)
    assert refused.value.attack == "mass_removal"
    assert take(store, countersign(removal, MANAGER)).version == ListVersion(1, 2)


@settings(max_examples=25)  # each writes a list of its own
@given(
    st.binary(max_size=400) | st.integers(0, 4000).map(lambda cut: signed_snapshot(first_list(3), 2)[:cut])
)
def test_only_refusals_escape_from_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    with closing(open_store(tmp_path_factory.mktemp("lists"))) as store:
        take(store, signed_snapshot(first_list(3)))
        before = image(store)
        if data == signed_snapshot(first_list(3), 2):
            return
        with pytest.raises(ListRefusedError):
            take(store, data)
        assert image(store) == before
