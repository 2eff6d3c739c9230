"""The attack table of signed statements: each is refused by the attack's name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from sync import codec
from sync.chain import Anchor
from sync.delegation import Role
from sync.keys import SigningKey
from sync.statements import floor_lowering, order, pulse, receipt, refusal
from sync.statements.authority import Authority
from sync.statements.refusal import StatementError
from sync.statements.wire import Form, claimed_sender, sign_by_office
from sync.update import ListVersion
from tests.support.estate import (
    ANCHOR,
    CHAIN,
    DAY,
    ESTATE_ID,
    GATE_ID,
    LISTS,
    MANAGER,
    NOW,
    ONLINE,
    ROOT,
    delegate,
    key,
    withdraw,
)
from tests.support.statements import (
    AUTHORITY,
    GATE_KEY,
    KINDS,
    LAST_COUNTER,
    LAST_SERIAL,
    LOG_HEAD,
    LOWERING,
    NONCE,
    ORDER,
    PULSE_ANSWER,
    RECEIPT,
    SENDER,
)

STRANGER = key("stranger")
OTHER_GATE = key("gate 8")
OTHER_ROOT = key("other root")
Attack = Callable[[], object]


def judge_order(
    data: bytes,
    authority: Authority = AUTHORITY,
    *,
    nonce: bytes = NONCE,
    last_counter: int = LAST_COUNTER,
    floor: int = NOW,
) -> order.Order:
    return order.verify_order(data, authority, session_nonce=nonce, last_counter=last_counter, floor=floor)


def judge_pulse(data: bytes, *, nonce: bytes = NONCE) -> pulse.PulseAnswer:
    return pulse.verify_pulse_answer(data, AUTHORITY, nonce=nonce, floor=NOW)


def judge_receipt(data: bytes) -> receipt.Receipt:
    return receipt.verify_receipt(data, SENDER)


def judge_lowering(data: bytes, last_serial: int = LAST_SERIAL) -> floor_lowering.FloorLowering:
    return floor_lowering.verify_floor_lowering(data, AUTHORITY, last_serial=last_serial)


def signed(example: order.Order = ORDER, signer: SigningKey = ONLINE, *chain: bytes) -> bytes:
    return order.sign_order(example, signer, chain)


def parts_of(data: bytes) -> list[object]:
    row = codec.decode(data, max_bytes=9999)
    assert isinstance(row, list)
    return row


def forged_by_gate(change: Callable[[list[object]], None]) -> bytes:
    """A receipt whose body was changed after it was signed."""
    body, signature = parts_of(receipt.sign_receipt(RECEIPT, GATE_KEY))
    assert isinstance(body, bytes)
    row = parts_of(body)
    change(row)
    return codec.encode([codec.encode(row), signature])


def unsupported_version() -> object:
    body = codec.encode([2, ESTATE_ID, GATE_ID, "whatever comes"])
    return judge_receipt(codec.encode([body, GATE_KEY.sign(receipt.FORM.domain, body)]))


def unsupported_order() -> object:
    parts = [ESTATE_ID, GATE_ID, NONCE, LAST_COUNTER + 1, 99, {}, 15]
    return judge_order(sign_by_office(order.FORM, parts, ONLINE, ()))


def under_other_domain(form: Form) -> object:
    """An order's very bytes, signed as if they were another statement."""
    lent = replace(order.FORM, domain=form.domain)
    parts = [*parts_of(parts_of(signed())[0])[1:]]  # type: ignore[arg-type]
    return judge_order(sign_by_office(lent, parts, ONLINE, ()))


WITHDRAWN = AUTHORITY.learn((), withdraw(3, ONLINE))

