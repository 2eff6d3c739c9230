"""What a demonstration estate has besides cards: moves, slips, outages, shops, by the clerks' own steps."""

from __future__ import annotations

import secrets
from base64 import b32encode
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from office.casework import merchants, permits
from office.casework.actor import Actor
from office.casework.actor import actor as as_actor
from office.casework.issue_steps import take
from office.casework.issuing import assign_chip
from office.casework.lifts import book_lift
from office.casework.moves import Notice, notice_move, record_settlement
from office.casework.outages import Announcement, announce_outage, complain, note_prepared, tell
from office.casework.people import Particulars, register_person
from office.casework.slips import SlipOrder, confirm_goods, issue_slip
from office.casework.tenancies import MoveIn, register_tenancy
from office.procedures.issue_states import Step
from office.procedures.slips import CODE_BYTES
from office.registry.models import (
    CardKind,
    CaseState,
    Door,
    Issue,
    IssueState,
    LossCase,
    MemberRole,
    Membership,
    MoveOut,
    NoticeIssuer,
    OutageAudience,
    OutageCause,
    OutageKind,
    Place,
    PlaceKind,
    SettlementKind,
    Signature,
    SignatureKind,
    SignFinding,
)
from sync.records import Credential, Technology

GUARDS_CHIP: Final = Credential(Technology.ISO14443A, bytes.fromhex("08FFFFFF"))
_SUBMISSIONS: Final = 0xDE_1000
"""Apart from those of the cards' applications."""


