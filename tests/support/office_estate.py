"""A small estate in the registry: two buildings, two gates in the hub's register, a household, the staff."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

from django.contrib.auth.models import User

from office.casework.actor import Actor
from office.casework.actor import actor as as_actor
from office.casework.issuing import CardWish, apply_for_cards, assign_chip, sign_for_card
from office.casework.loss import Report, report_loss
from office.casework.payments import fee_due, pay_fee
from office.casework.places import add_place
from office.hub.facts import Gate, LinkKind
from office.lists.store import hub_store
from office.lists.wanted import publish_settings
from office.registry.models import (
    Assignment,
    Door,
    GateSite,
    Issue,
    LossCase,
    LossKind,
    MemberRole,
    Membership,
    PaymentMethod,
    Person,
    Place,
    PlaceKind,
    SignatureKind,
    StaffRole,
    UnitUse,
)
from sync.records import Credential, Technology

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
"""14:00 of a Thursday in the estate's time zone."""
NORTH, SOUTH = 1, 2


class OfficeEstate:
    """What tests of the desk start from; every step is taken by the code under test."""

    def __init__(self) -> None:
        self.estate = add_place(None, PlaceKind.ESTATE, "Garden")
        self.building = add_place(self.estate, PlaceKind.BUILDING, "1栋")
        self.entrance = add_place(self.building, PlaceKind.ENTRANCE, "1单元")
        self.unit = self.add_unit("101", "129.99")
        self.gates()
        self.applicant = self.add_person("陈一")
        self._given = 0

    def gates(self) -> None:
        """The north gate serves the whole estate on foot and by car, the south one the entrance."""
        store = hub_store()
        for gate_id, name in ((NORTH, "north"), (SOUTH, "south")):
            store.gates.add(Gate(gate_id, name, bytes([gate_id]) * 32, LinkKind.NETWORK, None, 0))
            site = GateSite.objects.create(gate_id=gate_id, name=name, place=self.estate)
            serves = self.estate if gate_id == NORTH else self.entrance
            Door.objects.create(door_id=10 * gate_id, gate=site, name=f"{name} door", serves=serves)
        Door.objects.create(door_id=11, gate_id=NORTH, name="barrier", serves=self.estate, for_vehicles=True)
        publish_settings(GateSite.objects.all(), NOW)

    def add_unit(self, name: str, area: str, use: UnitUse = UnitUse.RESIDENTIAL) -> Place:
        """A unit of the entrance."""
        return add_place(self.entrance, PlaceKind.UNIT, name, floor_area_m2=Decimal(area), use=use)

    def add_person(self, name: str, unit: Place | None = None, role: MemberRole = MemberRole.OWNER) -> Person:
        """A person who belongs to a unit."""
        person = Person.objects.create(name=name, recorded_at=NOW)
        Membership.objects.create(person=person, unit=unit or self.unit, role=role, since=date(2020, 1, 1))
        return person

    def staff(self, *roles: StaffRole, at: datetime = NOW) -> Actor:
        """A member of staff in these roles."""
        user = User.objects.create_user(f"{'-'.join(roles)}-{uuid4().hex[:6]}")
        for role in roles:
            Assignment.objects.create(user=user, role=role)
        return as_actor(user, at)

    def next_chip(self) -> Credential:
        """A chip that nobody has."""
        self._given += 1
        return Credential(Technology.ISO14443A, (0x04A0_0000 + self._given).to_bytes(4, "big"))

    def apply(self, clerk: Actor, *relations: str, unit: Place | None = None) -> list[Issue]:
        """Apply for a card for each relation (``self``: the applicant)."""
        wishes = [CardWish(self._holder(relation, unit), relation) for relation in relations]
        application = apply_for_cards(clerk, unit or self.unit, self.applicant, wishes, uuid4())
        return list(application.issues.order_by("pk"))

    def pay(self, clerk: Actor, issue: Issue) -> None:
        """Pay what is due."""
        pay_fee(clerk, issue.pk, fee_due(issue), PaymentMethod.CASH, f"R{issue.pk}-{uuid4().hex[:6]}")

    def issue_card(self, clerk: Actor, relation: str = "self", chip: Credential | None = None) -> Issue:
        """An active card, by every step of KH-13."""
        (issue,) = self.apply(clerk, relation)
        self.pay(clerk, issue)
        issue.refresh_from_db()
        assign_chip(issue, chip or self.next_chip())
        return sign_for_card(clerk, issue.pk, self.applicant, SignatureKind.PAPER, None)

    def sign(self, clerk: Actor, issue: Issue) -> Issue:
        """Chip and signature of a card that is paid."""
        issue.refresh_from_db()
        assign_chip(issue, self.next_chip())
        return sign_for_card(clerk, issue.pk, self.applicant, SignatureKind.PAPER, None)

    def report_lost(self, clerk: Actor, issue: Issue) -> LossCase:
        """The holder reports in person."""
        return report_loss(clerk, issue.pk, self.applicant, Report(LossKind.LOST))

    def _holder(self, relation: str, unit: Place | None) -> int:
        return self.applicant.pk if relation == "self" else self.add_person(f"{relation} of 陈一", unit).pk
