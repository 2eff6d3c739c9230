"""What people typed about people goes after its days, each kind by its setting, and with the person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db.models import CharField, Field, Model, TextField
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.alarms import About, acknowledge, clear, note_signal
from office.casework.ledger import balance_of
from office.casework.legal_hold import hold_person, release_person
from office.casework.outages import complain
from office.casework.retention import erase_departed
from office.casework.slips import cancel_slip
from office.casework.trail import broken_links
from office.casework.words_typed import purge_words
from office.exchange.giving_out import FOLLOWED, referring
from office.procedures.alarms import Alarm as AlarmWord
from office.procedures.alarms import Signal
from office.procedures.errors import Refused, RuleError
from office.registry.models import (
    Account,
    Alarm,
    ArchivedForm,
    AuditEntry,
    LedgerEntry,
    LossCase,
    Membership,
    Merchant,
    Outage,
    OutageComplaint,
    Person,
    Policy,
    ReleaseSlip,
    Signature,
    StaffRole,
)
from tests.office.casework.moving import new_slip
from tests.support.office_estate import NORTH, NOW, OfficeEstate
from tests.support.office_story import Story

DAY = timedelta(days=1)
MARK = "typed"
NOT_TYPED = {
    ("Issue", "batch"),  # an import's name
    ("IssueStep", "rule"),
    ("Person", "legacy"),  # an import knows by it who was erased, and brings nobody back
    ("Payment", "receipt"),
    ("ReleaseSlip", "code"),
    ("Account", "name"),  # of the estate's own accounts
    ("SignPermit", "wording"),  # of a shop's sign, in public
    ("SignPermit", "position"),
    ("Activity", "position"),
}


def typed_columns(model: type[Model]) -> Iterator[str]:
    """Columns into which somebody types what they like."""
    for one in model._meta.concrete_fields:
        field: Field[object, object] = one
        typed = isinstance(field, (CharField, TextField)) and not field.choices
        if typed and (model.__name__, field.name) not in NOT_TYPED:
            yield field.name


@pytest.fixture
def story(db: None) -> Story:
    """An estate with a row in every table."""
    made = Story()
    made.tell()
    return made


def test_of_an_erased_person_no_word_is_left_in_any_table(story: Story) -> None:
    person = story.estate.applicant
    LossCase.objects.update(objection="no", told_result="yes")
    Merchant.objects.update(keeper=person)
    found = referring(person)
    assert found.keys() >= FOLLOWED
    assert {ReleaseSlip, OutageComplaint, Signature, Merchant} <= found.keys()
    for model, keys in found.items():
        rows = model._default_manager.filter(pk__in=keys)
        for name in typed_columns(model):
            rows.update(**{name: MARK})
    numbers = list(ArchivedForm.objects.values_list("form", "year", "number", "subject"))
    gone(person)
    assert erase_departed(NOW + 366 * DAY) == 1
    left = {
        f"{model.__name__}.{name}"
        for model, keys in found.items()
        for name in typed_columns(model)
        if model._default_manager.filter(**{"pk__in": keys, name: MARK}).exists()
    }
    assert left == set()
    assert not Signature.objects.filter(pk__in=found[Signature], image__isnull=False).exists()
    assert list(ArchivedForm.objects.values_list("form", "year", "number", "subject")) == numbers
    assert not list(broken_links())
    assert person.name not in str(list(AuditEntry.objects.values()))


def gone(person: Person) -> None:
    """As if all that ran of this person had come to its end."""
    Membership.objects.filter(person=person).update(until=NOW.date())
    ReleaseSlip.objects.update(state="over")
    Merchant.objects.update(left_on=NOW.date())
    for issue in [*person.issues.all(), *(one for car in person.vehicles.all() for one in car.issues.all())]:
        type(issue).objects.filter(pk=issue.pk).update(state="withdrawn")
    for account in person.accounts.all():
        cash, clerk = Account.objects.create(name="paid out"), account.credits.all()[0].clerk
        LedgerEntry.objects.create(
            kind="refund", debit=account, credit=cash, amount=balance_of(account), at=NOW, clerk=clerk
        )
    person.moves.update(state="over")
    person.activities.update(state="cleared")
    Person.objects.filter(pk=person.pk).update(departed_on=NOW.date())


def raised(guard: Actor, issue_id: int) -> Alarm:
    """An alarm about a card that was seen to and is done."""
    signal = Signal(AlarmWord.STOPPED_CARD, f"issue:{issue_id}")
    made = note_signal(NOW, signal, About(NOW, NORTH, 10, issue_id))
    assert made is not None
    acknowledge(guard, made.pk, "guard room", "an old man")
    return clear(guard, made.pk, "")


def everything(estate: OfficeEstate, clerk: Actor) -> int:
    """A record of every kind, all of them closed now; the card's id."""
    card = estate.issue_card(clerk)
    raised(estate.staff(StaffRole.GUARD), card.pk)
    cancel_slip(clerk, new_slip(estate, clerk).pk, "changed their mind")
    case = estate.report_lost(clerk, card)
    LossCase.objects.filter(pk=case.pk).update(cause="on the bus", closed_at=NOW, state="closed")
    type(card).objects.filter(pk=card.pk).update(state="replaced")
    Signature.objects.update(image=b"png")
    outage = Outage.objects.create(
        place=estate.estate, utility="water", cause="unplanned", state="over", received_at=NOW, start=NOW
    )
    complain(clerk, outage.pk, "again?", "sorry", estate.applicant)
    return card.pk


