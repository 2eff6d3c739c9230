"""Who may order what of a gate; every kind of order has its roles and words, and no reason is about money."""

from __future__ import annotations

import pytest

from office.desk.event_words import DIRECTIONS, FINDINGS, KINDS, ORDER_REASONS, ORDERS, REASONS
from office.desk.views.gates import NEEDS
from office.procedures.errors import Refused, RuleError
from office.procedures.orders import REASONED, ROLES, check_order
from office.procedures.orders import REASONS as ORDER_CODES
from office.procedures.would_open import Finding
from office.registry.models import StaffRole
from sync.events import EventKind
from sync.records import Direction, Reason
from sync.statements.order_kinds import OrderKind


def test_everything_has_words_roles_and_fields() -> None:
    assert set(KINDS) == set(EventKind)
    assert set(REASONS) == set(Reason)
    assert set(DIRECTIONS) == set(Direction) | {Direction.BOTH}
    assert set(ORDERS) == set(ROLES) == set(NEEDS) == set(OrderKind)
    assert set(FINDINGS) == set(Finding)
    assert tuple(ORDER_REASONS) == ORDER_CODES
    assert set().union(*ROLES.values()) <= set(StaffRole.values)


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("role", StaffRole.values)
def test_only_who_may_orders(kind: OrderKind, role: str) -> None:
    if role in ROLES[kind]:
        check_order(kind, frozenset({role}), "visitor")
    else:
        with pytest.raises(RuleError) as refused:
            check_order(kind, frozenset({role}), "visitor")
        assert refused.value.refused is Refused.ROLE_MISSING


@pytest.mark.parametrize("kind", sorted(REASONED))
@pytest.mark.parametrize("reason", ["", "Mr Chen is late", "unpaid"])
def test_an_opening_needs_a_reason_from_the_list(kind: OrderKind, reason: str) -> None:
    with pytest.raises(RuleError):
        check_order(kind, frozenset({"guard"}), reason)
