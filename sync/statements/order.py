"""The office's order to a gate, for this session and this moment.

    [1, estate, gate, session nonce, counter, kind, {argument: value, …}, valid s]

The gate draws the nonce when a session begins, and counters rise within it, so that an
order is carried out once at most. Its time limit runs on the gate's monotonic clock from
receipt. An order never comes by file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.delegation import Role
from sync.fields import octets, whole
from sync.keys import ORDER_DOMAIN, SigningKey
from sync.statements.authority import Authority
from sync.statements.order_kinds import Argument, OrderKind, check_arguments
from sync.statements.refusal import ReplayedError, UnsupportedError
from sync.statements.wire import Form, Parts, destination, open_from_office, parse, sign_by_office

SESSION_NONCE_BYTES: Final = 16
MAX_VALID_S: Final = 300
"""An order is for people who wait for it."""
FORM: Final = Form("order", ORDER_DOMAIN, parts=8, roles=frozenset({Role.ONLINE}), max_depth=2)
_KINDS: Final = {int(one): one for one in OrderKind}


class Order(Struct, frozen=True):
    """What is to be done at a gate, once."""

    estate_id: bytes
    gate_id: int
    session_nonce: bytes
    counter: int
    """Rises with each order of a session; from 1."""
    kind: OrderKind
    arguments: Mapping[str, Argument]
    valid_s: int
    """Seconds from receipt in which it may be carried out."""


def sign_order(order: Order, key: SigningKey, delegations: tuple[bytes, ...] = ()) -> bytes:
    """The signed bytes of an order; raises ``CodecError`` for one outside the format."""
    parts = [
        order.estate_id,
        order.gate_id,
        order.session_nonce,
        order.counter,
        int(order.kind),
        dict(sorted(order.arguments.items())),
        order.valid_s,
    ]
    _read(parts)
    return sign_by_office(FORM, parts, key, delegations)


def verify_order(
    data: bytes, authority: Authority, *, session_nonce: bytes, last_counter: int, floor: int
) -> Order:
    """The order in ``data``, if it is of this session and after its order ``last_counter``.

    Raises:
        UnsupportedError: rightly signed, but of a kind not known here: to be answered.
        StatementError: it must not be carried out.
    """
    order = parse(FORM, open_from_office(FORM, data, authority, floor), _read)
    if order.session_nonce != session_nonce:
        raise ReplayedError("the order belongs to another session: it was recorded and sent again")
    if order.counter <= last_counter:
        raise ReplayedError(
            f"the order has number {order.counter} of this session, number {last_counter} came already:"
            " it was sent twice"
        )
    return order


def _read(parts: Parts) -> Order:
    estate_id, gate_id = destination(parts)
    kind = _KINDS.get(number := whole(parts[4], "kind"))
    if kind is None:
        raise UnsupportedError(f"orders of kind {number} are not known here: update the gate's software")
    arguments = parts[5]
    if not isinstance(arguments, dict) or not all(isinstance(name, str) for name in arguments):
        raise CodecError("arguments: must be a map of words")
    check_arguments(kind, arguments)
    valid_s = whole(parts[6], "valid s", at_most=MAX_VALID_S)
    if not valid_s:
        raise CodecError("valid s: must be 1 at least")
    return Order(
        estate_id,
        gate_id,
        octets(parts[2], "session nonce", SESSION_NONCE_BYTES),
        whole(parts[3], "counter"),
        kind,
        arguments,
        valid_s,
    )