def left() -> dict[str, bool]:
    """Whether words of each kind are there still."""
    return {
        "alarms": Alarm.objects.exists(),
        "cases": LossCase.objects.exclude(cause="").exists(),
        "signatures": Signature.objects.filter(image__isnull=False).exists(),
        "slips": ReleaseSlip.objects.exclude(goods="").exists(),
        "complaints": OutageComplaint.objects.exclude(said="").exists(),
    }


@pytest.mark.parametrize(
    ("setting", "kinds"),
    [
        ("alarm_days", {"alarms"}),
        ("case_days", {"cases", "signatures"}),
        ("slip_days", {"slips"}),
        ("complaint_days", {"complaints"}),
    ],
)
def test_each_kind_goes_after_its_own_days_and_its_numbers_stay(
    estate: OfficeEstate, clerk: Actor, setting: str, kinds: set[str]
) -> None:
    everything(estate, clerk)
    most = dict.fromkeys(("alarm_days", "case_days", "slip_days", "complaint_days"), 30_000)
    Policy.objects.create(**(most | {setting: 10}))
    forms, case = ArchivedForm.objects.count(), LossCase.objects.get()
    purge_words(NOW + 9 * DAY)
    assert set(left().values()) == {True}
    assert purge_words(NOW + 11 * DAY) > 0
    assert {kind for kind, there in left().items() if not there} == kinds
    assert purge_words(NOW + 11 * DAY) == 0
    assert (ArchivedForm.objects.count(), LossCase.objects.get()) == (forms, case)
    assert AuditEntry.objects.filter(rule="retention").count() == 1
    assert not list(broken_links())


def test_a_legal_hold_keeps_every_kind_until_it_is_over(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    everything(estate, clerk)
    hold_person(manager, estate.applicant.pk, "court of 2026, 1234")
    purge_words(NOW + 3_000 * DAY)
    assert set(left().values()) == {True}
    release_person(manager, estate.applicant.pk)
    purge_words(NOW + 3_000 * DAY)
    assert set(left().values()) == {False}


def test_only_the_manager_holds_with_a_reason_and_the_trail_has_no_word_of_it(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    for actor, reason, refused in (
        (clerk, "court", Refused.ROLE_MISSING),
        (manager, "  ", Refused.REASON_MISSING),
    ):
        with pytest.raises(RuleError) as told:
            hold_person(actor, estate.applicant.pk, reason)
        assert told.value.refused is refused
    with pytest.raises(RuleError) as told:
        release_person(manager, estate.applicant.pk)
    assert told.value.refused is Refused.STALE
    held = hold_person(manager, estate.applicant.pk, " court of 2026 ")
    assert (held.legal_hold, held.hold_reason) == (True, "court of 2026")
    with pytest.raises(RuleError) as told:
        hold_person(replace(manager, at=NOW + DAY), held.pk, "another")
    assert told.value.refused is Refused.STALE
    assert "court" not in str(list(AuditEntry.objects.values()))


def test_sign_ins_and_ended_sessions_go(estate: OfficeEstate) -> None:
    def attempt(at: datetime) -> None:
        made = AccessAttempt.objects.create(username=str(at), ip_address="10.0.0.1", failures_since_start=1)
        AccessAttempt.objects.filter(pk=made.pk).update(attempt_time=at)

    attempt(NOW - 181 * DAY)
    attempt(NOW - 179 * DAY)
    Session.objects.create(session_key="a", session_data="", expire_date=NOW - DAY)
    Session.objects.create(session_key="b", session_data="", expire_date=NOW + DAY)
    assert purge_words(NOW) == 2
    assert (AccessAttempt.objects.count(), Session.objects.get().pk) == (1, "b")


def test_steps_are_bounded(estate: OfficeEstate, clerk: Actor) -> None:
    for _ in range(3):
        cancel_slip(clerk, new_slip(estate, clerk).pk, "no")
    later = NOW + 400 * DAY
    assert [purge_words(later, at_most=2) for _ in range(3)] == [2, 1, 0]
