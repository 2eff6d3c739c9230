"""Statements of every kind: what was signed comes back; nothing but our error escapes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync import codec
from sync.codec import CodecError
from sync.keys import SEED_BYTES, SigningKey
from sync.records import ClockState
from sync.statements import log_epoch, log_head, order, pulse, receipt
from sync.statements.authority import Authority
from sync.statements.order_kinds import OrderKind
from sync.statements.refusal import StatementError
from sync.statements.wire import Sender, claimed_sender
from sync.update import ListVersion
from tests.support.estate import ANCHOR, CHAIN, ESTATE_ID, GATE_ID, NOW, ONLINE
from tests.support.statements import (
    EPOCH,
    KINDS,
    LOG_HEAD,
    LOWERING,
    NONCE,
    ORDER,
    PULSE_ANSWER,
    RECEIPT,
    Kind,
)

EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
WHOLE = st.integers(0, (1 << 63) - 1)
ESTATES, IDS, DIGESTS = (st.binary(min_size=n, max_size=n) for n in (8, 16, 32))
GATES = st.integers(0, (1 << 32) - 1)
VERSIONS = st.builds(ListVersion, WHOLE, WHOLE)
USES = st.none() | st.integers(1, 65_535)
SPENT = st.dictionaries(WHOLE, USES, max_size=5).map(
    lambda found: tuple(receipt.Spent(*one) for one in sorted(found.items()))
)
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=120)
ORDERS: dict[OrderKind, dict[str, int | str]] = {
    OrderKind.OPEN: {"door": 1, "operator": "17", "reason": "parcel"},
    OrderKind.MODE: {"mode": 3, "operator": "17", "reason": "burglary next door"},
    OrderKind.BLINK: {"operator": "17", "reader": "vehicle_in", "seconds": 30},
    OrderKind.RESTART_READER: {"operator": "17", "reader": "vehicle_in"},
    OrderKind.FIRE_RESET: {"operator": "17"},
    OrderKind.FORGIVE: {"operator": "17"},
    OrderKind.MAINTENANCE: {"operator": "17", "seconds": 3_600},
}


@EACH
def test_the_example_comes_back(kind: Kind) -> None:
    assert kind.verify(kind.sign(kind.example, kind.signer)) == kind.example


@settings(max_examples=50, deadline=None)
@given(ESTATES, GATES, VERSIONS, DIGESTS, st.none() | WHOLE, st.sampled_from(ClockState), SPENT)
def test_any_receipt_comes_back(
    estate: bytes,
    gate: int,
    version: ListVersion,
    digest: bytes,
    applied_at: int | None,
    clock: ClockState,
    spent: tuple[receipt.Spent, ...],
) -> None:
    signer = SigningKey(bytes(SEED_BYTES))
    one = receipt.Receipt(estate, gate, version, digest, applied_at, clock, spent)
    data = receipt.sign_receipt(one, signer)
    assert receipt.verify_receipt(data, Sender(estate, gate, signer.public)) == one
    assert claimed_sender(receipt.FORM, data) == (estate, gate)


@settings(max_examples=50, deadline=None)
@given(IDS, WHOLE, st.none() | st.builds(pulse.NewestList, VERSIONS, DIGESTS))
def test_any_answer_to_a_pulse_comes_back(nonce: bytes, utc_ms: int, newest: pulse.NewestList | None) -> None:
    one = pulse.PulseAnswer(ESTATE_ID, GATE_ID, nonce, utc_ms, newest)
    data = pulse.sign_pulse_answer(one, ONLINE, CHAIN[1:2])
    assert pulse.verify_pulse_answer(data, Authority(ANCHOR), nonce=nonce, floor=NOW) == one


@settings(max_examples=50, deadline=None)
@given(st.integers(1, (1 << 63) - 1), st.integers(1, 1 << 53), WORDS, WORDS, st.integers(1, 300))
def test_any_order_comes_back(counter: int, door: int, operator: str, reason: str, valid_s: int) -> None:
    arguments: dict[str, int | str] = {"reason": reason, "operator": operator, "door": door}
    one = order.Order(ESTATE_ID, GATE_ID, NONCE, counter, OrderKind.OPEN, arguments, valid_s)
    data = order.sign_order(one, ONLINE, CHAIN[1:2])
    authority = Authority(ANCHOR)
    assert one == order.verify_order(
        data, authority, session_nonce=NONCE, last_counter=counter - 1, floor=NOW
    )


@pytest.mark.parametrize("kind", OrderKind, ids=lambda one: one.name)
def test_an_order_of_every_kind_comes_back(kind: OrderKind) -> None:
    one = replace(ORDER, kind=kind, arguments=ORDERS[kind])
    assert KINDS["order"].verify(order.sign_order(one, ONLINE)) == one


LONG = "字" * 121


@pytest.mark.parametrize(
    ("kind", "changes", "named"),
    [
        (OrderKind.OPEN, {"door": None}, "door is missing"),
        (OrderKind.OPEN, {"operator": None}, "operator is missing"),
        (OrderKind.OPEN, {"reason": None}, "reason is missing"),
        (OrderKind.OPEN, {"reason": ""}, "reason"),
        (OrderKind.OPEN, {"reason": LONG}, "reason"),
        (OrderKind.OPEN, {"reason": "two\nlines"}, "reason"),
        (OrderKind.OPEN, {"door": 0}, "door"),
        (OrderKind.OPEN, {"door": True}, "door"),
        (OrderKind.OPEN, {"door": "1"}, "door"),
        (OrderKind.OPEN, {"operator": 17}, "operator"),
        (OrderKind.OPEN, {"seconds": 5}, "unknown"),
        (OrderKind.MAINTENANCE, {"seconds": 28_801}, "seconds"),
        (OrderKind.MAINTENANCE, {"seconds": -1}, "seconds"),
        (OrderKind.MAINTENANCE, {"seconds": None}, "seconds is missing"),
        (OrderKind.MAINTENANCE, {"operator": None}, "operator is missing"),
        (OrderKind.MODE, {"mode": 0}, "mode"),
        (OrderKind.MODE, {"mode": 4}, "mode"),
        (OrderKind.BLINK, {"door": 1}, "either"),
        (OrderKind.BLINK, {"reader": None}, "either"),
        (OrderKind.BLINK, {"seconds": 301}, "seconds"),
        (OrderKind.RESTART_READER, {"reader": b"vehicle_in"}, "reader"),
    ],
    ids=str,
)
def test_an_order_needs_its_own_arguments(kind: OrderKind, changes: dict[str, Any], named: str) -> None:
    found: dict[str, Any] = {**ORDERS[kind], **changes}
    arguments = {name: value for name, value in found.items() if value is not None}
    with pytest.raises(CodecError, match=f"{kind.name}.*{named}"):
        order.sign_order(replace(ORDER, kind=kind, arguments=arguments), ONLINE)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("receipt", replace(RECEIPT, digest=bytes(31))),
        ("receipt", replace(RECEIPT, applied_at=-1)),
        ("receipt", replace(RECEIPT, estate_id=b"short")),
        ("receipt", replace(RECEIPT, spent=(receipt.Spent(2, 1), receipt.Spent(1, 1)))),
        ("receipt", replace(RECEIPT, spent=(receipt.Spent(1, 1), receipt.Spent(1, 1)))),
        ("receipt", replace(RECEIPT, spent=(receipt.Spent(1, 0),))),
        ("pulse_answer", replace(PULSE_ANSWER, nonce=bytes(15))),
        ("pulse_answer", replace(PULSE_ANSWER, utc_ms=1 << 63)),
        ("order", replace(ORDER, valid_s=0)),
        ("order", replace(ORDER, valid_s=301)),
        ("order", replace(ORDER, session_nonce=b"")),
        ("order", replace(ORDER, gate_id=1 << 32)),
        ("log_head", replace(LOG_HEAD, number=0)),
        ("log_head", replace(LOG_HEAD, link=bytes(32))),
        ("log_head", replace(LOG_HEAD, log_epoch=bytes(15))),
        ("log_epoch", replace(EPOCH, boot_id=b"")),
        ("log_epoch", replace(EPOCH, predecessor=log_epoch.Predecessor(EPOCH.log_epoch, 1))),
        ("floor_lowering", replace(LOWERING, floor=-1)),
        ("floor_lowering", replace(LOWERING, serial=1 << 63)),
    ],
    ids=str,
)
def test_what_a_verifier_would_refuse_is_not_signed(kind: str, wrong: object) -> None:
    with pytest.raises(CodecError):
        KINDS[kind].sign(wrong, KINDS[kind].signer)


def test_a_log_without_events_and_a_first_log_can_be_stated() -> None:
    empty = replace(LOG_HEAD, number=0, link=bytes(32))
    assert KINDS["log_head"].verify(log_head.sign_log_head(empty, KINDS["log_head"].signer)) == empty
    first = replace(EPOCH, predecessor=None)
    assert KINDS["log_epoch"].verify(log_epoch.sign_log_epoch(first, KINDS["log_epoch"].signer)) == first


def test_a_receipt_of_the_most_grants_passes_and_one_more_is_not_signed() -> None:
    most = tuple(receipt.Spent((1 << 53) + n, 1 << 31) for n in range(receipt.MAX_SPENT))
    one = replace(RECEIPT, spent=most)
    assert KINDS["receipt"].verify(receipt.sign_receipt(one, KINDS["receipt"].signer)) == one
    with pytest.raises(CodecError, match="spent"):
        receipt.sign_receipt(replace(one, spent=(*most, receipt.Spent(1 << 60, 1))), KINDS["receipt"].signer)


@EACH
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_arrives_only_our_error_escapes(kind: Kind, data: st.DataObject) -> None:
    sound = kind.sign(kind.example, kind.signer)
    cut, flip = (data.draw(st.integers(0, len(sound) - 1)) for _ in range(2))
    damaged = bytearray(sound)
    damaged[flip] ^= data.draw(st.integers(1, 255))
    body = codec.encode(
        data.draw(
            st.recursive(
                st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.binary(max_size=40),
                lambda inner: st.lists(inner, max_size=9),
                max_leaves=12,
            )
        )
    )
    signed_nonsense = [body, kind.signer.key_id, kind.signer.sign(kind.form.domain, body), []]
    if not kind.by_office:
        signed_nonsense = [signed_nonsense[0], signed_nonsense[2]]
    hostile = [sound[:cut], bytes(damaged), sound + b"\0", data.draw(st.binary(max_size=200))]
    for one in (*hostile, codec.encode(signed_nonsense)):
        with pytest.raises(StatementError):
            kind.verify(one)


@EACH
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_rightly_signed_parts_outside_the_format_are_malformed(kind: Kind, data: st.DataObject) -> None:
    sound = codec.decode(kind.sign(kind.example, kind.signer), max_bytes=9999)
    assert isinstance(sound, list)
    row = codec.decode(sound[0], max_bytes=9999)
    assert isinstance(row, list)
    place = data.draw(st.integers(3, len(row) - 1))
    row[place] = data.draw(st.sampled_from([b"odd", [1, [2]], True, -1, {1: 2}, {"door": None}, "word"]))
    body = codec.encode(row)
    signature = kind.signer.sign(kind.form.domain, body)
    frame = [body, kind.signer.key_id, signature, []] if kind.by_office else [body, signature]
    with pytest.raises(StatementError) as refused:
        kind.verify(codec.encode(frame))
    assert refused.value.attack == "malformed"
