"""Events, reasons and orders in words, in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.desk.gate_words import value_words
from office.procedures.would_open import Finding
from sync.events import EventKind
from sync.records import Direction, Reason
from sync.statements.order_kinds import OrderKind

KINDS: Final[Mapping[EventKind, Promise]] = {
    EventKind.TAP: _("card read"),
    EventKind.DOOR_OPENED: _("door opened"),
    EventKind.DOOR_CLOSED: _("door closed"),
    EventKind.DOOR_FORCED: _("door forced"),
    EventKind.DOOR_HELD: _("door held open"),
    EventKind.DOOR_HELD_SOON: _("door open for long"),
    EventKind.DOOR_NOT_USED: _("unlocked, nobody passed"),
    EventKind.EXIT_BUTTON: _("exit button"),
    EventKind.REMOTE_OPENED: _("opened from the office"),
    EventKind.FIRE: _("fire"),
    EventKind.FIRE_CLEARED: _("fire over"),
    EventKind.CONTACT_FAULT: _("door contact faulty"),
    EventKind.CONTACT_RESTORED: _("door contact works again"),
    EventKind.DOOR_HELD_ENDED: _("door is closed again"),
    EventKind.DOOR_FORCED_ENDED: _("forced door is closed"),
    EventKind.BARRIER_BLOCKED: _("barrier blocked"),
    EventKind.FIRE_RESET: _("fire release reset"),
    EventKind.WRONG_TRIES: _("several wrong tries"),
    EventKind.REVOKED_CARD_TAPPED: _("a stopped card was held to a reader"),
    EventKind.DURESS: _("opened under duress"),
    EventKind.SLIP_BOOKED: _("release slip booked by a guard"),
    EventKind.COMPANION_REFUSED: _("a guard refused"),
    EventKind.PASSBACK_BREACH: _("entered twice without leaving"),
    EventKind.MODE_CHANGED: _("door mode changed"),
    EventKind.LIST_CHANGED: _("list changed"),
    EventKind.LIST_FAULT: _("list damaged"),
    EventKind.READER_DOWN: _("reader away"),
    EventKind.READER_UP: _("reader back"),
    EventKind.INPUT_CHANGED: _("input changed"),
    EventKind.GPIO_DOWN: _("lines not readable"),
    EventKind.GPIO_UP: _("lines readable again"),
    EventKind.STARTED: _("gate started"),
    EventKind.STOPPED: _("gate stopped"),
    EventKind.CLOCK_CHANGED: _("clock changed"),
    EventKind.EVENTS_LOST: _("records lost at the gate"),
    EventKind.LOG_SET_ASIDE: _("damaged log set aside"),
    EventKind.PASSBACK_FORGIVEN: _("entries forgiven"),
    EventKind.ACCESS_STATE_LOST: _("uses of slips lost"),
    EventKind.LIST_OLD: _("list not confirmed for a day"),
    EventKind.MAINTENANCE_BEGUN: _("maintenance begun"),
    EventKind.MAINTENANCE_ENDED: _("maintenance ended"),
}

REASONS: Final[Mapping[Reason, Promise]] = {
    Reason.GRANTED: _("opened"),
    Reason.GRANTED_FREE: _("opened, free access"),
    Reason.UNKNOWN_CREDENTIAL: _("unknown card"),
    Reason.NOT_YET_VALID: _("not valid yet"),
    Reason.EXPIRED: _("expired"),
    Reason.OUTSIDE_HOURS: _("outside its hours"),
    Reason.HOLIDAY: _("holiday"),
    Reason.LOST: _("reported lost"),
    Reason.DAMAGED: _("reported damaged"),
    Reason.SUSPENDED: _("suspended"),
    Reason.WITHDRAWN: _("withdrawn"),
    Reason.MOVED_OUT: _("moved out"),
    Reason.SUPERSEDED: _("replaced"),
    Reason.WRONG_DOOR: _("not for this door"),
    Reason.NO_USES_LEFT: _("used up"),
    Reason.NEEDS_SECOND_CREDENTIAL: _("waits for a second card"),
    Reason.NEEDS_PIN: _("waits for the PIN"),
    Reason.WRONG_PIN: _("wrong PIN"),
    Reason.PIN_BLOCKED: _("PIN entry blocked"),
    Reason.PASSBACK: _("entered already"),
    Reason.INTERLOCK: _("another door is open"),
    Reason.LOCKED_DOWN: _("lockdown"),
    Reason.LIST_TOO_OLD: _("list too old"),
    Reason.CLOCK_UNKNOWN: _("clock unknown"),
    Reason.COMPANION_REFUSED: _("a guard refused"),
    Reason.FAULT: _("fault"),
}

DIRECTIONS: Final[Mapping[Direction, Promise]] = {
    Direction.IN: _("in"),
    Direction.OUT: _("out"),
    Direction.BOTH: _("in or out"),
}

ORDERS: Final[Mapping[OrderKind, Promise]] = {
    OrderKind.OPEN: _("Open once"),
    OrderKind.MODE: _("Door mode"),
    OrderKind.BLINK: _("Show where it is"),
    OrderKind.RESTART_READER: _("Restart a reader"),
    OrderKind.FIRE_RESET: _("Reset a fire release"),
    OrderKind.FORGIVE: _("Forgive entries"),
    OrderKind.MAINTENANCE: _("Maintenance mode"),
}

ORDER_REASONS: Final[Mapping[str, Promise]] = {
    "visitor": _("visitor"),
    "delivery": _("delivery"),
    "card_not_read": _("card not read"),
    "emergency": _("emergency"),
    "works": _("works"),
    "drill": _("drill"),
    "other": _("other reason"),
}

DETAILS: Final[Mapping[str, Promise]] = {
    "active": pgettext_lazy("event", "active"),
    "age_s": pgettext_lazy("event", "age in seconds"),
    "by": pgettext_lazy("event", "by"),
    "cause": pgettext_lazy("event", "cause"),
    "count": pgettext_lazy("event", "number"),
    "floor": pgettext_lazy("event", "not before (UTC second)"),
    "gate": pgettext_lazy("event", "gate"),
    "input": pgettext_lazy("event", "input"),
    "kind": pgettext_lazy("event", "kind"),
    "mode": pgettext_lazy("event", "mode"),
    "not_believed": pgettext_lazy("event", "not believed (UTC second)"),
    "operator": pgettext_lazy("event", "ordered by"),
    "ordered": pgettext_lazy("event", "ordered"),
    "reason": pgettext_lazy("event", "reason"),
    "seconds": pgettext_lazy("event", "seconds"),
    "slip": pgettext_lazy("event", "release slip"),
    "state": pgettext_lazy("event", "state"),
    "stepped_s": pgettext_lazy("event", "stepped by seconds"),
    "version": pgettext_lazy("event", "version"),
    "why": pgettext_lazy("event", "reason"),
}
"""Names of what gates add to an event."""

FINDINGS: Final[Mapping[Finding, Promise]] = {
    Finding.NO_RECORD: _("The gate is not to know this card."),
    Finding.ENDED: _("The card's right has ended:"),
    Finding.OTHER_DOOR: _("It opens other doors, not this one in this direction."),
    Finding.NOT_YET: _("It is not valid yet then."),
    Finding.EXPIRED: _("It has expired by then."),
    Finding.OPENS: _("It opens this door."),
    Finding.HOURS: _("It opens in the hours of a schedule."),
    Finding.PIN: _("It opens with its PIN."),
    Finding.COMPANION: _("It opens with a second person's card."),
    Finding.USES: _("It opens a limited number of times; the gate has counted."),
    Finding.DOOR_MODES: _("The door stands open to all or locked for all at some hours."),
    Finding.PASSBACK: _("It opens unless it has entered already without leaving."),
    Finding.UNKNOWN_DOOR: _("The gate's list does not have this door."),
}


def detail_words(detail: Mapping[str, object]) -> str:
    """What the gate added, in words as far as there are any."""
    told = []
    for name, value in detail.items():
        word = ORDER_REASONS.get(str(value)) if name == "reason" else None
        told.append(f"{DETAILS.get(name, name)}: {word or value_words(str(value))}")
    return " · ".join(told)


def kind_word(kind: int | None) -> Promise:
    """What happened; of what nobody can read, that."""
    return _("unreadable") if kind is None else KINDS[EventKind(kind)]


def reason_word(reason: int | None) -> Promise | str:
    """Why, if there is a reason."""
    return "" if reason is None else REASONS[Reason(reason)]


def direction_word(direction: int | None) -> Promise | str:
    """Which way, if it is known."""
    return "" if direction is None else DIRECTIONS[Direction(direction)]
