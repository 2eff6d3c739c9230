"""Keys that take another's place, as gates see it: no moment without one, no old one that counts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from office.errors import OfficeError
from office.floor_lowering import lower_floor
from office.key_rotation import drop_root, new_root, rotate, switch_root
from office.keys import KeyDirectory
from sync.chain import Anchor
from sync.delegation import MAX_WITHDRAWN, Role, Withdrawals
from sync.statements.authority import Authority
from sync.statements.floor_lowering import verify_floor_lowering
from sync.statements.order import Order, sign_order, verify_order
from sync.statements.order_kinds import OrderKind
from sync.statements.refusal import StatementError

ESTATE = bytes.fromhex("0f1e2d3c4b5a6978")
GATE = 7
NOW, LATER = 1_800_000_000, 1_900_000_000


def counting() -> Callable[[int], bytes]:
    """Stands in for randomness: another seed at each call."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


DRAW = counting()


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    made = KeyDirectory.create(tmp_path / "keys", ESTATE, random_bytes=DRAW)
    made.create_key("hub", random_bytes=DRAW)
    made.delegate("hub", Role.ONLINE, gates=frozenset({GATE}), issued_at=NOW, not_after=LATER)
    return made


def anchor(keys: KeyDirectory, *names: str) -> Anchor:
    """A gate that was provisioned with these roots."""
    return Anchor(ESTATE, GATE, tuple(keys.public(name) for name in names or ("root",)))


def order_by(keys: KeyDirectory, name: str, gate: Authority) -> None:
    """The gate judges an order that this key signs now; raises ``StatementError``."""
    order = Order(ESTATE, GATE, bytes(16), 1, OrderKind.FIRE_RESET, {"operator": "17"}, 10)
    data = sign_order(order, keys.signing(name), (keys.delegations()[name][1],))
    withdrawn = gate.learn((), keys.signed_withdrawals())
    assert verify_order(data, withdrawn, session_nonce=bytes(16), last_counter=0, floor=NOW) == order


def refused(keys: KeyDirectory, name: str, gate: Authority) -> str:
    with pytest.raises(StatementError) as why:
        order_by(keys, name, gate)
    return why.value.attack


def turn(keys: KeyDirectory, old: str = "hub", new: str = "hub-2", *, keep_old: bool = False) -> None:
    rotate(
        keys,
        old,
        new,
        random_bytes=DRAW,
        private_in=None,
        issued_at=NOW + 5,
        not_after=LATER,
        keep_old=keep_old,
    )


def test_a_new_key_has_role_and_gates_of_the_old_which_counts_no_more(keys: KeyDirectory) -> None:
    gate = Authority(anchor(keys))
    order_by(keys, "hub", gate)
    turn(keys)
    order_by(keys, "hub-2", gate)
    assert refused(keys, "hub", gate) == "withdrawn_key"
    assert keys.delegations()["hub-2"][0].gates == frozenset({GATE})


def test_an_old_key_may_stay_until_its_end(keys: KeyDirectory) -> None:
    gate = Authority(anchor(keys))
    turn(keys, keep_old=True)
    order_by(keys, "hub", gate)
    order_by(keys, "hub-2", gate)
    assert keys.signer(Role.ONLINE, GATE, NOW + 9)[0] == keys.signing("hub-2")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("nobody", "hub-2", "not delegated"),
        ("root", "hub-2", "not delegated"),
        ("hub", "hub", "new name"),
        ("hub", "other", "has a role already"),
    ],
)
def test_what_cannot_be_rotated_changes_nothing(keys: KeyDirectory, old: str, new: str, told: str) -> None:
    keys.create_key("other", random_bytes=DRAW)
    keys.delegate("other", Role.LIST, gates=None, issued_at=NOW, not_after=LATER)
    before = image(keys)
    with pytest.raises(OfficeError, match=told):
        turn(keys, old, new)
    assert image(keys) == before


def test_without_the_roots_stick_nothing_happens(keys: KeyDirectory, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (keys.path / "root.key").rename(stick / "root.key")
    before = image(keys)
    with pytest.raises(OfficeError, match="insert the stick that holds root.key"):
        turn(keys)
    assert image(keys) == before
    turn(replace(keys, places=(stick,)))
    assert "hub-2" in keys.names


def image(keys: KeyDirectory) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in keys.path.iterdir()}


