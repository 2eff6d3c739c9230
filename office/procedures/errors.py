"""How a rule refuses: by its id and a stable code. The words for people belong to the desk's translations."""

from __future__ import annotations

from enum import Enum, unique


@unique
class Refused(Enum):
    """Every way in which a procedure says no; `office.desk.refusals` has the words."""

    # KH-13
    NOT_A_RESIDENT = "not_a_resident"
    """Only a resident of the unit applies (13.3)."""
    NO_PERSONS = "no_persons"
    HOLDER_NOT_OF_THE_UNIT = "holder_not_of_the_unit"
    NAMED_TWICE = "named_twice"
    RELATION_MISSING = "relation_missing"
    NOT_THE_APPLICANT = "not_the_applicant"
    IS_THE_APPLICANT = "is_the_applicant"
    QUOTA_EXCEEDED = "quota_exceeded"
    FEE_NOT_PAID = "fee_not_paid"
    NO_CHIP = "no_chip"
    CHIP_IN_USE = "chip_in_use"
    CARD_ENDED = "card_ended"
    """Before it was handed out."""
    NO_PARKING_RIGHT = "no_parking_right"
    # Any step of a card or a case
    WRONG_STATE = "wrong_state"
    ROLE_MISSING = "role_missing"
    STALE = "stale"
    CLOCK_SET_BACK = "clock_set_back"
    # KH-14
    NOT_THE_HOLDER = "not_the_holder"
    CASE_OPEN = "case_open"
    BALANCE_NOT_ASKED = "balance_not_asked"
    REVIEWER_IS_CLERK = "reviewer_is_clerk"
    CLERK_IS_REVIEWER = "clerk_is_reviewer"
    MANAGER_IN_CASE = "manager_in_case"
    NOT_APPROVED = "not_approved"
    NOT_REVIEWED = "not_reviewed"
    NOT_TOLD = "not_told"
    REPLACED_ALREADY = "replaced_already"
    IS_REPLACEMENT = "is_replacement"
    CARD_STOPPED = "card_stopped"
    # Money
    AMOUNT_WRONG = "amount_wrong"
    DAY_CLOSED = "day_closed"
    DAY_TO_COME = "day_to_come"
    ALREADY_VOID = "already_void"
    GIVEN_BACK = "given_back"
    NOTHING_DUE = "nothing_due"
    NOTHING_HELD = "nothing_held"
    RECEIPT_USED = "receipt_used"
    ACCOUNT_FROZEN = "account_frozen"
    NO_STORED_VALUE = "no_stored_value"
    NOT_THE_FIRST = "not_the_first"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    NOTE_MISSING = "note_missing"
    RECEIPT_MISSING = "receipt_missing"
    # The register
    MEMBER_ALREADY = "member_already"
    OWNER_ABSENT = "owner_absent"
    END_MISSING = "end_missing"
    DATES_WRONG = "dates_wrong"
    ENDS_ALREADY = "ends_already"
    PLATE_KNOWN = "plate_known"
    REASON_UNFIT = "reason_unfit"
    ENDED_ALREADY = "ended_already"
    NO_OPEN_CASE = "no_open_case"
    TEMPORARY_OUT = "temporary_out"
    TOO_LONG = "too_long"
    NOT_REPLACED = "not_replaced"
    NOT_INSIDE = "not_inside"
    PLACE_TAKEN = "place_taken"
    AREA_MISSING = "area_missing"
    USE_MISSING = "use_missing"
    BUSINESS_THERE = "business_there"
    # Staff
    NO_ROLES = "no_roles"
    LAST_ADMINISTRATOR = "last_administrator"
    ROLE_HELD = "role_held"
    NAME_TAKEN = "name_taken"
    # KH-15
    NOT_THE_OWNER = "not_the_owner"
    DAY_IS_OVER = "day_is_over"
    LATE_WITHOUT_REASON = "late_without_reason"
    NOT_OF_THE_UNIT = "not_of_the_unit"
    MOVES_ALREADY = "moves_already"
    CONSENT_MISSING = "consent_missing"
    GOODS_NOT_CHECKED = "goods_not_checked"
    IDENTITY_NOT_CHECKED = "identity_not_checked"
    NO_GOODS = "no_goods"
    NO_CARRIER = "no_carrier"
    NOT_AN_EXIT = "not_an_exit"
    TRIPS_WRONG = "trips_wrong"
    LIFT_IS_BUSY = "lift_is_busy"
    REASON_MISSING = "reason_missing"
    # Outages
    END_UNKNOWN = "end_unknown"
    DEVIATION_WITHOUT_REASON = "deviation_without_reason"
    NOT_PREPARED = "not_prepared"
    # Shops
    NOT_FOR_BUSINESS = "not_for_business"
    NO_POSITION = "no_position"
    FEE_TO_GIVE_BACK = "fee_to_give_back"
    CHECKLIST_OPEN = "checklist_open"
    HAWKING = "hawking"
    NO_GATES = "no_gates"


class RuleError(Exception):
    """A procedure refuses a step; nothing has changed."""

    def __init__(self, rule: str, refused: Refused, **facts: object) -> None:
        super().__init__(f"rule {rule}: {refused.value} {facts or ''}".rstrip())
        self.rule = rule
        """Rule id, such as 13.4.2.1."""
        self.refused = refused
        self.facts = facts
        """What the words may name: numbers, dates, field. Never a person's data."""
