"""A day of a small estate that leaves a row in every table of the office; Django must be set up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.backends.db import SessionStore
from msgspec.structs import replace

from office.casework import (
    incidents,
    issuing,
    ledger,
    lifts,
    loss,
    merchants,
    moves,
    outages,
    permits,
    replacement,
    slips,
    staffing,
    temporary,
    tenancies,
    vehicles,
    withdrawal,
)
from office.casework.actor import Actor
from office.casework.alarms import About, acknowledge, note_signal
from office.casework.archive import archive
from office.casework.events import project_events
from office.casework.governing import change_policy
from office.casework.payments import close_day
from office.procedures.alarms import Alarm as AlarmWord
from office.procedures.alarms import Signal
from office.registry import models
from sync.events import EventKind
from sync.records import Credential, Direction, Reason, Technology
from tests.support.gate_events import BOOT, EPOCH, GateLog, event
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Role = models.StaffRole


class Story:
    """Each part is a few steps of one procedure, by the people whose steps they are."""

    def __init__(self) -> None:
        self.estate = OfficeEstate()
        everybody = [Role.CLERK, Role.REVIEWER, Role.MANAGER, Role.GUARD, Role.ADMINISTRATOR]
        self.clerk, self.reviewer, self.manager, self.guard, self.chief = map(self.estate.staff, everybody)
        self.card = self.estate.issue_card(self.clerk)

    def tell(self) -> None:
        """All of it."""
        self.settings()
        self.cards()
        self.losses()
        self.moving()
        self.outages()
        self.shops()
        self.gates()
        self.accounts()

    def settings(self) -> None:
        """What the estate decides, and who decides it."""
        change_policy(self.manager, {"card_fee": Decimal("20.00"), "temporary_days": 14})
        deputy = self.estate.staff(Role.CLERK).user
        staffing.add_deputy(self.chief, deputy.pk, Role.REVIEWER, date(2026, 11, 26), date(2026, 12, 3))
        models.Schedule.objects.create(
            schedule_id=1, name="opening hours", rows={"windows": ["daily 08:00-22:00"]}
        )
        models.Holiday.objects.create(day=date(2027, 10, 1), type=1)
        models.EstateRules.objects.create(policies=[], pin_salt="00" * 16)
        models.ImportBatch.objects.create(
            name="former system", began_at=NOW - 300 * DAY, user=self.chief.user,
            files={"cards.csv": "ab" * 32}, counts={"cards": 1}, finished_at=NOW - 300 * DAY + HOUR,
        )  # fmt: skip

    def cards(self) -> None:
        """A household, a vehicle, an exception, a card taken over, stored value."""
        self.estate.issue_card(self.clerk, "spouse")
        plate = vehicles.register_vehicle(
            self.clerk, "粤B00001", self.estate.unit, self.estate.applicant, date(2027, 6, 1)
        )
        (of_vehicle,) = issuing.apply_for_vehicle_card(
            self.clerk, plate, self.estate.applicant, uuid4()
        ).issues.all()
        self.estate.pay(self.clerk, of_vehicle)
        self.estate.sign(self.clerk, of_vehicle)
        withdrawal.set_exception(
            self.clerk, self.card.pk, models.Door.objects.get(pk=20),
            allows=True, reason="helps next door", until=NOW + 30 * DAY,
        )  # fmt: skip
        chip = models.Chip.objects.create(technology=Technology.EM4100, number="0102030405", printed="No.5")
        models.Issue.objects.create(
            kind="resident", state="active", state_since=NOW - 300 * DAY, chip=chip, origin="legacy",
            holder=self.estate.add_person("Former Holder"), unit=self.estate.unit, batch="former system",
        )  # fmt: skip
        account = ledger.open_account(self.clerk, self.card)
        ledger.enter(self.clerk, account, models.EntryKind.OPENING, Decimal("12.34"))

    def losses(self) -> None:
        """One case to its end, another that waits with a temporary card."""
        for ends, card in ((True, self.card), (False, self.estate.issue_card(self.clerk, "child"))):
            assert card.holder is not None
            report = loss.Report(models.LossKind.LOST, "on the bus")
            case = loss.report_loss(self.clerk, card.pk, card.holder, report)
            if not ends:
                self._lend(case, card.holder)
                continue
            loss.say_balance(self.clerk, case.pk, agreed=True)
            loss.review(self.reviewer, case.pk)
            new = replacement.approve(self.manager, case.pk).replacement
            assert new is not None
            self.estate.pay(self.clerk, new)
            replacement.authorise_replacement(self.clerk, case.pk, self.estate.next_chip())
            replacement.tell_holder(self.clerk, case.pk, "telephone", "will come")
            replacement.sign_for_replacement(
                self.clerk, case.pk, self.estate.applicant, models.SignatureKind.SCREEN, b"\x89PNG"
            )
            models.StopReceipt.objects.create(case=case, gate_id=NORTH, refused_since=NOW, exact=True)

    def _lend(self, case: models.LossCase, borrower: models.Person) -> None:
        temporary.lend_temporary_card(
            self.clerk, case.pk, borrower,
            temporary.Lending(
                self.estate.next_chip(), "T1", date(2026, 12, 1), models.PaymentMethod.CASH, "T1",
                models.SignatureKind.PAPER,
            ),
        )  # fmt: skip

    def moving(self) -> None:
        """A tenant moves in by lift; the household moves away, with a slip that the guard saw."""
        unit = self.estate.add_unit("102", "130.00")
        owner = self.estate.add_person("Owner of 102", unit)
        tenant = models.Person.objects.create(name="Tenant of 102", recorded_at=NOW)
        told = tenancies.MoveIn(
            unit, owner, [tenant], date(2026, 11, 26), date(2027, 11, 26), owner_present=True
        )
        made = tenancies.register_tenancy(self.clerk, told, uuid4())
        archive(self.clerk, models.Form.MOVE_IN, f"tenancy:{made.pk}", "15.1")
        lifts.book_lift(self.clerk, unit, NOW, NOW + HOUR, inwards=True)
        notice = moves.Notice(self.estate.unit, [self.estate.applicant], date(2026, 12, 1))
        move = moves.notice_move(self.clerk, notice, uuid4())
        moves.record_settlement(
            self.clerk, move.pk, models.SettlementKind.WATER, Decimal("81.20"), settled=False
        )
        models.Door.objects.filter(pk__in=[11, 20]).update(exit_for_slips=True)
        order = slips.SlipOrder(
            self.estate.unit, self.estate.applicant, models.Door.objects.get(pk=11), "2 sofas", "粤B00001",
            NOW, NOW + 4 * HOUR, identity_checked=True, move=move,
        )  # fmt: skip
        slip = slips.issue_slip(self.clerk, order, uuid4().hex.upper(), uuid4())
        slips.confirm_goods(self.guard, slip.pk, good=True, note="")
        slips.move_slip(self.clerk, slip.pk, models.Door.objects.get(pk=20))

    def outages(self) -> None:
        """Works that were told of and complained about, and an incident that a guard heard of."""
        told = outages.Announcement(
            self.estate.building, models.OutageKind.WATER, models.OutageCause.PLANNED,
            NOW + 3 * DAY, NOW + 3 * DAY + HOUR, NOW, "valve",
        )  # fmt: skip
        made = outages.announce_outage(self.clerk, told)
        outages.tell(self.clerk, made.pk, models.OutageAudience.BOARD, "lift lobby", "posted")
        outages.complain(self.clerk, made.pk, "again?", "explained", self.estate.applicant)
        incidents.report_incident(self.clerk, self.estate.estate, models.OutageKind.POWER)

    def shops(self) -> None:
        """A shop with its card, sign and inspection; an activity with a pass; a banner; a notice."""
        shop = self.estate.add_unit("S1", "40.00", models.UnitUse.COMMERCIAL)
        keeper = models.Person.objects.create(name="Noodle Cook", recorded_at=NOW)
        merchant = merchants.register_merchant(self.clerk, "Noodles", keeper, shop, date(2026, 1, 1))
        merchants.apply_for_merchant_card(self.clerk, merchant.pk, keeper)
        merchants.inspect_shop(self.guard, merchant.pk, good=True)
        sign = merchants.apply_for_sign(self.clerk, merchant.pk, "Noodles")
        merchants.approve_sign(self.clerk, sign.pk, "above the door", date(2027, 11, 26))
        merchants.report_sign(self.guard, sign.pk, models.SignFinding.CROOKED)
        wish = permits.ActivityWish("blood donation", keeper, True, NOW + DAY, NOW + DAY + 4 * HOUR)
        activity = permits.apply_for_activity(self.clerk, wish)
        permits.approve_activity(self.clerk, activity.pk, "square", [models.Door.objects.get(pk=10)])
        permits.give_pass(
            self.clerk, activity.pk, keeper, self.estate.next_chip(), models.SignatureKind.PAPER
        )
        banner = permits.apply_for_banner(
            self.clerk, "New flats", "fence", date(2026, 12, 1), date(2026, 12, 8)
        )
        permits.review_banner(self.reviewer, banner.pk)
        permits.approve_banner(self.manager, banner.pk)
        permits.post_notice(
            self.clerk, "Census", models.NoticeIssuer.GOVERNMENT, "north gate", date(2026, 12, 8)
        )

    def gates(self) -> None:
        """Events of both gates, an alarm, what the watcher notes down."""
        at = int(NOW.timestamp())
        dead = Credential(
            Technology.ISO14443A, bytes.fromhex(self.card.chip.number if self.card.chip else "00")
        )
        GateLog(NORTH).send(at, event(
            EventKind.TAP, at, door=10, reader=1, direction=Direction.IN, credential=dead,
            issue_id=self.card.pk, reason=Reason.LOST,
        ))  # fmt: skip
        GateLog(SOUTH).send(at, event(EventKind.DOOR_OPENED, at, door=20))
        project_events(NOW, ())
        signal = Signal(AlarmWord.STOPPED_CARD, f"issue:{self.card.pk}")
        alarm = note_signal(NOW, signal, About(NOW, NORTH, 10, self.card.pk))
        assert alarm is not None
        acknowledge(self.guard, alarm.pk, "guard room", "nobody there")
        models.HubAlarmCount.objects.create(gate_id=NORTH, name="silent", count=2)
        models.EventBoot.objects.get_or_create(gate_id=NORTH, boot=BOOT)
        models.WatchMark.objects.create(name="rounds", at=NOW, number=3)
        assert models.EventLog.objects.filter(epoch=EPOCH).count() == 2

    def accounts(self) -> None:
        """The till is counted; somebody is signed in, somebody typed a wrong password."""
        evening: Actor = replace(self.clerk, at=NOW + 9 * HOUR)
        close_day(evening, date(2026, 11, 26), Decimal("130.00"), "counted twice")
        session = SessionStore()
        session["_auth_user_id"] = str(self.clerk.user.pk)
        session.save()
        group = Group.objects.create(name="desk")
        permission = Permission.objects.order_by("pk")[0]
        group.permissions.add(permission)
        user: User = self.clerk.user
        user.groups.add(group)
        user.user_permissions.add(permission)
