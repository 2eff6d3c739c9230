"""Every kind of signed statement, once: examples, how to sign and how to verify each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from sync.keys import SigningKey
from sync.records import ClockState
from sync.statements import floor_lowering, log_epoch, log_head, order, pulse, receipt
from sync.statements.authority import Authority
from sync.statements.order_kinds import OrderKind
from sync.statements.wire import Form, Sender
from sync.update import ListVersion
from tests.support.estate import ANCHOR, CHAIN, ESTATE_ID, GATE_ID, NOW, ONLINE, ROOT, key

GATE_KEY = key("gate 7")
SENDER = Sender(ESTATE_ID, GATE_ID, GATE_KEY.public)
AUTHORITY = Authority(ANCHOR).learn(CHAIN)
NONCE = bytes(range(16))
LOG_EPOCH = b"log epoch number"
LAST_COUNTER = 4
LAST_SERIAL = 2

RECEIPT = receipt.Receipt(
    ESTATE_ID,
    GATE_ID,
    ListVersion(1, 9),
    bytes(32),
    NOW,
    ClockState.TRUSTED,
    (receipt.Spent(12, 3), receipt.Spent(15, None)),
)
PULSE_ANSWER = pulse.PulseAnswer(
    ESTATE_ID, GATE_ID, NONCE, NOW * 1000 + 7, pulse.NewestList(ListVersion(1, 9), bytes(32))
)
ORDER = order.Order(
    ESTATE_ID,
    GATE_ID,
    NONCE,
    LAST_COUNTER + 1,
    OrderKind.OPEN,
    {"door": 1, "operator": "17", "reason": "parcel for unit 3"},
    15,
)
LOG_HEAD = log_head.LogHead(ESTATE_ID, GATE_ID, LOG_EPOCH, 40, b"\1" * 32)
EPOCH = log_epoch.LogEpoch(
    ESTATE_ID, GATE_ID, LOG_EPOCH, log_epoch.Predecessor(b"the log before it"[:16], 812), b"\2" * 16
)
LOWERING = floor_lowering.FloorLowering(ESTATE_ID, GATE_ID, LAST_SERIAL + 1, NOW - 86_400, NOW)


class Kind(Struct, frozen=True):
    """One kind of statement and an example of it."""

    form: Form
    example: Any
    signer: SigningKey
    """A key that may state it."""
    sign: Callable[[Any, SigningKey], bytes]
    verify: Callable[[bytes], object]
    """At gate 7 or, for what a gate signs, at its office."""
    by_office: bool


def _verify_pulse(data: bytes) -> object:
    return pulse.verify_pulse_answer(data, AUTHORITY, nonce=NONCE, floor=NOW)


def _verify_order(data: bytes) -> object:
    return order.verify_order(data, AUTHORITY, session_nonce=NONCE, last_counter=LAST_COUNTER, floor=NOW)


def _verify_lowering(data: bytes) -> object:
    return floor_lowering.verify_floor_lowering(data, AUTHORITY, last_serial=LAST_SERIAL)


KINDS = {
    "receipt": Kind(
        receipt.FORM, RECEIPT, GATE_KEY, receipt.sign_receipt,
        lambda data: receipt.verify_receipt(data, SENDER), False,
    ),
    "log_head": Kind(
        log_head.FORM, LOG_HEAD, GATE_KEY, log_head.sign_log_head,
        lambda data: log_head.verify_log_head(data, SENDER), False,
    ),
    "log_epoch": Kind(
        log_epoch.FORM, EPOCH, GATE_KEY, log_epoch.sign_log_epoch,
        lambda data: log_epoch.verify_log_epoch(data, SENDER), False,
    ),
    "pulse_answer": Kind(pulse.FORM, PULSE_ANSWER, ONLINE, pulse.sign_pulse_answer, _verify_pulse, True),
    "order": Kind(order.FORM, ORDER, ONLINE, order.sign_order, _verify_order, True),
    "floor_lowering": Kind(
        floor_lowering.FORM, LOWERING, ROOT, floor_lowering.sign_floor_lowering, _verify_lowering, True
    ),
}  # fmt: skip