def test_a_root_is_replaced_without_a_moment_in_which_a_gate_obeys_nobody(keys: KeyDirectory) -> None:
    keys.withdraw(b"12345678")
    old = Authority(anchor(keys))
    new_root(keys, "root-2", random_bytes=DRAW, private_in=None)
    order_by(keys, "hub", old)
    both = Authority(anchor(keys, "root", "root-2"))
    order_by(keys, "hub", both)
    assert switch_root(keys, "root-2", at=NOW + 9) == ["hub"]
    order_by(keys, "hub", both)
    only_new = Authority(anchor(keys, "root-2"))
    order_by(keys, "hub", only_new)
    assert keys.withdrawals().key_ids == {b"12345678"}
    drop_root(keys, "root")
    assert keys.roots == only_new.anchor.roots
    turn(keys)
    assert refused(keys, "hub", only_new) == "withdrawn_key"
    assert refused(keys, "hub-2", old) == "unknown_key"


def test_only_what_is_in_force_is_delegated_anew(keys: KeyDirectory) -> None:
    for name, until in (("lost", LATER), ("ended", NOW + 5)):
        keys.create_key(name, random_bytes=DRAW)
        keys.delegate(name, Role.LIST, gates=None, issued_at=NOW, not_after=until)
    keys.withdraw(keys.delegations()["lost"][0].key_id)
    new_root(keys, "root-2", random_bytes=DRAW, private_in=None)
    assert switch_root(keys, "root-2", at=NOW + 9) == ["hub"]


def test_roots_are_dropped_and_switched_with_care(keys: KeyDirectory) -> None:
    for act, told in (
        (lambda: switch_root(keys, "root", at=NOW), "signs already"),
        (lambda: switch_root(keys, "hub", at=NOW), "no root"),
        (lambda: drop_root(keys, "root"), "the signing root"),
        (lambda: drop_root(keys, "hub"), "no root"),
        (lambda: keys.withdraw(keys.signing("root").key_id), "cannot be withdrawn"),
        (lambda: keys.delegate("root", Role.LIST, gates=None, issued_at=1, not_after=2), "is a root"),
    ):
        with pytest.raises(OfficeError, match=told):
            act()
    for number in range(2, 5):
        new_root(keys, f"root-{number}", random_bytes=DRAW, private_in=None)
    with pytest.raises(OfficeError, match="4 roots at most"):
        new_root(keys, "root-5", random_bytes=DRAW, private_in=None)


@pytest.mark.parametrize("damage", ["", "a b c d e", "ö"])
def test_a_damaged_list_of_roots_is_named(keys: KeyDirectory, damage: str) -> None:
    (keys.path / "roots").write_text(damage, "utf-8")
    with pytest.raises(OfficeError, match="roots: must hold 1 to 4 names"):
        keys.withdraw(b"12345678")


def test_more_withdrawals_than_a_statement_names_are_not_signed(keys: KeyDirectory) -> None:
    ids = frozenset(number.to_bytes(8, "big") for number in range(MAX_WITHDRAWN))
    keys.keep_withdrawals(Withdrawals(ESTATE, 300, ids), keys.signing("root"))
    with pytest.raises(OfficeError, match="replace the root"):
        keys.withdraw(b"one more")
    keys.withdraw(next(iter(ids)))


def test_floor_lowerings_are_counted_for_each_gate_and_the_gate_takes_them(keys: KeyDirectory) -> None:
    gate = Authority(anchor(keys))
    for serial, at in ((1, NOW), (2, NOW - 500)):  # a clock that steps back gives no number twice
        lowering, data = lower_floor(keys, GATE, NOW - 900, issued_at=at)
        assert lowering.serial == serial
        assert verify_floor_lowering(data, gate, last_serial=serial - 1) == lowering
    assert lower_floor(keys, 8, NOW - 900, issued_at=NOW)[0].serial == 1
    assert lower_floor(keys, GATE, NOW - 900, issued_at=NOW, serial=90)[0].serial == 90
    assert lower_floor(keys, GATE, NOW - 900, issued_at=NOW)[0].serial == 91


@pytest.mark.parametrize(
    ("gate", "floor", "serial", "told"),
    [
        (0, NOW - 1, None, "no gate's id"),
        (GATE, NOW + 1, None, "must be a time that has passed"),
        (GATE, NOW - 1, 3, "was given number 5 already"),
    ],
)
def test_a_lowering_that_makes_no_sense_is_not_signed(
    keys: KeyDirectory, gate: int, floor: int, serial: int | None, told: str
) -> None:
    lower_floor(keys, GATE, NOW - 1, issued_at=NOW, serial=5)
    with pytest.raises(OfficeError, match=told):
        lower_floor(keys, gate, floor, issued_at=NOW, serial=serial)


def test_a_damaged_count_of_lowerings_is_told_with_its_cure(keys: KeyDirectory) -> None:
    (keys.path / "floor-lowerings").write_text("torn")
    with pytest.raises(OfficeError, match="damaged; restore it .* --serial"):
        lower_floor(keys, GATE, NOW, issued_at=NOW)
