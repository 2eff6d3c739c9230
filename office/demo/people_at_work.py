"""The staff of the demonstration estate, and cards and cases in every state, by the clerks' own steps."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from office.casework.actor import Actor
from office.casework.actor import actor as as_actor
from office.casework.issuing import CardWish, apply_for_cards, assign_chip, sign_for_card, unit_quota
from office.casework.ledger import enter, open_account
from office.casework.loss import Report, card_found, report_loss, review, say_balance, suspend_by_telephone
from office.casework.payments import fee_due, pay_fee
from office.casework.replacement import approve, authorise_replacement, sign_for_replacement, tell_holder
from office.registry.models import (
    Assignment,
    EntryKind,
    Issue,
    IssueState,
    LossKind,
    PaymentMethod,
    Place,
    SignatureKind,
    StaffRole,
)
from sync.records import Credential, Technology

STAFF: Final = {
    "clerk": ("客服一", StaffRole.CLERK),
    "clerk2": ("客服二", StaffRole.CLERK),
    "reviewer": ("客服审核", StaffRole.REVIEWER),
    "manager": ("管理处主任", StaffRole.MANAGER),
    "maintenance": ("维修一", StaffRole.MAINTENANCE),
    "guard": ("保安一", StaffRole.GUARD),
    "technician": ("技术员", StaffRole.TECHNICIAN),
    "administrator": ("系统管理员", StaffRole.ADMINISTRATOR),
}
"""Account, title, role. No names: they are posts."""
CASES: Final = (
    "reported",
    "damaged",
    "suspended",
    "reviewed",
    "approved",
    "told",
    "closed",
    "found",
)
"""How far the demonstration takes each of its loss cases."""
APPLICATIONS: Final = 4


@transaction.atomic
def hire() -> dict[str, str]:
    """An account for every role; passwords by name, drawn at random and shown once."""
    passwords = {}
    for name, (title, role) in STAFF.items():
        passwords[name] = secrets.token_urlsafe(9)
        user = User.objects.create_user(name, password=passwords[name], first_name=title)
        Assignment.objects.create(user=user, role=role)
    return passwords


class Desk:
    """A few days of work, ending at ``at``."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._chips = 0
        self._receipts = 0
        self._issues = self._active()

    @transaction.atomic
    def work(self) -> None:
        """Applications, payments, accounts, and a loss case in each state."""
        for place in range(APPLICATIONS):
            self._application(place)
        for place, state in enumerate(CASES):
            self._case(place, state)

    def _application(self, stop: int) -> None:
        """0: applied for; 1: paid; 2 and on: handed out."""
        clerk = self._actor("clerk", days_ago=3)
        basis = next(one for one in self._issues if one.unit and has_room(one.unit))
        if basis.unit is None or basis.holder is None:
            return
        submission = UUID(int=0xDE_0000 + stop)
        wish = CardWish(basis.holder.pk, "self")
        made = apply_for_cards(clerk, basis.unit, basis.holder, [wish], submission)
        (issue,) = made.issues.all()
        if stop >= 1:
            self._pay(clerk, issue)
        if stop >= 2:
            issue.refresh_from_db()
            assign_chip(issue, self._chip())
            sign_for_card(clerk, issue.pk, basis.holder, SignatureKind.PAPER, None)

    def _case(self, place: int, state: str) -> None:
        days = len(CASES) - place
        clerk, reviewer = self._actor("clerk", days), self._actor("reviewer", days)
        manager, issue = self._actor("manager", days), next(self._issues)
        holder = issue.holder
        if holder is None:
            return
        if state == "suspended":
            suspend_by_telephone(clerk, issue.pk, "来电核实")
            return
        enter(clerk, open_account(clerk, issue), EntryKind.OPENING, Decimal(10 + place))
        kind = LossKind.DAMAGED if state == "damaged" else LossKind.LOST
        case = report_loss(
            clerk, issue.pk, holder, Report(kind, "遗失" if kind is LossKind.LOST else "卡片折断")
        )
        if state in {"reported", "damaged"}:
            return
        say_balance(clerk, case.pk, agreed=True)
        review(reviewer, case.pk)
        if state == "found":
            card_found(clerk, case.pk, holder)
        if state in {"reviewed", "found"}:
            return
        replacement = approve(manager, case.pk).replacement
        if state == "approved" or replacement is None:
            return
        self._pay(clerk, replacement)
        authorise_replacement(clerk, case.pk, self._chip())
        tell_holder(clerk, case.pk, "telephone", "已通知")
        if state == "closed":
            sign_for_replacement(clerk, case.pk, holder, SignatureKind.SCREEN, None)

    def _pay(self, clerk: Actor, issue: Issue) -> None:
        self._receipts += 1
        pay_fee(clerk, issue.pk, fee_due(issue), PaymentMethod.WECHAT, f"D{self._receipts:06d}")

    def _chip(self) -> Credential:
        self._chips += 1
        return Credential(Technology.ISO14443A, b"\x08" + self._chips.to_bytes(3, "big"))

    def _actor(self, name: str, days_ago: int) -> Actor:
        return as_actor(User.objects.get(username=name), self._at - timedelta(days=days_ago))

    def _active(self) -> Iterator[Issue]:
        """Cards of owners, far apart from each other."""
        own = Issue.objects.filter(state=IssueState.ACTIVE, kind="resident", relation_id="self")
        ids = list(own.order_by("pk").values_list("pk", flat=True)[: 100 * len(CASES)])
        # Twice as many as are needed: some live where the quota is used up (13.4).
        step = max(1, len(ids) // (2 * (len(CASES) + APPLICATIONS)))
        for pk in ids[::step]:
            yield Issue.objects.select_related("holder", "unit").get(pk=pk)


def has_room(unit: Place) -> bool:
    """Whether one more card is allowed there; former cards may exceed the quota."""
    stands = unit_quota(unit)
    return stands.limit is None or stands.counted < stands.limit
