"""What a rule's refusal says to a person, in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from office.desk.shop_forms import LEAVING_WORDS
from office.errors import OfficeError, Trouble
from office.procedures.errors import Refused, RuleError
from office.registry.models import GateSite


class DeskError(OfficeError):
    """What a page itself refuses; its text is in the language of the page."""


REFUSALS: Final = (RuleError, OfficeError, ObjectDoesNotExist, IntegrityError)
"""Of a step that is not taken: told on the page, and nothing has changed."""
WORDS: Final[Mapping[Refused, Promise]] = {
    Refused.NOT_A_RESIDENT: _(
        "Only residents of the unit apply for its cards and get them."
        " Register the membership first, or cancel the application."
    ),
    Refused.NO_PERSONS: _("Name at least one person who needs a card."),
    Refused.HOLDER_NOT_OF_THE_UNIT: _(
        "Chosen person %(line)s does not belong to this unit today. Register the membership first."
    ),
    Refused.NAMED_TWICE: _("Chosen person %(line)s is named twice. Choose each person once."),
    Refused.RELATION_MISSING: _("Chosen person %(line)s: state the relation to the applicant."),
    Refused.NOT_THE_APPLICANT: _(
        "Chosen person %(line)s is not the applicant: state how they are related to the applicant."
    ),
    Refused.IS_THE_APPLICANT: _("Chosen person %(line)s is the applicant: choose that relation."),
    Refused.QUOTA_EXCEEDED: _(
        "The unit may have at most %(limit)s cards as long as not all holders are direct relatives;"
        " there would be %(cards)s."
    ),
    Refused.FEE_NOT_PAID: _("The fee is not paid yet."),
    Refused.NO_CHIP: _("Hold the new card to the desk reader first: it has no chip yet."),
    Refused.CHIP_IN_USE: _("This chip belongs to another running card. Take another chip."),
    Refused.CARD_ENDED: _("The card's time was over on %(until)s: it is not handed out any more."),
    Refused.NO_PARKING_RIGHT: _("The parking right ended on %(until)s. Extend it first."),
    Refused.WRONG_STATE: _("This step does not fit the present state. Look at the page again."),
    Refused.ROLE_MISSING: _("You do not have the role that this step needs."),
    Refused.STALE: _("Somebody has changed this record meanwhile. Look at it again, then repeat the step."),
    Refused.CLOCK_SET_BACK: _(
        "This computer's clock says %(now)s, but it was %(seen)s before: nothing is written down as long as"
        " it is wrong. Set it right; if it is right now, an administrator or the manager confirms it (More →"
        " Clock). Reporting a card lost and stopping it work all the same."
    ),
    Refused.NOT_THE_HOLDER: _("Only the original holder may do this, in person."),
    Refused.CASE_OPEN: _("There is an open case for this card already."),
    Refused.BALANCE_NOT_ASKED: _("Record first whether the holder agrees to the balance."),
    Refused.REVIEWER_IS_CLERK: _("The reviewer must be somebody else than the clerks of this case."),
    Refused.CLERK_IS_REVIEWER: _("You have reviewed this case: its other steps are another clerk's."),
    Refused.MANAGER_IN_CASE: _("The manager must have had no other part in this case."),
    Refused.NOT_APPROVED: _("The office manager has not approved this case yet."),
    Refused.NOT_REVIEWED: _("The desk reviewer has not checked this case yet."),
    Refused.NOT_TOLD: _("Tell the holder first that the card can be collected."),
    Refused.REPLACED_ALREADY: _("The card was replaced already; it stays dead. Collect it."),
    Refused.IS_REPLACEMENT: _(
        "This card replaces another one: it gets its chip and is signed for on the page of the case."
    ),
    Refused.CARD_STOPPED: _("This card is stopped: an account is opened on a card that opens doors."),
    Refused.AMOUNT_WRONG: _("The amount must be %(due)s."),
    Refused.DAY_CLOSED: _("The till of this day is closed. Book it on the next day."),
    Refused.DAY_TO_COME: _("%(day)s has not come yet: its till cannot be counted."),
    Refused.ALREADY_VOID: _("This receipt is void already."),
    Refused.GIVEN_BACK: _("This money was given back with receipt %(receipt)s. Void that one first."),
    Refused.NOTHING_DUE: _("Nothing is to be paid for this card."),
    Refused.NOTHING_HELD: _("Nothing is held for this card any more."),
    Refused.RECEIPT_USED: _("Receipt number: %(receipt)s is used already. Write down another one."),
    Refused.ACCOUNT_FROZEN: _("The account is frozen by an open case."),
    Refused.NO_STORED_VALUE: _("A card that is lent, or belongs to a plate, holds no stored value."),
    Refused.NOT_THE_FIRST: _(
        "The account has entries already. Use a correction instead of an opening balance."
    ),
    Refused.AMOUNT_NOT_POSITIVE: _("The amount must be more than zero."),
    Refused.NOTE_MISSING: _("Write down why the account is corrected."),
    Refused.RECEIPT_MISSING: _("Write down the receipt number."),
    Refused.MEMBER_ALREADY: _("This person has this role in this unit already."),
    Refused.OWNER_ABSENT: _("A tenant is registered only with the owner of the unit present."),
    Refused.END_MISSING: _("A tenancy has an end. Write down its last day."),
    Refused.DATES_WRONG: _("It would end on %(until)s, not after it begins on %(since)s."),
    Refused.ENDS_ALREADY: _("It ends on %(until)s already."),
    Refused.PLATE_KNOWN: _(
        "This plate is on record already. Find it, and say there that the vehicle is gone, if it is."
    ),
    Refused.REASON_UNFIT: _("This reason does not fit this card. Choose another one."),
    Refused.ENDED_ALREADY: _("The end must be in the future."),
    Refused.NO_OPEN_CASE: _(
        "A temporary card is for the holder of a lost or damaged card whose case is open."
    ),
    Refused.TEMPORARY_OUT: _("The holder has a temporary card already. Take that one back first."),
    Refused.TOO_LONG: _("A temporary card is valid for 1 to %(days)s days."),
    Refused.NOT_REPLACED: _(
        "A temporary card is not replaced. Say on its page that it was lost or broken, and what becomes of"
        " its deposit."
    ),
    Refused.NOT_INSIDE: _("Such a place does not lie in this one."),
    Refused.PLACE_TAKEN: _("There is a place with this name here already. Choose another name."),
    Refused.AREA_MISSING: _("Write down the unit's floor area: its quota follows from it."),
    Refused.USE_MISSING: _("Say what the unit is meant for."),
    Refused.BUSINESS_THERE: _("A merchant is there. Record first that they have left."),
    Refused.NO_ROLES: _("Choose at least one role."),
    Refused.LAST_ADMINISTRATOR: _("Nobody else could give roles then. Name another administrator first."),
    Refused.ROLE_HELD: _("This person has the role already; a deputy is for somebody without it."),
    Refused.NAME_TAKEN: _("This sign-in name is taken. Choose another one."),
    Refused.NOT_THE_OWNER: _(
        "The person named as owner does not own this unit. Register the ownership first."
    ),
    Refused.DAY_IS_OVER: _("%(day)s is over already. Choose today or a later day."),
    Refused.LATE_WITHOUT_REASON: _(
        "This comes later than it should. It is taken in all the same: write down the reason."
    ),
    Refused.NOT_OF_THE_UNIT: _("Somebody named here does not belong to this unit."),
    Refused.MOVES_ALREADY: _(
        "A move of somebody named here is announced already, for %(day)s. Put that one off or call it off."
    ),
    Refused.CONSENT_MISSING: _("The owner's signed consent is missing: a tenant's goods leave only with it."),
    Refused.GOODS_NOT_CHECKED: _("The goods have not been checked yet."),
    Refused.IDENTITY_NOT_CHECKED: _("Look at the identity document of the person first."),
    Refused.NO_GOODS: _("List the goods that leave."),
    Refused.NO_CARRIER: _("Write down the person or the plate that takes the goods away."),
    Refused.NOT_AN_EXIT: _("This door is no exit for release slips. Choose another exit."),
    Refused.TRIPS_WRONG: _("The number of trips must be 1 to %(most)s."),
    Refused.LIFT_IS_BUSY: _(
        "The lift is busy then (%(busy)s). Quiet times on this day: %(offered)s. To book it all the same,"
        " write down the reason."
    ),
    Refused.REASON_MISSING: _("Write down the reason."),
    Refused.END_UNKNOWN: _("Write down until when it is to last."),
    Refused.DEVIATION_WITHOUT_REASON: _(
        "Planned works are reported in writing two days before, at a time of low use, for at most four hours."
        " They are taken in all the same: write down the reason."
    ),
    Refused.NOT_PREPARED: _(
        "Residents and departments are not prepared yet. Only in an emergency it is switched off before."
    ),
    Refused.NOT_FOR_BUSINESS: _("This unit is not meant for business."),
    Refused.NO_POSITION: _("Assign a place."),
    Refused.FEE_TO_GIVE_BACK: _(
        "The fee of card #%(card)s was paid, but the card was not handed out. Cancel it first, or end the"
        " case of the lost card, and give the fee back."
    ),
    Refused.CHECKLIST_OPEN: _("The leaving checklist is not done: %(missing)s."),
    Refused.HAWKING: _("Hawking is not allowed; only activities for the public benefit are permitted."),
    Refused.NO_GATES: _("Name the gates of the activity first."),
}
TROUBLES: Final[Mapping[Trouble, Promise]] = {
    Trouble.AT_NO_GATE: _("It is at no gate now. If it goes to another gate, wait until it is there."),
    Trouble.NOTHING_TO_DECIDE: _("There is nothing to decide: its gate has not lost its count."),
    Trouble.RECEIPT_AWAITED: _(
        "Gate %(gate)s may still open for it: its receipt is awaited. Wait for it; a gate that is lost for"
        " good is struck off first."
    ),
    Trouble.LEFT_WRONG: _("At most %(most)s trips can be left."),
    Trouble.AT_THAT_GATE: _("It is at gate %(gate)s already."),
    Trouble.ENDED_AT_GATE: _("It has ended already."),
    Trouble.GATE_STRUCK_OFF: _("Gate %(gate)s was struck off. Choose another one."),
    Trouble.GATE_WITHOUT_LIST: _("Gate %(gate)s has no list yet. It gets one when its doors are set up."),
    Trouble.DOOR_NOT_THERE: _("Gate %(gate)s has no door with the number %(door)s."),
    Trouble.CHIPS_ALIKE: _(
        "A reader of gate %(gate)s cannot tell this chip from that of card #%(card)s. End that card first, or"
        " take another chip."
    ),
    Trouble.SETTINGS_WRONG: _(
        "The settings of the gates contradict themselves (%(text)s). Correct them first."
    ),
    Trouble.TREE_TOO_DEEP: _("At most %(most)s places may lie within one another. Put it higher."),
    Trouble.NO_HOLDER: _("This card has no holder."),
    Trouble.CHANGED_MEANWHILE: WORDS[Refused.STALE],
    Trouble.NOT_CONNECTED: _("Gate %(gate)s is not connected: an order is for people who wait for it."),
    Trouble.NO_ANSWER: _("Gate %(gate)s did not answer. It may have done it: look at its events."),
    Trouble.GATE_REFUSES: _("Gate %(gate)s refuses. It says: %(text)s"),
    Trouble.ORDER_WRONG: _("The gate could not read this order (%(text)s)."),
    Trouble.HUB_AWAY: _("The hub does not answer, so no gate can be reached. Start it, then repeat."),
    Trouble.NOT_SIGNED: _("This file is not signed. Have the manager sign it, and hand in that one."),
    Trouble.FILE_REFUSED: _("The hub does not take this file. It says: %(text)s"),
    Trouble.NO_FONT: _(
        "No font with Chinese characters is installed on the office's computer: nothing can be printed."
        " The administrator installs the package fonts-noto-cjk."
    ),
}


def words(error: RuleError) -> str:
    """The refusal in words, with its rule."""
    facts = {name: _said(one) for name, one in error.facts.items()}
    said = str(WORDS[error.refused]) % facts
    return gettext("%(words)s (rule %(rule)s)") % {"words": said, "rule": error.rule}


def told(error: Exception) -> str:
    """What any refusal of a step says: a rule's, another clerk's who was faster, or the desk's own."""
    match error:
        case RuleError():
            return words(error)
        case ObjectDoesNotExist():  # somebody has removed it since the page was shown
            return str(WORDS[Refused.STALE])
        case IntegrityError():  # two clerks at one record at once: the database let the first one through
            return gettext("Somebody else was faster. Look at the page again.")
        case OfficeError(trouble=Trouble() as trouble, facts=facts):
            return str(TROUBLES[trouble]) % (facts | _gate(facts))
        case DeskError():
            return str(error)
        case _:
            # Nobody has given it words: what is told to whoever gives a command, and says so.
            return gettext("This cannot be done. The program says: %(text)s") % {"text": error}


def _gate(facts: Mapping[str, object]) -> dict[str, object]:
    """The gate by the name that people know."""
    gate = facts.get("gate")
    site = GateSite.objects.filter(pk=gate).first() if isinstance(gate, int) else None
    return {} if site is None else {"gate": site.name}


def _said(fact: object) -> object:
    match fact:
        case datetime():
            return timezone.localtime(fact).strftime("%Y-%m-%d %H:%M")
        case tuple():
            return ", ".join(str(LEAVING_WORDS.get(one, one)) for one in fact)
        case _:
            return fact
