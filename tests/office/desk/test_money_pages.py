"""Fee, refund, till and stored value through the pages."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.test import Client

from office.casework.governing import change_policy
from office.casework.ledger import account_of, balance_of, enter_at_desk
from office.casework.withdrawal import cancel_application, withdraw_card
from office.procedures.stored_value import DeskEntry
from office.procedures.withdrawal import Reason
from office.registry.models import IssueState, Payment, PaymentMethod, StaffRole
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def shown(client: Client, address: str) -> str:
    return str(client.get(address).content.decode())


def test_13_5_a_used_receipt_number_is_named(estate: OfficeEstate, browser: Browser) -> None:
    first, second = estate.apply(estate.staff(StaffRole.CLERK), "self", "spouse")
    clerk = browser(StaffRole.CLERK)
    typed = {"amount": "20", "method": "cash", "receipt": "A1"}
    clerk.post(f"/cards/{first.pk}/pay/", typed)
    said = clerk.post(f"/cards/{second.pk}/pay/", typed, follow=True).content.decode()
    assert "Receipt number: A1 is used already" in said
    assert Payment.objects.get().issue == first
    clerk.post(f"/cards/{second.pk}/pay/", typed | {"receipt": "A2"})
    second.refresh_from_db()
    answer = clerk.post(f"/cards/{second.pk}/cancel/", typed | {"version": str(second.version)})
    assert "Receipt number: A1 is used already" in answer.content.decode()


def test_13_5_what_is_held_for_a_cancelled_card_is_given_back_on_its_page(
    estate: OfficeEstate, browser: Browser
) -> None:
    staff = estate.staff(StaffRole.CLERK)
    (card,) = estate.apply(staff, "self")
    estate.pay(staff, card)
    card = cancel_application(staff, card.pk, PaymentMethod.CASH, "B1")
    clerk, page = browser(StaffRole.CLERK), f"/cards/{card.pk}/"
    assert page + "give-back/" not in shown(clerk, page)
    Payment.objects.filter(receipt="B1").update(voided_at=staff.at)
    assert page + "give-back/" in shown(clerk, page)
    assert "Book the payment" not in shown(clerk, page)
    clerk.post(page + "give-back/", {"method": "wechat", "receipt": "B2", "version": str(card.version)})
    assert Payment.objects.get(receipt="B2").amount == Decimal(20)
    assert page + "give-back/" not in shown(clerk, page)


def test_13_5_a_free_card_waits_for_no_payment(estate: OfficeEstate, browser: Browser) -> None:
    (card,) = estate.apply(estate.staff(StaffRole.CLERK), "self")
    clerk, page = browser(StaffRole.CLERK), f"/cards/{card.pk}/"
    assert "Book the payment" in shown(clerk, page)
    change_policy(estate.staff(StaffRole.MANAGER), {"card_fee": Decimal(0)})
    assert "Book the payment" not in shown(clerk, page)
    clerk.post(page + "chip/", {"number": "04AA0001", "technology": "1"})
    clerk.post(page + "sign/", {"kind": "paper"})
    card.refresh_from_db()
    assert card.state == IssueState.ACTIVE


def test_14_2_the_account_of_a_card_that_has_ended_is_reached_and_paid_out(
    estate: OfficeEstate, browser: Browser
) -> None:
    staff = estate.staff(StaffRole.CLERK)
    card = estate.issue_card(staff)
    enter_at_desk(staff, card.pk, DeskEntry.OPENING, Decimal(30))
    withdraw_card(staff, card.pk, Reason.HANDED_BACK)
    clerk, page = browser(StaffRole.CLERK), f"/cards/{card.pk}/"
    assert page + "account/" in shown(clerk, page)
    assert page + "withdraw/" not in shown(clerk, page)
    clerk.post(page + "account/", {"kind": "refund", "amount": "30"})
    account = account_of(card)
    assert account is not None
    assert balance_of(account) == 0
