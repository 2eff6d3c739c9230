"""Orders for gates: who may, what stands in the trail before it is sent, and how it went."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from office.casework.actor import Actor
from office.casework.trail import record
from office.errors import OfficeError, Trouble
from office.hub.control_client import HubControl
from office.procedures.orders import check_order
from sync.codec import CodecError
from sync.statements.order_kinds import OrderKind, check_arguments


def order(
    actor: Actor, hub: HubControl, gate_id: int, kind: OrderKind, given: Mapping[str, int | str]
) -> None:
    """Have a gate do something now. Not inside a transaction: a gate takes its time to answer.

    Raises:
        RuleError: the role may not, or there is no reason.
        OfficeError: no hub, no gate, or the gate refuses; the trail says so, too.
    """
    check_order(kind, frozenset(one.value for one in actor.roles), str(given.get("reason", "")))
    arguments = {**given, "operator": str(actor.user.pk)}
    try:
        check_arguments(kind, arguments)
    except CodecError as error:
        raise OfficeError(str(error), Trouble.ORDER_WRONG, text=str(error)) from None
    subject, word = f"gate:{gate_id}", kind.name.lower()
    with transaction.atomic():
        record(actor.at, actor.user, "order", f"ordered {word}", subject, **given)
    try:
        hub.order(gate_id, word, arguments)
    except OfficeError:
        with transaction.atomic():
            record(actor.at, actor.user, "order", f"no answer to {word}", subject)
        raise