class Registers:
    """Fills each register with what a clerk meets in a week; ``at`` is now."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._zone = ZoneInfo(settings.TIME_ZONE)
        self._submissions = _SUBMISSIONS
        self._owners = self._households()

    @transaction.atomic
    def fill(self) -> None:
        """All of them; an estate with few households gets as far as these go."""
        if len(self._owners) < 4:
            return
        self._guards_card()
        self._tenancies()
        self._slips(self._moves())
        self._outages()
        self._shops()

    def _guards_card(self) -> None:
        """One that opens every door of the estate: without it no slip can be used (15.2)."""
        clerk = self._by("clerk", 30)
        guard = register_person(clerk, Particulars("保安卡持有人", ""))
        card = Issue.objects.create(
            kind=CardKind.GUARD,
            state=IssueState.APPLIED,
            state_since=clerk.at,
            holder=guard,
            unit=Place.objects.get(parent__isnull=True),
            fee=Decimal(0),
        )
        assign_chip(card, GUARDS_CHIP)
        take(clerk, card, Step.PAY)
        Signature.objects.create(
            issue=card, signer=guard, at=clerk.at, kind=SignatureKind.PAPER, witness=clerk.user
        )
        take(clerk, card, Step.SIGN, signer=guard.pk)
        take(clerk, card, Step.ACTIVATE)

    def _tenancies(self) -> None:
        owner, clerk = self._owners[0], self._by("clerk", 300)
        tenant = register_person(clerk, Particulars("租户甲", "10000000001"))
        last = self._day(10)
        told = MoveIn(owner.unit, owner.person, [tenant], self._day(-300), last, owner_present=True)
        register_tenancy(clerk, told, self._submission())

    def _moves(self) -> MoveOut:
        clerk = self._by("clerk", 1)
        notice_move(
            clerk, Notice(self._owners[1].unit, [self._owners[1].person], self._day(12)), self._submission()
        )
        soon = self._owners[2]
        move = notice_move(
            clerk, Notice(soon.unit, [soon.person], self._day(1), "工作调动"), self._submission()
        )
        record_settlement(clerk, move.pk, SettlementKind.WATER, Decimal("36.50"), settled=True)
        record_settlement(clerk, move.pk, SettlementKind.MANAGEMENT, Decimal("180.00"), settled=False)
        start = self._moment(1, 14)
        book_lift(clerk, soon.unit, start, start + timedelta(hours=2), inwards=False)
        return move

    def _slips(self, move: MoveOut) -> None:
        door = Door.objects.filter(exit_for_slips=True).select_related("gate", "serves").first()
        if door is None:
            return
        clerk, now = self._by("clerk", 0), self._at.replace(second=0, microsecond=0)
        requester = move.persons.get()
        order = SlipOrder(
            move.unit,
            requester,
            door,
            "沙发 1 套\n冰箱 1 台\n纸箱 12 个",
            "搬家公司货车",
            now,
            now + timedelta(hours=30),
            identity_checked=True,
            trips=2,
            move=move,
        )
        slip = issue_slip(clerk, order, _code(), self._submission())
        confirm_goods(self._by("guard", 0), slip.pk, good=True, note="")

    def _outages(self) -> None:
        clerk = self._by("clerk", 3)
        building = Place.objects.filter(kind=PlaceKind.BUILDING, parent__isnull=False).order_by("pk").first()
        if building is None:
            return
        start = self._moment(1, 14)
        told = Announcement(
            building,
            OutageKind.WATER,
            OutageCause.PLANNED,
            start,
            start + timedelta(hours=3),
            clerk.at,
            "更换水泵",
        )
        outage = announce_outage(clerk, told)
        tell(clerk, outage.pk, OutageAudience.CUSTOMERS, "短信", "已发送")
        tell(clerk, outage.pk, OutageAudience.BOARD, "1栋公告栏", "已张贴")
        note_prepared(clerk, outage.pk)
        complain(clerk, outage.pk, "询问何时恢复供水", "预计当日 17:00 前恢复")

    def _shops(self) -> None:
        clerk, manager = self._by("clerk", 30), self._by("manager", 30)
        shops = list(Place.objects.filter(kind=PlaceKind.SHOP).order_by("pk")[:3])
        for place, (name, shop) in enumerate(zip(("小超市", "面馆", "洗衣店"), shops, strict=False)):
            keeper = self._owners[place].person
            merchant = merchants.register_merchant(clerk, name, keeper, shop, self._day(-200))
            sign = merchants.apply_for_sign(clerk, merchant.pk, f"{name}门头招牌")
            if place:
                merchants.approve_sign(clerk, sign.pk, "门头", self._day(40 if place > 1 else -2))
            if place > 1:
                merchants.report_sign(self._by("guard", 1), sign.pk, SignFinding.RUSTED)
        start = self._moment(4, 9)
        wish = permits.ActivityWish(
            "义务体检", self._owners[3].person, True, start, start + timedelta(hours=3)
        )
        activity = permits.apply_for_activity(self._by("clerk", 2), wish)
        door = Door.objects.filter(for_vehicles=False).order_by("pk").first()
        if door is not None:
            permits.approve_activity(self._by("clerk", 1), activity.pk, "中心广场", [door])
        banner = permits.apply_for_banner(clerk, "新年快乐", "北门内侧", self._day(-1), self._day(20))
        permits.review_banner(self._by("reviewer", 29), banner.pk)
        permits.approve_banner(manager, banner.pk)
        permits.apply_for_banner(clerk, "社区运动会", "2栋前", self._day(2), self._day(9))
        permits.post_notice(clerk, "垃圾分类通知", NoticeIssuer.GOVERNMENT, "1栋公告栏", self._day(14))

    def _households(self) -> list[Membership]:
        """Owners from the far end of the estate whose household has no open case."""
        busy = LossCase.objects.exclude(state=CaseState.CLOSED).values("issue__unit")
        owners = Membership.objects.filter(
            role=MemberRole.OWNER, until__isnull=True, unit__kind=PlaceKind.UNIT
        )
        found = owners.exclude(unit__in=busy).select_related("unit", "person").order_by("-pk")
        return list(found[:4])

    def _by(self, name: str, days_ago: int) -> Actor:
        return as_actor(User.objects.get(username=name), self._at - timedelta(days=days_ago))

    def _day(self, ahead: int) -> date:
        return self._at.astimezone(self._zone).date() + timedelta(days=ahead)

    def _moment(self, ahead: int, hour: int) -> datetime:
        return datetime.combine(self._day(ahead), time(hour), self._zone)

    def _submission(self) -> UUID:
        self._submissions += 1
        return UUID(int=self._submissions)


def _code() -> str:
    return b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii")
