"""What may be ordered of a gate from the desk, by whom, and for which reasons. Pure.

Reasons are a closed list: they stand in the trail and in the gate's log, where no name may
get, and none of them is about money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from office.procedures.errors import Refused, RuleError
from sync.statements.order_kinds import OrderKind

ROLES: Final[Mapping[OrderKind, frozenset[str]]] = {
    OrderKind.OPEN: frozenset({"guard", "clerk", "manager"}),
    OrderKind.MODE: frozenset({"guard", "manager"}),
    OrderKind.BLINK: frozenset({"guard", "manager", "maintenance", "technician"}),
    OrderKind.RESTART_READER: frozenset({"manager", "maintenance", "technician"}),
    OrderKind.FIRE_RESET: frozenset({"guard", "manager"}),
    OrderKind.FORGIVE: frozenset({"clerk", "manager"}),
    OrderKind.MAINTENANCE: frozenset({"manager", "maintenance", "technician"}),
}
REASONS: Final = ("visitor", "delivery", "card_not_read", "emergency", "works", "drill", "other")
REASONED: Final = frozenset({OrderKind.OPEN, OrderKind.MODE})


def check_order(kind: OrderKind, roles: frozenset[str], reason: str) -> None:
    """Whether somebody in these roles may order it.

    Raises:
        RuleError: another role is needed, or a reason.
    """
    if not ROLES[kind] & roles:
        raise RuleError("order", Refused.ROLE_MISSING, role=min(ROLES[kind]))
    if kind in REASONED and reason not in REASONS:
        raise RuleError("order", Refused.WRONG_STATE, missing="reason")