ATTACKS: list[tuple[str, str, Attack]] = [
    ("wrong_signature", "a receipt changed on its way", lambda: judge_receipt(
        forged_by_gate(lambda row: row.__setitem__(4, 10)))),
    ("wrong_signature", "another device signs as this gate", lambda: judge_receipt(
        receipt.sign_receipt(RECEIPT, OTHER_GATE))),
    ("wrong_signature", "a log head passed off as a receipt's", lambda: judge_receipt(codec.encode(
        [parts_of(receipt.sign_receipt(RECEIPT, GATE_KEY))[0],
         parts_of(KINDS["log_head"].sign(LOG_HEAD, GATE_KEY))[1]]))),
    ("wrong_signature", "an order signed for another purpose", lambda: under_other_domain(pulse.FORM)),
    ("wrong_signature", "a stranger names the online key", lambda: judge_order(codec.encode(
        [parts_of(signed())[0], ONLINE.key_id, STRANGER.sign(order.FORM.domain, b"x"), []]))),
    ("wrong_estate", "an order for another estate", lambda: judge_order(
        signed(replace(ORDER, estate_id=b"estate 2")))),
    ("wrong_estate", "a receipt of another estate", lambda: judge_receipt(
        receipt.sign_receipt(replace(RECEIPT, estate_id=b"estate 2"), GATE_KEY))),
    ("wrong_gate", "an order for another gate", lambda: judge_order(signed(replace(ORDER, gate_id=8)))),
    ("wrong_gate", "a receipt of another gate", lambda: judge_receipt(
        receipt.sign_receipt(replace(RECEIPT, gate_id=8), GATE_KEY))),
    ("wrong_gate", "a floor lowering for another gate", lambda: judge_lowering(
        floor_lowering.sign_floor_lowering(replace(LOWERING, gate_id=8), ROOT))),
    ("unknown_key", "a key nobody delegated", lambda: judge_order(signed(ORDER, STRANGER))),
    ("unknown_key", "a chain signed by no root of this gate", lambda: judge_order(
        signed(ORDER, ONLINE, CHAIN[1]), Authority(Anchor(ESTATE_ID, GATE_ID, (OTHER_ROOT.public,))))),
    ("unknown_key", "the chain is missing and not known", lambda: judge_order(signed(), Authority(ANCHOR))),
    ("withdrawn_key", "the stolen online key", lambda: judge_order(signed(), WITHDRAWN)),
    ("withdrawn_key", "the stolen key brings its delegation along", lambda: judge_order(
        signed(ORDER, ONLINE, CHAIN[1]), WITHDRAWN)),
    ("expired_key", "a key after its end", lambda: judge_order(
        signed(ORDER, STRANGER, delegate(STRANGER, Role.ONLINE, 9, until=NOW)), floor=NOW)),
    ("role_too_weak", "the list key orders", lambda: judge_order(signed(ORDER, LISTS))),
    ("role_too_weak", "the manager orders", lambda: judge_order(signed(ORDER, MANAGER))),
    ("role_too_weak", "the manager answers a pulse", lambda: judge_pulse(
        pulse.sign_pulse_answer(PULSE_ANSWER, MANAGER))),
    ("role_too_weak", "the online key lowers the floor", lambda: judge_lowering(
        floor_lowering.sign_floor_lowering(LOWERING, ONLINE))),
    ("role_too_weak", "the list key lowers the floor", lambda: judge_lowering(
        floor_lowering.sign_floor_lowering(LOWERING, LISTS))),
    ("role_too_weak", "an online key of other gates", lambda: judge_order(
        signed(ORDER, STRANGER, delegate(STRANGER, Role.ONLINE, 9, gates=frozenset({8}))))),
    ("replayed", "an order of another session", lambda: judge_order(signed(), nonce=bytes(16))),
    ("replayed", "an order sent twice", lambda: judge_order(signed(), last_counter=LAST_COUNTER + 1)),
    ("replayed", "an old answer to the pulse", lambda: judge_pulse(
        pulse.sign_pulse_answer(PULSE_ANSWER, ONLINE), nonce=bytes(16))),
    ("replayed", "a floor lowering taken already", lambda: judge_lowering(
        floor_lowering.sign_floor_lowering(LOWERING, ROOT), LAST_SERIAL + 1)),
    ("malformed", "endless data", lambda: judge_order(bytes(1 << 16))),
    ("malformed", "deep nesting", lambda: judge_order(b"\x91" * 5000 + b"\0")),
    ("malformed", "too long a chain", lambda: judge_order(codec.encode(
        [*parts_of(signed())[:3], list(CHAIN)]))),
    ("malformed", "a damaged delegation", lambda: judge_order(signed(ORDER, ONLINE, b"noise"))),
    ("malformed", "a claimed sender in noise", lambda: claimed_sender(receipt.FORM, b"noise")),
    ("unsupported", "a later version", unsupported_version),
    ("unsupported", "an order of a later kind", unsupported_order),
    ("equivocation", "two withdrawals of one number", lambda: WITHDRAWN.learn((), withdraw(3, LISTS))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attack", "act"), [(name, act) for name, _, act in ATTACKS], ids=[what for _, what, _ in ATTACKS]
)
def test_an_attack_is_refused_by_its_name(attack: str, act: Attack) -> None:
    with pytest.raises(StatementError) as refused:
        act()
    assert refused.value.attack == attack


def test_every_refusal_is_in_the_table() -> None:
    assert {one.attack for one in StatementError.__subclasses__()} == {name for name, _, _ in ATTACKS}


def test_every_attack_on_a_chain_has_its_refusal_here() -> None:
    assert len(refusal._BY_ATTACK) == 8


def test_an_end_is_judged_by_the_floor_alone() -> None:
    until = delegate(STRANGER, Role.ONLINE, 9, until=NOW + DAY)
    assert judge_order(signed(ORDER, STRANGER, until), floor=NOW + DAY - 1) == ORDER


def test_the_root_may_order_and_answer() -> None:
    assert judge_order(signed(ORDER, ROOT)) == ORDER
    assert judge_pulse(pulse.sign_pulse_answer(PULSE_ANSWER, ROOT)) == PULSE_ANSWER


def test_an_office_without_an_online_key_answers_by_the_list_key() -> None:
    assert judge_pulse(pulse.sign_pulse_answer(PULSE_ANSWER, LISTS)) == PULSE_ANSWER


def test_what_is_known_is_not_verified_again() -> None:
    assert AUTHORITY.learn(CHAIN) is AUTHORITY
    assert AUTHORITY.learn(CHAIN[:1]) is AUTHORITY


def test_a_newer_delegation_of_a_key_replaces_its_role() -> None:
    demoted = AUTHORITY.learn([delegate(ONLINE, Role.MANAGER, 9)])
    with pytest.raises(StatementError) as refused:
        judge_order(signed(), demoted)
    assert refused.value.attack == "role_too_weak"


def test_an_answer_that_names_no_list_says_so() -> None:
    none = replace(PULSE_ANSWER, newest=None)
    assert judge_pulse(pulse.sign_pulse_answer(none, ONLINE)) == none
    old = replace(PULSE_ANSWER, newest=pulse.NewestList(ListVersion(0, 0), bytes(32)))
    assert judge_pulse(pulse.sign_pulse_answer(old, ONLINE)) == old
