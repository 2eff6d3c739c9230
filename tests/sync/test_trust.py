"""The attack table: each refusal by its name, and nothing at the gate has changed after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec import Struct
from msgspec.structs import replace

from sync.chain import Anchor
from sync.content import MemoryContent
from sync.delegation import Role, Withdrawals, sign_withdrawals
from sync.delta import Remove, Step
from sync.encoding import stored
from sync.envelope import UpdateKind, countersign, seal
from sync.keys import SigningKey
from sync.publishing import delta
from sync.records import RevocationReason, Tombstone
from sync.trust import ListRefusedError, TrustedList
from sync.update import Accepted, ListVersion, StoredRecord, Unchanged
from tests.support import estate
from tests.support.estate import (
    ANCHOR,
    CHAIN,
    DAY,
    ESTATE_ID,
    HERE,
    LISTS,
    MANAGER,
    NOW,
    ONLINE,
    ROOT,
    Gate,
    content,
    delegate,
    first_list,
    gate_with,
    resident,
    signed_snapshot,
    withdraw,
)
from tests.support.list_attacks import ATTACKS, OTHER, at_home, flip, mass_removal, put, revoke, withdrawn_key


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attack_is_refused_by_name_and_changes_nothing(attack: Callable[[Gate], bytes]) -> None:
    gate = at_home()
    data = attack(gate)
    before = gate.image()
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(data)
    assert attack.__name__.startswith(refused.value.attack)
    assert gate.image() == before
    # The next honest update still finds the list it builds on.
    gate.offer(gate.signed_delta([put(40)]))


def test_every_attack_of_the_format_is_in_the_table() -> None:
    named = {kind.attack for kind in ListRefusedError.__subclasses__()}
    assert len(named) == 15
    assert all(any(attack.__name__.startswith(name) for attack in ATTACKS) for name in named)


def test_first_list_must_be_a_snapshot() -> None:
    delta_of_another = gate_with(first_list()).signed_delta([put(30)], chain=CHAIN)
    with pytest.raises(ListRefusedError) as refused:
        Gate().offer(delta_of_another)
    assert refused.value.attack == "gap"


def test_same_list_again_is_answered_without_alarm() -> None:
    gate = at_home()
    before = gate.image()
    assert gate.current is not None
    again = gate.offer(gate.kept[-1])
    assert again == Unchanged(gate.current.version, gate.current.digest)
    assert gate.image() == before


def test_a_delta_shows_only_what_it_touches() -> None:
    gate = at_home()
    outcome = gate.offer(gate.signed_delta([revoke(1)], ONLINE))
    assert isinstance(outcome, Accepted)
    assert len(outcome.bucket_digests) == 1
    assert outcome.settings is None
    ended = stored(Tombstone(1001, 2001, estate.card(1), RevocationReason.LOST, NOW))
    assert list(outcome.puts) == list(outcome.later) == [ended]


def test_a_revocation_of_one_card_stays_small() -> None:
    gate = at_home()
    assert len(gate.signed_delta([revoke(1)], ONLINE)) <= 190


def test_grants_that_vanish_get_tombstones_for_the_previous_list() -> None:
    gate = gate_with(first_list(20))
    left = content([*(resident(number) for number in range(1, 19)), tombstone_of(19)])
    outcome = gate.offer(signed_snapshot(left, 2, at=NOW + 5))
    assert isinstance(outcome, Accepted)
    withdrawn = Tombstone(1020, 2020, estate.card(20), RevocationReason.WITHDRAWN, NOW + 5)
    assert sorted(outcome.later) == sorted([stored(tombstone_of(19)), stored(withdrawn)])


def tombstone_of(number: int) -> Tombstone:
    return Tombstone(1000 + number, 2000 + number, estate.card(number), RevocationReason.MOVED_OUT, NOW)


def test_a_removed_tombstone_is_no_revocation() -> None:
    gate = at_home()
    gate.offer(gate.signed_delta([revoke(1)]))
    outcome = gate.offer(gate.signed_delta([Remove(estate.card(1).key, 1001)]))
    assert isinstance(outcome, Accepted)
    assert (outcome.removed, outcome.later) == (((estate.card(1).key, 1001),), [])


def test_root_may_raise_the_epoch_and_the_way_back_is_shut() -> None:
    gate = gate_with(first_list())
    gate.offer(signed_snapshot(first_list(), (1 << 63) - 1))
    gate.offer(signed_snapshot(first_list(10), 1, ROOT, epoch=2))
    assert gate.current is not None
    assert gate.current.version == ListVersion(2, 1)
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.kept[1])
    assert refused.value.attack == "rollback"


def lost_at(version: ListVersion) -> Gate:
    """A gate that has had ``version`` and lost every list."""
    gate = gate_with(first_list())
    signer = ROOT if version.epoch > 1 else LISTS
    gate.offer(signed_snapshot(first_list(10), version.revision, signer, epoch=version.epoch, at=NOW + 60))
    gate.lose_list()
    return gate


@pytest.mark.parametrize(
    ("data", "attack"),
    [
        (signed_snapshot(first_list(), 4), "rollback"),
        (signed_snapshot(first_list(), 5), "equivocation"),
        (signed_snapshot(first_list(), 9, epoch=2), "role_too_weak"),
        (signed_snapshot(first_list(10), 5, at=NOW + 60), None),
        (signed_snapshot(first_list(), 6), None),
        (signed_snapshot(first_list(), 1, ROOT, epoch=2), None),
    ],
)
def test_after_the_loss_of_every_list_none_older_than_the_newest_ever_comes_first(
    data: bytes, attack: str | None
) -> None:
    gate = lost_at(ListVersion(1, 5))
    if attack is None:
        assert isinstance(gate.offer(data), Accepted)
        return
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(data)
    assert refused.value.attack == attack
    assert gate.current is None


def test_after_the_loss_of_every_list_a_delta_is_answered_with_a_gap() -> None:
    gate = gate_with(first_list())
    later = gate.signed_delta([put(30)])
    gate.lose_list()
    with pytest.raises(ListRefusedError, match="send a snapshot") as refused:
        gate.offer(later)
    assert refused.value.attack == "gap"


def test_keys_stay_withdrawn_when_every_list_is_lost() -> None:
    gate = gate_with(first_list())
    gate.offer(signed_snapshot(first_list(), 2, ROOT, withdrawals=withdraw(1, LISTS)))
    gate.lose_list()
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(signed_snapshot(first_list(), 3, LISTS))
    assert refused.value.attack == "withdrawn_key"


def test_a_list_that_stands_in_keeps_withdrawals_and_epoch_of_the_newest_ever() -> None:
    gate = gate_with(first_list())
    before = (gate.current, gate.content)
    gate.offer(signed_snapshot(first_list(), 1, ROOT, epoch=2, withdrawals=withdraw(1, ONLINE)))
    gate.current, gate.content = before
    for data, attack in (
        (gate.signed_delta([revoke(3)], ONLINE), "withdrawn_key"),
        (signed_snapshot(first_list(), 9), "rollback"),
        (signed_snapshot(first_list(5), 1, ROOT, epoch=2), "equivocation"),
    ):
        with pytest.raises(ListRefusedError) as refused:
            gate.offer(data)
        assert refused.value.attack == attack
    gate.offer(signed_snapshot(first_list(), 2, epoch=2))
    assert gate.current is not None
    assert gate.current.version == ListVersion(2, 2)


def test_expiry_of_its_key_never_voids_the_list_in_force() -> None:
    gate = gate_with(first_list())
    gate.floor = estate.FOREVER
    before = gate.image()
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.signed_delta([put(30)]))
    assert refused.value.attack == "expired_key"
    assert gate.image() == before
    fresh = delegate(LISTS, Role.LIST, 10, until=estate.FOREVER + DAY)
    gate.offer(gate.signed_delta([put(30)], chain=[fresh]))


def test_a_refusal_hands_out_newer_withdrawals() -> None:
    gate = at_home()
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(withdrawn_key(gate))
    assert refused.value.memory is not None
    gate.remember(refused.value.memory)
    with pytest.raises(ListRefusedError) as again:
        gate.offer(gate.signed_delta([put(30)], chain=CHAIN))
    assert again.value.attack == "withdrawn_key"
    assert again.value.memory is None


def test_an_unchanged_list_may_bring_newer_withdrawals() -> None:
    gate = gate_with(first_list())
    again = gate.offer(signed_snapshot(first_list(), withdrawals=withdraw(1, ONLINE)))
    assert isinstance(again, Unchanged)
    assert again.memory is not None
    gate.remember(again.memory)
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.signed_delta([revoke(1)], ONLINE))
    assert refused.value.attack == "withdrawn_key"


def test_an_older_withdrawal_never_undoes_a_newer_one() -> None:
    gate = at_home()
    gate.offer(gate.signed_delta([put(30)], withdrawals=withdraw(2, ONLINE)))
    gate.offer(gate.signed_delta([put(31)], withdrawals=withdraw(1)))
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.signed_delta([revoke(1)], ONLINE, chain=CHAIN, withdrawals=withdraw(1)))
    assert refused.value.attack == "withdrawn_key"


@pytest.mark.parametrize(
    ("statement", "attack"),
    [
        (withdraw(2, LISTS), "equivocation"),
        (sign_withdrawals(Withdrawals(ESTATE_ID, 3, frozenset()), OTHER), "unknown_key"),
        (sign_withdrawals(Withdrawals(b"estate 2", 3, frozenset()), ROOT), "wrong_estate"),
        (flip(withdraw(3), 4), "malformed"),
        (flip(withdraw(3), -1), "wrong_signature"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_forged_withdrawals_are_refused(statement: bytes, attack: str) -> None:
    gate = at_home()
    gate.offer(gate.signed_delta([put(30)], withdrawals=withdraw(2, ONLINE)))
    before = gate.image()
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.signed_delta([put(31)], withdrawals=statement))
    assert (refused.value.attack, refused.value.memory) == (attack, None)
    assert gate.image() == before


def test_of_one_key_the_newest_delegation_counts() -> None:
    gate = at_home()
    gate.offer(gate.signed_delta([put(30)], chain=[delegate(LISTS, Role.LIST, 8, until=NOW + DAY)]))
    gate.floor = NOW + DAY
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.signed_delta([put(31)], chain=CHAIN))
    assert refused.value.attack == "expired_key"


def test_a_replaced_root_takes_its_delegations_along() -> None:
    gate = at_home()
    anchor = Anchor(ESTATE_ID, ANCHOR.gate_id, (OTHER.public,))
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.signed_delta([put(30)]), anchor)
    assert refused.value.attack == "unknown_key"
    gate.offer(gate.signed_delta([put(30)], OTHER), anchor)


@pytest.mark.parametrize("second", [MANAGER, ROOT], ids=["manager", "root"])
def test_a_mass_removal_passes_with_a_second_signature(second: SigningKey) -> None:
    gate = at_home()
    proposal = mass_removal(gate)
    outcome = gate.offer(countersign(proposal, second))
    assert isinstance(outcome, Accepted)
    assert len(outcome.later) == 11
    # That list is the new baseline: ten more are nothing unusual.
    gate.offer(gate.signed_delta([revoke(number) for number in range(12, 22)]))


class Damaged(Struct):
    """A list store that has lost bytes: the digests are there, two records are not."""

    whole: MemoryContent

    def settings(self) -> bytes:
        return b"\xc1"

    def credential(self, key: bytes) -> list[StoredRecord]:
        return [replace(one, data=b"\xc1") for one in self.whole.credential(key)]

    def bucket(self, number: int) -> list[StoredRecord]:
        return [replace(one, data=b"\xc1") for one in self.whole.bucket(number)]

    def bucket_digests(self) -> list[bytes]:
        return list(self.whole.bucket_digests())

    def records(self) -> Iterator[StoredRecord]:
        return (replace(one, data=b"\xc1") for one in self.whole.records())


def test_a_damaged_list_refuses_deltas_and_takes_a_snapshot() -> None:
    gate = at_home()
    assert gate.content is not None
    damaged = TrustedList(ANCHOR, gate.current, Damaged(gate.content))
    with pytest.raises(ListRefusedError):
        damaged.update(gate.signed_delta([revoke(1)]), floor=NOW)
    outcome = damaged.update(signed_snapshot(gate.content, 4), floor=NOW)
    assert isinstance(outcome, Accepted)


def test_a_snapshot_may_skip_revisions_and_a_delta_may_not_be_replayed() -> None:
    gate = at_home()
    gate.offer(signed_snapshot(first_list(), 50))
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(gate.kept[2])
    assert refused.value.attack == "rollback"


def test_kind_on_the_wire_is_signed() -> None:
    steps: list[Step] = [put(30)]
    gate = at_home()
    assert gate.content is not None
    statement, _ = delta(HERE, (ListVersion(1, 3), gate.content), steps, issued_at=NOW)
    as_snapshot = replace(statement, kind=UpdateKind.SNAPSHOT, previous=0)
    with pytest.raises(ListRefusedError) as refused:
        gate.offer(seal(as_snapshot, [LISTS]))
    assert refused.value.attack == "malformed"
