"""What a rule's refusal says to a person, in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from office.procedures.errors import Refused, RuleError

WORDS: Final[Mapping[Refused, Promise]] = {
    Refused.NOT_A_RESIDENT: _("Only a resident of the unit may apply. Register the membership first."),
    Refused.NOT_IN_PERSON: _("The holder must come in person."),
    Refused.NO_PERSONS: _("Name at least one person who needs a card."),
    Refused.RELATION_MISSING: _("State each person's relation to the applicant."),
    Refused.QUOTA_EXCEEDED: _(
        "The unit may have at most %(limit)s cards as long as not all holders are direct relatives;"
        " there would be %(cards)s."
    ),
    Refused.FEE_NOT_PAID: _("The fee is not paid yet."),
    Refused.NO_CHIP: _("Hold the new card to the desk reader first: it has no chip yet."),
    Refused.CHIP_IN_USE: _("This chip belongs to another running card. Take another chip."),
    Refused.NO_PARKING_RIGHT: _("The parking right ended on %(until)s. Extend it first."),
    Refused.WRONG_STATE: _("This step does not fit the present state. Look at the page again."),
    Refused.ROLE_MISSING: _("You do not have the role that this step needs."),
    Refused.STALE: _("Somebody has changed this record meanwhile. Look at it again, then repeat the step."),
    Refused.NOT_THE_HOLDER: _("Only the original holder may do this, in person."),
    Refused.CASE_OPEN: _("There is an open case for this card already."),
    Refused.BALANCE_NOT_ASKED: _("Record first whether the holder agrees to the balance."),
    Refused.REVIEWER_IS_CLERK: _("The reviewer must be somebody else than the clerk of this case."),
    Refused.MANAGER_IN_CASE: _("The manager must have had no other part in this case."),
    Refused.NOT_APPROVED: _("The office manager has not approved this case yet."),
    Refused.NOT_REVIEWED: _("The desk reviewer has not checked this case yet."),
    Refused.NOT_TOLD: _("Tell the holder first that the card can be collected."),
    Refused.REPLACED_ALREADY: _("The card was replaced already; it stays dead. Collect it."),
    Refused.AMOUNT_WRONG: _("The amount must be %(due)s."),
    Refused.DAY_CLOSED: _("The till of this day is closed. Book it on the next day."),
    Refused.ALREADY_VOID: _("This receipt is void already."),
    Refused.ACCOUNT_FROZEN: _("The account is frozen by an open case."),
}


def words(error: RuleError) -> str:
    """The refusal in words, with its rule."""
    said = str(WORDS[error.refused]) % error.facts
    return gettext("%(words)s (rule %(rule)s)") % {"words": said, "rule": error.rule}
