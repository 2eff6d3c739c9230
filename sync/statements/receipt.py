"""A gate's receipt: which list it has in force, and what was spent of the grants it ended.

    [1, estate, gate, epoch, revision, digest, applied at or None, clock state, [[grant id, uses or None], …]]

A counted grant may move to another gate only after the first gate's receipt: `spent`
names each counted grant that the update ended and of which uses were spent here. A
grant that is not named has all its uses left. ``None``: the count was lost.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.digest import DIGEST_BYTES
from sync.fields import array, member, octets, optional, whole
from sync.keys import RECEIPT_DOMAIN, SigningKey
from sync.records import ClockState
from sync.statements.wire import Form, Parts, Sender, destination, open_from_gate, parse, sign_by_gate
from sync.update import ListVersion

MAX_SPENT: Final = 20_000
"""Counted grants that one update may end with uses spent; a list is smaller, or sent in two steps."""
FORM: Final = Form(
    "receipt",
    RECEIPT_DOMAIN,
    parts=9,
    # A grant id takes 9 bytes, its uses 5, their array 1.
    max_body_bytes=256 + 15 * MAX_SPENT,
    max_items=16 + 3 * MAX_SPENT,
)
_CLOCK_STATES: Final = {int(one): one for one in ClockState}


class Spent(Struct, frozen=True):
    """Uses of a counted grant that were spent at this gate."""

    grant_id: int
    uses: int | None
    """``None``: the count was lost with the gate's state; any number may have been spent."""


class Receipt(Struct, frozen=True):
    """One list is in force at one gate."""

    estate_id: bytes
    gate_id: int
    version: ListVersion
    digest: bytes
    applied_at: int | None
    """UTC second; ``None`` while the clock is unknown."""
    clock: ClockState
    spent: tuple[Spent, ...] = ()
    """In ascending order of grant ids."""


def sign_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    """The signed bytes of a receipt; raises ``CodecError`` for one outside the format."""
    parts = [
        receipt.estate_id,
        receipt.gate_id,
        receipt.version.epoch,
        receipt.version.revision,
        receipt.digest,
        receipt.applied_at,
        int(receipt.clock),
        [[one.grant_id, one.uses] for one in receipt.spent],
    ]
    _read(parts)
    return sign_by_gate(FORM, parts, key)


def verify_receipt(data: bytes, sender: Sender) -> Receipt:
    """The receipt in ``data``, signed by this gate; raises ``StatementError``."""
    return parse(FORM, open_from_gate(FORM, data, sender), _read)


def _read(parts: Parts) -> Receipt:
    estate_id, gate_id = destination(parts)
    spent = tuple(_spent(one) for one in array(parts[7], "spent", at_most=MAX_SPENT))
    ids = [one.grant_id for one in spent]
    if ids != sorted(set(ids)):
        raise CodecError("spent: grant ids must ascend, each once")
    return Receipt(
        estate_id,
        gate_id,
        ListVersion(whole(parts[2], "epoch"), whole(parts[3], "revision")),
        octets(parts[4], "digest", DIGEST_BYTES),
        optional(parts[5], whole, "applied at"),
        member(_CLOCK_STATES, parts[6], "clock state"),
        spent,
    )


def _spent(value: object) -> Spent:
    row = array(value, "spent", length=2)
    return Spent(whole(row[0], "spent: grant id"), optional(row[1], _uses, "spent: uses"))


def _uses(value: object, what: str) -> int:
    """A grant that was not used is not named."""
    uses = whole(value, what, at_most=(1 << 32) - 1)
    if not uses:
        raise CodecError(f"{what}: a grant of which nothing was spent must be left out")
    return uses
